"""Predictions of a stream that its sender and its receiver share, see `send_on_delta`.

Both sides hold an equal prediction, correct it by the same frames and restart it at key frames.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar, final

from snn_control.copies import Copied
from snn_control.errors import ObservationError
from snn_control.supervision.observer import Correction, Innovation, Observer

__all__ = ["ConstantRate", "Extrapolation", "ObserverPrediction", "Prediction"]

State = tuple[float, ...]


class Prediction(Copied, ABC):
    """Prediction of one value.

    The times of the calls do not decrease; an equal sequence of calls gives equal predictions.
    """

    memoryless: ClassVar[bool] = False
    """True if a prediction depends on the last value alone, so that a lost frame matters only until
    the next one."""

    @abstractmethod
    def predict(self, now_s: float) -> float:
        """Return the prediction at a time; NaN before the first `restart`."""

    @abstractmethod
    def correct(self, value: float) -> None:
        """Use a value at the time of the last `predict`."""

    @abstractmethod
    def state(self) -> State:
        """Return the numbers that `restart` needs, for a key frame."""

    @abstractmethod
    def restart(self, state: State, now_s: float) -> None:
        """Continue from a state at a time, independent of the history.

        Raises:
            ObservationError: the state has another length.
        """


@final
class Extrapolation(Prediction):
    """Function of the last value and the time since then.

    Args:
        function: prediction from a value and the seconds since then; None: the value is held.
    """

    memoryless: ClassVar[bool] = True

    def __init__(self, function: Callable[[float, float], float] | None = None) -> None:
        self._function = function
        self._value, self._at_s, self._now_s = math.nan, 0.0, 0.0

    def predict(self, now_s: float) -> float:
        """Return the function of the last value."""
        self._now_s = now_s
        if self._function is None or math.isnan(self._value):
            return self._value
        return self._function(self._value, now_s - self._at_s)

    def correct(self, value: float) -> None:
        """Replace the last value."""
        self._value, self._at_s = value, self._now_s

    def state(self) -> State:
        """Return the last value."""
        return (self._value,)

    def restart(self, state: State, now_s: float) -> None:
        """Continue from a value."""
        (self._value,) = _of_length(state, 1)
        self._at_s = self._now_s = now_s


@final
class ConstantRate(Prediction):
    """Straight line through the last two values."""

    def __init__(self) -> None:
        self._value, self._rate, self._at_s, self._now_s = math.nan, 0.0, 0.0, 0.0

    def predict(self, now_s: float) -> float:
        """Return the value of the line."""
        self._now_s = now_s
        return self._value + self._rate * (now_s - self._at_s)

    def correct(self, value: float) -> None:
        """Continue the line through the last value and this one."""
        elapsed_s = self._now_s - self._at_s
        if elapsed_s > 0.0 and math.isfinite(self._value):
            self._rate = (value - self._value) / elapsed_s
        self._value, self._at_s = value, self._now_s

    def state(self) -> State:
        """Return value and rate, per s."""
        return self._value, self._rate

    def restart(self, state: State, now_s: float) -> None:
        """Continue a line from its value and rate."""
        self._value, self._rate = _of_length(state, 2)
        self._at_s = self._now_s = now_s


@final
class ObserverPrediction(Prediction):
    """Position that an observer of the motion predicts from the commands.

    Both sides pass the same commands to `sent` and predict at the same times. A key frame carries
    position, speed and unmodelled acceleration.

    Args:
        observer: observer without biases; the prediction owns it.
        sd_m: standard deviation of a sent position, m.
        speed_sd_m_s: standard deviation of the speed in a key frame, m/s.
        acceleration_sd_m_s2: standard deviation of its unmodelled acceleration, m/s^2.
    """

    def __init__(
        self,
        observer: Observer,
        sd_m: float,
        speed_sd_m_s: float = 0.03,
        acceleration_sd_m_s2: float = 0.03,
    ) -> None:
        self.observer, self._sd_m, self._command = observer, sd_m, 0.0
        self._spread = {
            "start_speed_m_s": speed_sd_m_s,
            "start_acceleration_m_s2": acceleration_sd_m_s2,
        }

    def sent(self, command: float, at_s: float) -> None:
        """Register a command that is in force from `at_s` on."""
        self._command = command
        if self.observer.started:
            self.observer.model.send(command, at_s)

    def predict(self, now_s: float) -> float:
        """Advance the observer."""
        if self.observer.started:
            self.observer.predict(now_s)
        return self.observer.position_m

    def correct(self, value: float) -> None:
        """Correct a started observer, or start the observer."""
        observer = self.observer
        if observer.started:
            observer.correct(observer.position(value, self._sd_m))
        else:
            observer.start(value, self._sd_m, self._command, observer.now_s)

    def state(self) -> State:
        """Return position, m, speed, m/s, and unmodelled acceleration, m/s^2."""
        return self.observer.position_m, self.observer.speed_m_s, self.observer.unmodelled_m_s2

    def restart(self, state: State, now_s: float) -> None:
        """Start the observer with a speed and an unmodelled acceleration."""
        position_m, speed_m_s, unmodelled_m_s2 = _of_length(state, 3)
        observer, noise = self.observer, self.observer.noise
        observer.noise = replace(noise, **self._spread)
        observer.start(position_m, self._sd_m, self._command, now_s)
        observer.noise = noise
        # A correction with a vanishing gain and a large innovation moves the mean alone.
        gain = 1e-6
        moved = (0.0, gain * speed_m_s, gain * unmodelled_m_s2, 0.0, 0.0)
        observer.correct(Correction(Innovation(1.0 / gain, 1.0), moved))


def _of_length(state: State, n: int) -> State:
    if len(state) != n:
        raise ObservationError(
            f"a key frame carries {len(state)} numbers; this prediction has {n}: use the same "
            "prediction on both sides"
        )
    return state
