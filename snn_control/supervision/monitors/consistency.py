"""Consistency of a measured position with the model: jumps, wrong, delayed and stuck values.

A measurement is refused if

- it differs by more than `gate_m` from the prediction, or from every prediction that began
  `horizon_s` to half of that ago within the error of the model, or, while a value is repeated, at
  its last change;
- the unmodelled acceleration that would explain it is above `unmodelled_max_m_s2`;
- the normalised innovations squared of the last `window_s` are above `nis_max` on average;
- its value is repeated for `stuck_s`.

After a refusal the prediction continues without corrections. Measurements are accepted again after
`accept_s` of consistent ones in a row, within half the gate, if the value has changed. A repeated
value that changes by at most `CONTINUED_M` was right: the filter starts again from it. After a
silence the first measurement may differ by three standard deviations of the prediction.

A drift that starts slowly is not detected: it equals a change of buoyancy.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from snn_control.copies import Copied
from snn_control.errors import ParameterError
from snn_control.supervision.observer import Branch, Innovation, Observer

__all__ = ["BACK_S", "CONTINUED_M", "FORGET_S", "ConsistencyConfig", "ConsistencyMonitor"]

FORGET_S = 60.0
"""Silence after which the filter starts again, s."""
BACK_S = 1.0
"""Jump back of a simulated time after which the filter starts again, s."""
CONTINUED_M = 0.1
"""Maximum change of a repeated value that continues it, m: a stuck sensor that recovers jumps."""
FEWEST = 3
"""Minimum number of measurements in a window of time."""


@dataclass(frozen=True)
class ConsistencyConfig:
    """Limits of the consistency of measurement and model.

    Raises:
        ParameterError: a limit is not positive.
    """

    gate_m: float
    """Maximum difference of measurement and prediction, m."""
    stuck_s: float
    """Time for which a value may be repeated, s."""
    repeat_s: float = 0.8
    """Time for which a repeated value corrects the observer, s."""
    horizon_s: float = 3.0
    """Maximum duration of a prediction while values change, s."""
    model_spread: float = 0.3
    """Error of the modelled acceleration, as a fraction of it."""
    unmodelled_max_m_s2: float = 0.25
    """Maximum unmodelled acceleration, m/s^2."""
    silence_s: float = 0.8
    """Time without a measurement after which a prediction starts again, s."""
    window_s: float = 1.0
    """Time over which innovations are averaged, s."""
    nis_max: float = 6.0
    """Maximum average of the normalised innovation squared; 1 on average if the model is right."""
    accept_s: float = 0.5
    """Duration of consistent measurements after which a refused sensor is accepted again, s; four
    times as long after each further refusal within `again_s`."""
    again_s: float = 30.0
    """Time after an acceptance within which another refusal counts as a further one, s."""

    def __post_init__(self) -> None:
        if not all(0 < limit < math.inf for limit in vars(self).values()):
            raise ParameterError(f"{self}: expected positive, finite limits")


class ConsistencyMonitor(Copied):
    """Check of the measurements of one sensor against the observer, which it corrects.

    Args:
        observer: observer of the measured position.
        config: limits.

    Attributes:
        reason: reason of the refusal; empty while measurements are accepted.
    """

    def __init__(self, observer: Observer, config: ConsistencyConfig) -> None:
        self.observer, self.config = observer, config
        self._command = 0.0
        self.restart()

    def restart(self) -> None:
        """Accept the next measurement, and start the observer with it."""
        self.observer.reset()
        self.reason = ""
        self._value_m = self._refused_m = self._stuck_m = math.nan
        self._repeated_s = self._last_s = self._consistent_s = 0.0
        self._n_consistent, self._moved = 0, False
        self._required_s = self.config.accept_s
        self._accepted_s = -math.inf
        self._normalised: deque[tuple[float, float]] = deque()

    def send(self, command: float, now_s: float) -> None:
        """Register a command that is in force from `now_s` on."""
        self._command = command
        if self.observer.started:
            self.observer.model.send(command, now_s)

    def judge(self, measured_m: float, sd_m: float, now_s: float, repeats: bool = False) -> str:
        """Return the fault of a measurement, or an empty string.

        Args:
            measured_m: measured position.
            sd_m: standard deviation of its noise.
            now_s: time of the measurement, on the clock of the commands.
            repeats: True where a healthy sensor repeats its value, as on the floor.
        """
        elapsed_s = now_s - self._last_s
        known = self.observer.started and -BACK_S < elapsed_s < FORGET_S
        changed = measured_m != self._value_m
        if not known or (changed and abs(measured_m - self._stuck_m) <= CONTINUED_M):
            self._start(measured_m, sd_m, now_s)
        silent = elapsed_s > self.config.silence_s
        if changed or repeats:
            self._repeated_s = 0.0
        elif not silent:  # a gap is no evidence
            self._repeated_s += elapsed_s
        if changed:
            self._stuck_m = math.nan
        self._value_m, self._last_s = measured_m, now_s
        self.observer.predict(now_s)
        innovation = self.observer.innovation(measured_m, sd_m)
        self._average(innovation.normalised, now_s, silent)
        fault = self._fault(measured_m, innovation, silent, now_s)
        if fault:
            jumped = abs(innovation.value_m) > self.config.gate_m
            self._refuse(measured_m, fault, now_s, corrected_wrongly=not jumped)
            return fault
        if self.reason and not self._accepts(measured_m, elapsed_s, now_s):
            return f"not accepted yet after: {self.reason}"
        if self._repeated_s <= self.config.repeat_s:
            self.observer.correct(innovation)
            self._branch(now_s, silent)
        return ""

    def _start(self, measured_m: float, sd_m: float, now_s: float) -> None:
        self.observer.start(measured_m, sd_m, self._command, now_s)
        self._normalised.clear()

    def _average(self, normalised: float, now_s: float, silent: bool) -> None:
        """Keep the normalised innovations of the window."""
        window = self._normalised
        if silent:
            window.clear()
        window.append((now_s, normalised))
        while len(window) > FEWEST and now_s - window[0][0] > self.config.window_s:
            window.popleft()

    def _fault(self, measured_m: float, innovation: Innovation, silent: bool, now_s: float) -> str:
        fault = self._contradiction(measured_m, innovation, silent, now_s) or self._deviation()
        repeated_s = self._repeated_s
        if repeated_s > self.config.stuck_s:
            return f"stuck at {measured_m:g} m for {repeated_s:.1f} s"
        if not fault:
            return ""
        repeated = (
            f", unchanged for {repeated_s:.1f} s" if repeated_s > self.config.repeat_s else ""
        )
        return f"{measured_m:.2f} m{repeated}, but {fault}"

    def _contradiction(
        self, measured_m: float, innovation: Innovation, silent: bool, now_s: float
    ) -> str:
        """Return the difference from the filter or from the oldest branch, or an empty string."""
        gate_m = 0.5 * self.config.gate_m if self.reason else self.config.gate_m
        if silent and not self.reason:
            gate_m = max(gate_m, 3.0 * innovation.sd_m)
        predicted_m, branch = self.observer.position_m, self._oldest()
        contradicted = abs(innovation.value_m) > gate_m
        if not (contradicted or silent or branch is None):
            sd_m = math.sqrt(branch.variance_m2(now_s - branch.start_s))
            contradicted = branch.distance_m(measured_m) > self.config.gate_m + 2.0 * sd_m
            predicted_m = branch.position_m
        if not contradicted:
            return ""
        return f"the model predicts {predicted_m:.2f} m after the commands sent"

    def _deviation(self) -> str:
        """Return the reason why the filter does not fit the measurements, or an empty string."""
        config, window = self.config, self._normalised
        unmodelled_m_s2 = self.observer.unmodelled_m_s2
        if abs(unmodelled_m_s2) > config.unmodelled_max_m_s2:
            return (
                f"the vehicle then does not follow the commands, by {unmodelled_m_s2:+.2f} m/s^2: "
                "is the sensor stuck, or is it another vehicle?"
            )
        average = sum(normalised for _, normalised in window) / len(window)
        full = len(window) > FEWEST and window[-1][0] - window[0][0] > 0.8 * config.window_s
        if not full or average <= config.nis_max:
            return ""
        return (
            f"the values of {config.window_s:g} s deviate from the model by {average:.1f} times "
            "the expected variance: is the sensor delayed?"
        )

    def _refuse(self, measured_m: float, fault: str, now_s: float, corrected_wrongly: bool) -> None:
        """Continue on the prediction from before the fault; before a jump, values were right."""
        if not self.reason:
            again = now_s - self._accepted_s < self.config.again_s
            self._required_s = 4.0 * self._required_s if again else self.config.accept_s
            if self._repeated_s:
                self._stuck_m = measured_m
            oldest = self._oldest()
            if corrected_wrongly and not self._repeated_s and oldest is not None:
                self.observer.follow(oldest)
            self.observer.branches.clear()
        self.reason, self._refused_m = fault, measured_m
        self._n_consistent, self._consistent_s, self._moved = 0, 0.0, False

    def _accepts(self, measured_m: float, elapsed_s: float, now_s: float) -> bool:
        """Count a consistent measurement of a refused sensor; return True if it is accepted."""
        self._consistent_s += elapsed_s if self._n_consistent else 0.0
        self._n_consistent += 1
        self._moved |= measured_m != self._refused_m
        long_enough = self._n_consistent >= FEWEST and self._consistent_s >= self._required_s
        if not (long_enough and self._moved):
            return False
        self.reason, self._accepted_s = "", now_s
        return True

    def _oldest(self) -> Branch | None:
        return self.observer.branches[0] if self.observer.branches else None

    def _branch(self, now_s: float, silent: bool) -> None:
        """Start a prediction every half horizon, and end the oldest."""
        branches = self.observer.branches
        if silent:
            branches.clear()
        if not branches or now_s - branches[-1].start_s >= 0.5 * self.config.horizon_s:
            del branches[:-1]
            self.observer.branch(self.config.model_spread)
