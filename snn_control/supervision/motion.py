"""Motion of a vehicle along one axis by the model of its actuators, without measurements."""

from __future__ import annotations

from abc import ABC, abstractmethod

from snn_control.copies import Copied

__all__ = ["Branch", "MotionModel", "Track"]


class MotionModel(Copied, ABC):
    """Actuators and drag of a vehicle along one axis.

    Attributes:
        lowest_m: position of the vehicle on the floor, m.
    """

    lowest_m: float

    @abstractmethod
    def start(self, command: float, now_s: float) -> None:
        """Start with the actuators settled at a command."""

    @abstractmethod
    def send(self, command: float, now_s: float) -> None:
        """Register a command that is in force from `now_s` on, in the order of these times."""

    @abstractmethod
    def advance(self, end_s: float) -> float:
        """Advance the actuators to `end_s`; return their acceleration with buoyancy, m/s^2."""

    @abstractmethod
    def damping_per_s(self, speed_m_s: float) -> float:
        """Return the drag at a speed as a rate, 1/s."""


class Track:
    """Position and speed of one prediction.

    Args:
        position_m, speed_m_s: position and speed at the start.
        scale: factor of the modelled acceleration.
    """

    __slots__ = ("position_m", "scale", "speed_m_s")

    def __init__(self, position_m: float, speed_m_s: float, scale: float = 1.0) -> None:
        self.position_m, self.speed_m_s, self.scale = position_m, speed_m_s, scale

    def step(self, push: float, unmodelled: float, step_s: float, model: MotionModel) -> None:
        """Advance by one step at constant accelerations, m/s^2."""
        gained = step_s * (self.scale * push + unmodelled)
        self.speed_m_s = (self.speed_m_s + gained) / (
            1.0 + step_s * model.damping_per_s(self.speed_m_s)
        )
        self.position_m += step_s * self.speed_m_s
        if self.position_m < model.lowest_m:
            self.position_m, self.speed_m_s = model.lowest_m, max(self.speed_m_s, 0.0)


class Branch:
    """Prediction from one estimate on, without corrections.

    Args:
        track: position and speed at the start.
        unmodelled_m_s2: unmodelled acceleration, constant.
        spread: error of the modelled acceleration, as a fraction of it.
        start_s: time of the start.
        variance: coefficients of the variance of the position, m^2, in powers of the duration, s.
    """

    def __init__(
        self,
        track: Track,
        unmodelled_m_s2: float,
        spread: float,
        start_s: float,
        variance: tuple[float, ...],
    ) -> None:
        scales = (1.0, 1.0 - spread, 1.0 + spread)
        self.tracks = [Track(track.position_m, track.speed_m_s, scale) for scale in scales]
        self.unmodelled_m_s2, self.start_s = unmodelled_m_s2, start_s
        self._variance = variance

    @property
    def position_m(self) -> float:
        """Predicted position, m."""
        return self.tracks[0].position_m

    def variance_m2(self, duration_s: float) -> float:
        """Return the variance of the position after a duration, without error of the model, m^2."""
        total = 0.0
        for coefficient in reversed(self._variance):
            total = total * duration_s + coefficient
        return total

    def distance_m(self, measured_m: float) -> float:
        """Return the distance of a position from the predicted range, m; 0 inside."""
        positions = [track.position_m for track in self.tracks]
        return max(min(positions) - measured_m, measured_m - max(positions), 0.0)
