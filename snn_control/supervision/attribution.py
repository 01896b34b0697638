"""Attribution of a contradiction between an accelerometer and the model of the actuators.

Two hypotheses predict the position from the start of the contradiction on: the model, by the
commands sent, and the accelerometer, by its measurements. Once they differ by more than the noise
of a position sensor, the sensor decides between them: if it follows the accelerometer, the
actuators do not do what they are commanded; if it follows the model, the accelerometer is wrong.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from snn_control.copies import Copied
from snn_control.ranges import require_positive
from snn_control.supervision.observer import Observer

__all__ = ["Dispute", "DisputeConfig", "Outcome"]


class Outcome(StrEnum):
    """Outcome of a dispute."""

    OPEN = "not attributed: the accelerometer or the actuators"
    """Not decided yet."""
    ACTUATORS = "the actuators do not follow the commands"
    ACCELEROMETER = "the accelerometer contradicts the other sensors"
    NONE = "the contradiction has ended"


@dataclass(frozen=True)
class DisputeConfig:
    """Limits of the decision.

    Raises:
        ParameterError: a limit is not positive.
    """

    least_m: float = 0.05
    """Difference of the two predictions from which on they are compared, m."""
    sigma: float = 4.0
    """The same in standard deviations of the position sensor."""
    least_m_s2: float = 0.05
    """Constant acceleration that would explain the difference from which on they are compared,
    m/s^2."""
    longest_s: float = 3.0
    """Time after which a small difference counts as none, s."""

    def __post_init__(self) -> None:
        require_positive(vars(self), "DisputeConfig")


class Dispute(Copied):
    """One contradiction, from its start until its outcome.

    Args:
        observer: observer at the start of the contradiction.
        config: limits of the decision.
    """

    def __init__(self, observer: Observer, config: DisputeConfig | None = None) -> None:
        self.config, self._observer = config or DisputeConfig(), observer
        self._branch = observer.branch(0.0)
        self._at_s = self._start_s = observer.now_s
        self._speed_m_s = observer.speed_m_s
        self._gap_m = self._gap_m_s = 0.0
        self.outcome = Outcome.OPEN
        """Outcome so far."""

    @property
    def gap_m(self) -> float:
        """Position by the accelerometer less position by the model, m."""
        return self._gap_m

    def accelerated(self, acceleration_m_s2: float) -> None:
        """Add a measured acceleration without bias, the mean since the last one.

        The observer has been advanced to its time.
        """
        elapsed_s = self._observer.now_s - self._at_s
        if not (elapsed_s > 0.0 and math.isfinite(acceleration_m_s2)):
            return
        speed_m_s = self._branch.tracks[0].speed_m_s
        gained_m_s = acceleration_m_s2 * elapsed_s - (speed_m_s - self._speed_m_s)
        self._gap_m += elapsed_s * (self._gap_m_s + 0.5 * gained_m_s)
        self._gap_m_s += gained_m_s
        self._at_s, self._speed_m_s = self._observer.now_s, speed_m_s
        if self._at_s - self._start_s > self.config.longest_s and not self._apart(0.0):
            self._end(Outcome.NONE)

    def positioned(self, measured_m: float, sd_m: float) -> None:
        """Compare a trusted position with both predictions, and decide if they differ enough."""
        if self.outcome is not Outcome.OPEN or not self._apart(sd_m):
            return
        share = (measured_m - self._branch.position_m) / self._gap_m
        self._end(Outcome.ACTUATORS if share > 0.5 else Outcome.ACCELEROMETER)

    def end(self) -> None:
        """Remove the predictions of the dispute."""
        self._observer.end(self._branch)

    def _apart(self, sd_m: float) -> bool:
        config, lasted_s = self.config, self._at_s - self._start_s
        drifted_m = 0.5 * config.least_m_s2 * lasted_s * lasted_s
        return abs(self._gap_m) >= max(config.least_m, config.sigma * sd_m, drifted_m)

    def _end(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.end()
