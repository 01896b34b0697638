"""Age of the newest measurement of a stream."""

from __future__ import annotations

import math
from typing import ClassVar, final

from snn_control.supervision.monitors.monitor import Monitor, Sample

__all__ = ["Age"]


@final
class Age(Monitor):
    """Time since the newest stamp: silence, and messages that arrive late."""

    name: ClassVar[str] = "age"
    unit: ClassVar[str] = "s"

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Return to the state before the first message."""
        self._newest_s = math.nan

    def silent(self, now_s: float) -> float:
        """Return the age, s; lowest before the first message."""
        return -math.inf if math.isnan(self._newest_s) else now_s - self._newest_s

    def _sample(self, sample: Sample) -> float:
        # A late message of an older measurement does not make the stream older than it is.
        if math.isfinite(sample.stamp_s) and not sample.stamp_s <= self._newest_s:
            self._newest_s = sample.stamp_s
        return self.silent(sample.now_s)
