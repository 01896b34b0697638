"""Contract of the monitors: each scores one kind of evidence against a stream."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple

from snn_control.copies import Copied
from snn_control.supervision.observer import Innovation

__all__ = ["Monitor", "Sample"]


class Sample(NamedTuple):
    """Message of a stream as monitors receive it."""

    now_s: float
    """Time of the delivery, s."""
    stamp_s: float
    """Time of the measurement, s."""
    value: float
    """Value; may be NaN or infinite."""
    innovation: Innovation | None = None
    """Difference from the prediction of the observer; None without a prediction."""


class Monitor(Copied, ABC):
    """Score of a stream, larger for stronger evidence of a fault.

    Messages are passed to `sample` at their delivery, and the clock to `silent` in between. A value
    that is not finite never lowers a score, and leaves the memory of a monitor as it is.
    """

    name: ClassVar[str]
    """Name in tables and calibration files."""
    unit: ClassVar[str] = ""
    """Unit of the score."""

    def sample(self, sample: Sample) -> float:
        """Return the score after a message; infinite if it cannot be computed."""
        score = self._sample(sample)
        return math.inf if math.isnan(score) else score

    def silent(self, now_s: float) -> float:
        """Return the score at a time without a message, by default the lowest one."""
        return -math.inf

    @abstractmethod
    def reset(self) -> None:
        """Return to the state before the first message."""

    @abstractmethod
    def _sample(self, sample: Sample) -> float:
        """Return the score after a message; NaN if it cannot be computed."""
