"""Metrics of a swimmer episode."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def swim_metrics(speed_m_s: FloatArray, path_m: FloatArray) -> dict[str, float]:
    """Return the metrics of an episode.

    Args:
        speed_m_s: forward speed of the head after each control period, shape (n_ticks,).
        path_m: position of the head before and after each period, shape (n_ticks + 1, 2).

    Returns:
        `mean_speed_m_s`, mean forward speed; `distance_m`, straight distance from start to end;
        `straightness`, that distance over the length of the path, 1 for a straight line.
    """
    length = float(np.linalg.norm(np.diff(path_m, axis=0), axis=1).sum())
    distance = float(np.linalg.norm(path_m[-1] - path_m[0]))
    return {
        "mean_speed_m_s": float(speed_m_s.mean()) if speed_m_s.size else 0.0,
        "distance_m": distance,
        "straightness": distance / length if length > 0.0 else 0.0,
    }
