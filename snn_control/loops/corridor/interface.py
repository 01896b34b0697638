"""Laser scans and poses of the corridor robot as ranges of its rays and displacements."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from snn_control.loops.corridor.rays import N_RAYS, REACH_M, SPACING_RAD, Motion

__all__ = ["NOT_FIRED_M", "Pose", "displacement", "read_ranges"]

FloatArray = npt.NDArray[np.float64]
Pose = tuple[float, float, float]
"""Position x, y, m, and yaw, rad."""

NOT_FIRED_M = -1.0
"""Range of a ray that was not fired, m."""
TURN_TOLERANCE = 0.05
"""Accepted error of the angles of a scan, fraction of the spacing of the rays."""


def read_ranges(
    ranges: Sequence[float], first_rad: float, spacing_rad: float, nearest_m: float = 0.0
) -> tuple[FloatArray, str]:
    """Return the range of each ray, m, shape (72,), and the fault of a scan, or an empty string.

    Infinity is no return (`REACH_M`), NaN a ray that was not fired (`NOT_FIRED_M`), minus infinity
    or a range below `nearest_m` an obstacle at `nearest_m` (REP-117).

    Args:
        ranges: ranges, m, counter-clockwise.
        first_rad: angle of the first one, rad: any multiple of 5 degrees.
        spacing_rad: angle between two, rad.
        nearest_m: smallest range of the sensor, m.
    """
    unread = np.full(N_RAYS, NOT_FIRED_M)
    if len(ranges) != N_RAYS or not abs(spacing_rad - SPACING_RAD) * N_RAYS < TURN_TOLERANCE:
        return unread, (
            f"scan has {len(ranges)} ranges, {spacing_rad:g} rad apart; expected {N_RAYS}, "
            f"{SPACING_RAD:g} rad apart"
        )
    shift = first_rad / SPACING_RAD
    if not math.isfinite(shift) or abs(shift - round(shift)) > TURN_TOLERANCE:
        return unread, (
            f"scan starts at {first_rad:g} rad; expected a multiple of {SPACING_RAD:g} rad"
        )
    sent = np.asarray(ranges, np.float64)
    fired = ~np.isnan(sent)
    if not fired.any():
        return unread, "scan has no range: all are NaN, which means that no ray was fired"
    range_m = np.full(N_RAYS, NOT_FIRED_M)
    range_m[fired] = np.clip(sent[fired], max(nearest_m, 0.0), REACH_M)
    return np.roll(range_m, round(shift)), ""


def displacement(before: Pose, after: Pose, dt_s: float) -> Motion:
    """Return the motion between two poses in the frame of the first one."""
    dx_m, dy_m, turn_rad = (b - a for a, b in zip(before, after, strict=True))
    cos, sin = math.cos(before[2]), math.sin(before[2])
    turn_rad = math.remainder(turn_rad, 2.0 * math.pi)
    return Motion(cos * dx_m + sin * dy_m, cos * dy_m - sin * dx_m, turn_rad, dt_s)
