"""Metrics of an episode in the corridor."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from snn_control.envs.corridor.worlds import LENGTH_M

FloatArray = NDArray[np.float64]


def corridor_metrics(
    path_m: FloatArray, clearance_m: FloatArray, fired: NDArray[np.int_], period_s: float
) -> dict[str, float]:
    """Return the metrics of an episode.

    Args:
        path_m: position of the robot at each scan, m, shape (n_ticks + 1, 2).
        clearance_m: smallest clearance so far at each scan, m, shape (n_ticks + 1,); negative in a
            collision.
        fired: rays fired for each scan, shape (n_ticks + 1,).
        period_s: control period, s.

    Returns:
        `success`, 1 if the goal line was reached without a collision, else 0; `collision`, 1 after
        a collision; `progress_m`, position along the corridor, at most its length;
        `travel_s`, time so far; `min_clearance_m`, smallest distance of the robot's rim from an
        obstacle, 0 in a collision; `rays_per_scan`, mean number of fired rays.
    """
    collided = bool(clearance_m[-1] < 0.0)
    progress_m = min(float(path_m[-1, 0]), LENGTH_M)
    return {
        "success": float(progress_m >= LENGTH_M and not collided),
        "collision": float(collided),
        "progress_m": progress_m,
        "travel_s": period_s * (len(path_m) - 1),
        "min_clearance_m": max(float(clearance_m[-1]), 0.0),
        "rays_per_scan": float(fired.mean()),
    }
