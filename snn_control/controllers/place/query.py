"""Options of one query frame."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass

from snn_control.controllers.place.presentation_options import PresentationOptions
from snn_control.controllers.place.sequence import check
from snn_control.errors import ObservationError


@dataclass(frozen=True)
class Query:
    """Options of one query frame, see `Recognizer.match`.

    Raises:
        ObservationError: an invalid sequence, step, time or deadline.
    """

    sequence: int = 1
    """Number of frames whose scores are summed."""
    step: float = 1
    """Odometry distance since the last frame, places."""
    time_s: float | None = None
    """Time stamp of the frame, s; None: not checked."""
    presentation: PresentationOptions = PresentationOptions()
    """Presentation of the spikes."""

    def __post_init__(self) -> None:
        check(self.step, self.sequence)
        deadline_s = self.presentation.deadline_s
        for name, seconds in (("deadline_s", deadline_s), ("time_s", self.time_s)):
            if seconds is not None and not isinstance(seconds, numbers.Real):
                raise ObservationError(f"{name} is {seconds!r}; expected a number")
        if deadline_s is not None and not deadline_s > 0.0:
            raise ObservationError(f"deadline_s is {deadline_s}; expected above 0")

    def require_after(self, last_s: float) -> None:
        """Check that the frame is later than the last one.

        Raises:
            ObservationError: the time is not later, or not finite.
        """
        if self.time_s is not None and not last_s < self.time_s < math.inf:
            raise ObservationError(
                f"frame at {self.time_s:g} s after one at {last_s:g} s; expected a later "
                "time, or a call of reset_sequence()"
            )
