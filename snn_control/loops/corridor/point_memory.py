"""Memory of returns as points that odometry keeps in the frame of the robot.

The last `n_points` returns are kept for `max_age_s`. The scan of the memory is, for each ray, the
nearest point within half the spacing of the rays. A ray that passes an old point does not remove
it: 5 degrees are wider than a pole of 4 cm, and removal made 40 % of the passages through poles
fail.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from snn_control.copies import Copied
from snn_control.errors import ParameterError
from snn_control.loops.corridor.rays import (
    ANGLES_RAD,
    N_RAYS,
    REACH_M,
    SPACING_RAD,
    Estimate,
    Motion,
)

__all__ = ["PointMemory", "PointMemoryConfig"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PointMemoryConfig:
    """Settings of the memory.

    Raises:
        ParameterError: a value is out of range.
    """

    n_points: int = 400
    """Number of returns that are kept."""
    max_age_s: float = 2.5
    """Age at which a return is forgotten, s."""

    def __post_init__(self) -> None:
        if self.n_points < 1:
            raise ParameterError(f"n_points is {self.n_points}; expected at least 1")
        if not self.max_age_s > 0.0:
            raise ParameterError(f"max_age_s is {self.max_age_s!r}; expected more than 0")


class PointMemory(Copied):
    """Returns of past scans in the frame of the robot.

    A ray without a return is kept as a point at the reach of the lidar.

    Args:
        config: settings.
    """

    def __init__(self, config: PointMemoryConfig | None = None) -> None:
        self.config = config or PointMemoryConfig()
        self.reset()

    def reset(self) -> None:
        """Forget all points."""
        self._points_m = np.zeros((0, 2))
        self._age_s = np.zeros(0)

    @property
    def points_m(self) -> FloatArray:
        """Points in the frame of the robot, newest first, m, shape (n, 2)."""
        return self._points_m

    @property
    def age_s(self) -> FloatArray:
        """Age of each point, s, shape (n,)."""
        return self._age_s

    def update(self, range_m: FloatArray, motion: Motion) -> None:
        """Move the points with the robot, forget old ones and add the returns of a scan.

        Args:
            range_m: ranges of the scan, m, shape (N_RAYS,); below 0: not fired.
            motion: displacement since the last scan.
        """
        c = self.config
        points_m, age_s = motion.moved(self._points_m), self._age_s + motion.dt_s
        rays = np.flatnonzero(range_m >= 0.0)
        keep = age_s <= c.max_age_s
        angles, fired_m = ANGLES_RAD[rays], range_m[rays]
        new_m = np.stack([fired_m * np.cos(angles), fired_m * np.sin(angles)], axis=1)
        self._points_m = np.concatenate([new_m, points_m[keep]])[: c.n_points]
        self._age_s = np.concatenate([np.zeros(rays.size), age_s[keep]])[: c.n_points]

    def scan(self) -> Estimate:
        """Return the range of the nearest and the age of the newest point of each ray.

        Rays without a point have the range `REACH_M` and an infinite age.
        """
        range_m, age_s = np.full(N_RAYS, REACH_M), np.full(N_RAYS, np.inf)
        if len(self._points_m):
            x_m, y_m = self._points_m.T
            bins = np.rint(np.arctan2(y_m, x_m) / SPACING_RAD).astype(np.intp) % N_RAYS
            np.minimum.at(range_m, bins, np.hypot(x_m, y_m))
            age_s[bins[::-1]] = self._age_s[::-1]  # the newest is written last
        return Estimate(range_m, age_s)
