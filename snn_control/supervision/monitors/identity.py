"""Time for which a value has been repeated bit for bit."""

from __future__ import annotations

import math
from typing import ClassVar, final

from snn_control.supervision.monitors.monitor import Monitor, Sample

__all__ = ["Identity"]


@final
class Identity(Monitor):
    """Duration of a run of equal values: a stuck sensor, if its noise exceeds its resolution.

    The run is measured between stamps, so that a burst of late messages is not a short run.
    """

    name: ClassVar[str] = "identity"
    unit: ClassVar[str] = "s"

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Return to the state before the first message."""
        self._value, self._since_s = math.nan, math.nan

    def _sample(self, sample: Sample) -> float:
        if not math.isfinite(sample.value):
            return math.inf
        if sample.value != self._value:
            self._value, self._since_s = sample.value, sample.stamp_s
        return sample.stamp_s - self._since_s
