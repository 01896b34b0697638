"""Mean interval of the last messages of a stream."""

from __future__ import annotations

import math
from collections import deque
from typing import ClassVar, final

from snn_control.errors import ParameterError
from snn_control.supervision.monitors.monitor import Monitor, Sample

__all__ = ["Interval"]


@final
class Interval(Monitor):
    """Mean time between messages over the last `n`: a sensor that has become slow.

    Args:
        n: number of intervals, at least 1.
    """

    name: ClassVar[str] = "interval"
    unit: ClassVar[str] = "s"

    def __init__(self, n: int = 10) -> None:
        if n < 1:
            raise ParameterError(f"n is {n}; expected at least 1 interval")
        self._n = n
        self.reset()

    def reset(self) -> None:
        """Return to the state before the first message."""
        self._times_s: deque[float] = deque(maxlen=self._n + 1)

    def _sample(self, sample: Sample) -> float:
        self._times_s.append(sample.now_s)
        if len(self._times_s) <= self._n:
            return -math.inf
        return (self._times_s[-1] - self._times_s[0]) / self._n
