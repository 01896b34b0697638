"""Change of a value between messages."""

from __future__ import annotations

import math
from typing import ClassVar, final

from snn_control.supervision.monitors.monitor import Monitor, Sample

__all__ = ["Jump"]


@final
class Jump(Monitor):
    """Magnitude of the change since the last message: a battery that loses a volt at once."""

    name: ClassVar[str] = "jump"

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Return to the state before the first message."""
        self._last = math.nan

    def _sample(self, sample: Sample) -> float:
        if not math.isfinite(sample.value):
            return math.inf
        change = 0.0 if math.isnan(self._last) else abs(sample.value - self._last)
        self._last = sample.value
        return change
