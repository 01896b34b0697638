"""Rays of the lidar, and displacements of the robot between scans."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

__all__ = ["ANGLES_RAD", "N_RAYS", "REACH_M", "SPACING_RAD", "Estimate", "Gaps", "Motion", "filled"]

FloatArray = npt.NDArray[np.float64]
Gaps = Literal["interpolated", "nearer"]
"""Values between known ranges, see `filled`."""

N_RAYS = 72
SPACING_RAD = 2.0 * math.pi / N_RAYS
ANGLES_RAD: FloatArray = np.arange(N_RAYS, dtype=np.float64) * SPACING_RAD
"""Angle of each ray from straight ahead, counter-clockwise, rad."""
REACH_M = 6.0
"""Largest range, also the range of a ray without a return, m."""


@dataclass(frozen=True)
class Motion:
    """Displacement since the last scan, in the frame of the robot at the last scan."""

    dx_m: float = 0.0
    """Forward, m."""
    dy_m: float = 0.0
    """To the left, m."""
    dyaw_rad: float = 0.0
    """Turn to the left, rad."""
    dt_s: float = 0.0
    """Time since the last scan, s."""

    def moved(self, points_m: FloatArray) -> FloatArray:
        """Return points of the last frame, shape (n, 2), in the frame after the motion, m."""
        cos, sin = math.cos(self.dyaw_rad), math.sin(self.dyaw_rad)
        x_m, y_m = points_m[:, 0] - self.dx_m, points_m[:, 1] - self.dy_m
        return np.stack([cos * x_m + sin * y_m, cos * y_m - sin * x_m], axis=1)


@dataclass(frozen=True)
class Estimate:
    """Estimated ranges in all directions."""

    range_m: FloatArray
    """Range of each ray, m, shape (N_RAYS,), in [0, `REACH_M`]."""
    age_s: FloatArray
    """Age of the newest measurement in each direction, s, shape (N_RAYS,); infinite without one."""


def filled(
    range_m: FloatArray, known: npt.NDArray[np.bool_], gaps: Gaps = "interpolated"
) -> FloatArray:
    """Return ranges with the gaps between known ones filled.

    Args:
        range_m: ranges, m, shape (N_RAYS,).
        known: True for the ranges to keep, shape (N_RAYS,); without any, all become `REACH_M`.
        gaps: `interpolated` over the azimuth, or the `nearer` of the known ranges at both sides.
    """
    if known.all():
        return range_m.copy()
    if not known.any():
        return np.full(N_RAYS, REACH_M)
    at, values_m = np.flatnonzero(known), range_m[known]
    if gaps == "interpolated":
        return np.interp(ANGLES_RAD, ANGLES_RAD[at], values_m, period=2.0 * math.pi)
    after = np.searchsorted(at, np.arange(N_RAYS))
    before = np.searchsorted(at, np.arange(N_RAYS), side="right") - 1
    nearer: FloatArray = np.minimum(values_m[after % at.size], values_m[before])
    return nearer
