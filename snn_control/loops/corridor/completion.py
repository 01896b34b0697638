"""Completion of a scan of few rays to ranges in all directions."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import numpy.typing as npt

from snn_control.copies import Copied
from snn_control.loops.corridor.point_memory import PointMemory, PointMemoryConfig
from snn_control.loops.corridor.rays import N_RAYS, REACH_M, Estimate, Gaps, Motion, filled

__all__ = ["Completion", "Hold", "Interpolation", "Remembered"]

FloatArray = npt.NDArray[np.float64]


class Completion(Copied, ABC):
    """Estimated ranges from the scans so far."""

    @abstractmethod
    def reset(self) -> None:
        """Return to the state before the first scan."""

    @abstractmethod
    def update(self, range_m: FloatArray, motion: Motion) -> Estimate:
        """Return the estimate after a scan.

        Args:
            range_m: ranges of the scan, m, shape (N_RAYS,); below 0: not fired.
            motion: displacement since the last scan.
        """


class Interpolation(Completion):
    """Linear interpolation of the last scan over the azimuth; a complete scan is unchanged."""

    def reset(self) -> None:
        """Do nothing: there is no state."""

    def update(self, range_m: FloatArray, motion: Motion) -> Estimate:
        """Return the interpolated scan."""
        fired = range_m >= 0.0
        return Estimate(filled(range_m, fired), np.where(fired, 0.0, np.inf))


class Hold(Completion):
    """Last range of each ray, wherever the robot was; rays never fired are interpolated."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all ranges."""
        self._held_m = np.full(N_RAYS, REACH_M)
        self._age_s = np.full(N_RAYS, np.inf)

    def update(self, range_m: FloatArray, motion: Motion) -> Estimate:
        """Return the last ranges."""
        fired = range_m >= 0.0
        self._held_m[fired] = range_m[fired]
        self._age_s = np.where(fired, 0.0, self._age_s + motion.dt_s)
        return Estimate(filled(self._held_m, np.isfinite(self._age_s)), self._age_s)


class Remembered(Completion):
    """Ranges of a `PointMemory`.

    Args:
        config: settings of the memory.
        gaps: ranges of rays without a point, see `rays.filled`.
    """

    def __init__(
        self, config: PointMemoryConfig | None = None, gaps: Gaps = "interpolated"
    ) -> None:
        self.memory, self.gaps = PointMemory(config), gaps

    def reset(self) -> None:
        """Forget all points."""
        self.memory.reset()

    def update(self, range_m: FloatArray, motion: Motion) -> Estimate:
        """Return the ranges of the memory."""
        self.memory.update(range_m, motion)
        scan = self.memory.scan()
        known = np.isfinite(scan.age_s)
        return Estimate(filled(scan.range_m, known, self.gaps), scan.age_s)
