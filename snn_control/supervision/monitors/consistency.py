"""Consistency of a measured position with the observer: jumps, wrong, delayed and stuck values.

A measurement is refused if it differs from the prediction by more than `gate_m`, or if the last
`window` normalised innovations squared are above `nis_max` on average. A repeated value has no
information: after `repeat_s` it no longer corrects the observer, whose prediction moves away from a
stuck value. A value that is repeated for `stuck_s` is refused in any case. After a refusal trust
returns with the last of `trust_ticks` consistent measurements in a row, if the value has changed.
If a value that seemed stuck goes on by at most `CONTINUED_M`, it was right, and the observer starts
anew from it.
After a silence the first measurement may differ by three standard deviations of the prediction.

A drift that starts slowly is not detected: it equals a change of buoyancy.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from snn_control.copies import Independent
from snn_control.errors import ParameterError
from snn_control.supervision.observer import Innovation, Observer

__all__ = ["ConsistencyConfig", "ConsistencyMonitor"]


@dataclass(frozen=True)
class ConsistencyConfig:
    """Limits of the consistency of measurement and model.

    Raises:
        ParameterError: a limit is not positive, or `trust_ticks` is below 1.
    """

    gate_m: float = 0.25
    """Maximum difference of measurement and prediction, m."""
    repeat_s: float = 0.8
    """Time for which a repeated value corrects the observer, s."""
    stuck_s: float = 15.0
    """Time after which a repeated value counts as stuck, s. A healthy blimp in still air, whose
    lidar has steps of 1 cm and no noise, repeats a value for up to 13 s."""
    window: int = 10
    """Number of innovations in the average."""
    nis_max: float = 6.0
    """Maximum average of the normalised innovation squared; 1 on average if the model is right."""
    trust_ticks: int = 5
    """Number of consistent measurements in a row after which a refused sensor is trusted again;
    four times as many after each further loss of trust within `again_s`."""
    again_s: float = 30.0
    """Time after the return of trust within which another loss counts as a further one, s."""

    def __post_init__(self) -> None:
        limits = (self.gate_m, self.repeat_s, self.stuck_s, self.nis_max, self.again_s)
        counts = (self.window, self.trust_ticks)
        if not all(0 < limit < math.inf for limit in limits) or min(counts) < 1:
            raise ParameterError(f"{self}: expected positive limits, and numbers of at least 1")


FORGET_S = 60.0
"""Silence, or jump back of a simulated time, after which the observer starts anew, s."""

CONTINUED_M = 0.1
"""Maximum change of a repeated value that continues it, m: a stuck sensor that recovers jumps."""


class ConsistencyMonitor(Independent):
    """Check of the measurements of one sensor against the observer, which it corrects.

    Args:
        observer: observer of the measured position.
        config: limits.

    Attributes:
        reason: reason for the loss of trust; empty while the sensor is trusted.
    """

    def __init__(self, observer: Observer, config: ConsistencyConfig) -> None:
        self.observer, self.config = observer, config
        self.restart()

    def restart(self) -> None:
        """Trust the sensor, and start the observer with the next measurement."""
        self.observer.reset()
        self.reason = ""
        self._value_m = self._refused_m = math.nan
        self._repeated_s = self._last_s = 0.0
        self._stuck_m = math.nan
        self._consistent, self._required = 0, self.config.trust_ticks
        self._trusted_s = -math.inf
        self._normalised: deque[float] = deque(maxlen=self.config.window)

    def judge(self, measured_m: float, sd_m: float, now_s: float) -> str:
        """Return the fault of a measurement, or an empty string.

        Args:
            measured_m: measured position.
            sd_m: standard deviation of its noise.
            now_s: time of the measurement, on the clock of the observer.
        """
        changed = measured_m != self._value_m
        known = self.observer.started and abs(now_s - self._last_s) < FORGET_S
        continued = changed and abs(measured_m - self._stuck_m) <= CONTINUED_M
        if continued or not known:
            self.observer.start(measured_m, sd_m, now_s)
        if changed:
            self._stuck_m = math.nan
        observed_s = min(now_s - self._last_s, self.config.repeat_s)  # a gap is no evidence
        self._repeated_s = 0.0 if changed else self._repeated_s + observed_s
        self._value_m, self._last_s = measured_m, now_s
        self.observer.predict(now_s)
        innovation = self.observer.innovation(measured_m, sd_m)
        self._normalised.append(innovation.normalised)
        fault = self._fault(measured_m, innovation)
        if fault:
            if not self.reason:
                again = now_s - self._trusted_s < self.config.again_s
                self._required = 4 * self._required if again else self.config.trust_ticks
                if self._repeated_s > self.config.repeat_s:
                    self._stuck_m = measured_m
            self.reason, self._refused_m, self._consistent = fault, measured_m, 0
            self._normalised.clear()
        elif self.reason:
            self._consistent = 0 if measured_m == self._refused_m else self._consistent + 1
            if self._consistent < self._required:
                return f"not trusted yet after: {self.reason}"
            self.reason, self._trusted_s = "", now_s
        if not fault and self._repeated_s <= self.config.repeat_s:
            self.observer.correct(innovation)
        return fault

    def _fault(self, measured_m: float, innovation: Innovation) -> str:
        config, gate_m, repeated_s = self.config, self.config.gate_m, self._repeated_s
        if repeated_s > config.stuck_s:
            return f"stuck at {measured_m:g} m for {repeated_s:.1f} s"
        if not (self.reason or repeated_s):
            gate_m = max(gate_m, 3.0 * innovation.sd_m)
        unchanged = f", unchanged for {repeated_s:.1f} s" if repeated_s > config.repeat_s else ""
        if abs(innovation.value_m) > gate_m:
            predicted_m = measured_m - innovation.value_m
            return (
                f"{measured_m:.2f} m{unchanged}, but the model predicts {predicted_m:.2f} m after "
                "the commands sent"
            )
        average = sum(self._normalised) / config.window
        if len(self._normalised) == config.window and average > config.nis_max:
            return (
                f"{measured_m:.2f} m{unchanged}: the last {config.window} values deviate from the "
                f"model by {average:.1f} times the expected variance; is the sensor delayed?"
            )
        return ""
