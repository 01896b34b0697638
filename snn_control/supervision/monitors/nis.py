"""Normalised innovation squared (NIS) of the last messages.

For an observer that agrees with its sensor the mean of n values times n has a chi-squared
distribution with n degrees of freedom.
Source: Bar-Shalom, Li and Kirubarajan, Estimation with Applications to Tracking and Navigation,
2001, section 5.4, doi:10.1002/0471221279.
"""

from __future__ import annotations

import math
from collections import deque
from typing import ClassVar, final

from snn_control.errors import ParameterError
from snn_control.supervision.monitors.monitor import Monitor, Sample

__all__ = ["Nis", "WindowedNis"]


def normalised(sample: Sample) -> float:
    """Return the NIS of a message; NaN without a prediction or for a value that is not finite."""
    return math.nan if sample.innovation is None else sample.innovation.normalised


@final
class Nis(Monitor):
    """NIS of one message: jumps and garbage."""

    name: ClassVar[str] = "nis"

    def reset(self) -> None:
        """Do nothing: the score depends on one message."""

    def _sample(self, sample: Sample) -> float:
        return normalised(sample)


@final
class WindowedNis(Monitor):
    """Mean NIS of the last `n` messages: small errors that last.

    Args:
        n: number of messages, at least 2.
    """

    name: ClassVar[str] = "windowed_nis"

    def __init__(self, n: int = 10) -> None:
        if n < 2:
            raise ParameterError(f"n is {n}; expected at least 2 messages")
        self._n = n
        self.reset()

    def reset(self) -> None:
        """Return to the state before the first message."""
        self._values: deque[float] = deque(maxlen=self._n)

    def _sample(self, sample: Sample) -> float:
        value = normalised(sample)
        if not math.isfinite(value):
            return math.inf
        self._values.append(value)
        return math.fsum(self._values) / self._n
