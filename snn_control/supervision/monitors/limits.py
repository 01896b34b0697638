"""Distance of a value outside its physical limits."""

from __future__ import annotations

import math
from typing import ClassVar, final

from snn_control.errors import ParameterError
from snn_control.supervision.monitors.monitor import Monitor, Sample

__all__ = ["Limits"]


@final
class Limits(Monitor):
    """Distance of the value outside [low, high], negative inside; infinite for NaN.

    Args:
        low: smallest plausible value.
        high: largest plausible value.
    """

    name: ClassVar[str] = "limits"

    def __init__(self, low: float = -math.inf, high: float = math.inf) -> None:
        if not low < high:
            raise ParameterError(f"limits are {low:g} and {high:g}; expected ascending ones")
        self._low, self._high = low, high

    def reset(self) -> None:
        """Do nothing: the score depends on one message."""

    def _sample(self, sample: Sample) -> float:
        if not math.isfinite(sample.value):
            return math.inf
        return max(self._low - sample.value, sample.value - self._high)
