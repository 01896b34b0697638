"""Trim learned in operation: mean of the commands that kept the vehicle in place."""

from __future__ import annotations

import math

from snn_control.copies import Copied
from snn_control.errors import ParameterError

__all__ = ["LearnedTrim"]


class LearnedTrim(Copied):
    """Exponential mean of commands, bounded around a configured trim.

    Args:
        start: configured trim.
        time_constant_s: time constant of the mean, s.
        reach: largest difference from the configured trim.
    """

    def __init__(self, start: float, time_constant_s: float = 15.0, reach: float = 1.5) -> None:
        if not (0.0 < time_constant_s < math.inf and 0.0 <= reach < math.inf):
            raise ParameterError(f"time_constant_s {time_constant_s:g}, reach {reach:g}")
        self._time_constant_s, self._reach = time_constant_s, reach
        self.restart(start)

    @property
    def start(self) -> float:
        """Configured trim."""
        return self._start

    @property
    def value(self) -> float:
        """Present trim."""
        return self._value

    def restart(self, start: float) -> None:
        """Return to a configured trim."""
        self._start = self._value = start

    def update(self, command: float, elapsed_s: float) -> None:
        """Add a command that was in force for a time; ignored if either is not finite."""
        if not (math.isfinite(command) and 0.0 < elapsed_s < math.inf):
            return
        share = 1.0 - math.exp(-elapsed_s / self._time_constant_s)
        value = self._value + share * (command - self._value)
        self._value = min(max(value, self._start - self._reach), self._start + self._reach)
