"""Observer of the motion of a vehicle along one axis: Kalman filter around the vehicle's model.

States are position z (m), speed v (m/s) and the unmodelled acceleration b (m/s^2):

    z' = v,   v' = a(commands) + b - c(v) v,   b' = white noise

The mean follows the model in steps of at most `STEP_S`, the covariance in one step per prediction.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

from snn_control.copies import Independent

__all__ = ["STEP_S", "Innovation", "MotionModel", "Observer", "ObserverNoise"]

STEP_S = 0.05
"""Maximum step of the mean, s."""


class MotionModel(Independent, ABC):
    """Actuators and drag of a vehicle along one axis.

    Attributes:
        lowest_m: position of the vehicle on the floor, m.
    """

    lowest_m: float

    @abstractmethod
    def start(self, now_s: float) -> None:
        """Start at rest, with the actuators at the command that keeps the vehicle in place."""

    @abstractmethod
    def send(self, command: float, now_s: float) -> None:
        """Register a command that is in force from `now_s` on."""

    @abstractmethod
    def advance(self, end_s: float) -> float:
        """Advance the actuators to `end_s`; return their acceleration with buoyancy, m/s^2."""

    @abstractmethod
    def damping_per_s(self, speed_m_s: float) -> float:
        """Return the drag at a speed as a rate, 1/s."""


@dataclass(frozen=True)
class ObserverNoise:
    """Standard deviations of start, process and measurement; values of a blimp with a lidar."""

    start_speed_m_s: float = 0.2
    """Speed at the start, m/s."""
    start_acceleration_m_s2: float = 0.1
    """Unmodelled acceleration at the start, m/s^2."""
    speed_m_s_rs: float = 0.01
    """Random walk of the speed, m/s per root second."""
    acceleration_m_s2_rs: float = 0.008
    """Random walk of the unmodelled acceleration, m/s^2 per root second."""
    model_error: float = 0.15
    """Error of the modelled acceleration, as a fraction of it."""


@dataclass(frozen=True)
class Innovation:
    """Difference of a measured and the predicted position."""

    value_m: float
    """Measured less predicted position, m."""
    variance_m2: float
    """Its variance by the model, m^2."""

    @property
    def sd_m(self) -> float:
        """Standard deviation by the model, m."""
        return math.sqrt(self.variance_m2)

    @property
    def normalised(self) -> float:
        """Square of the difference over its variance (NIS); 1 on average."""
        return self.value_m * self.value_m / self.variance_m2


class Observer(Independent):
    """Kalman filter of position, speed and unmodelled acceleration.

    Args:
        model: model of the vehicle; the observer owns its state.
        noise: standard deviations.
    """

    def __init__(self, model: MotionModel, noise: ObserverNoise | None = None) -> None:
        self.model, self.noise = model, noise or ObserverNoise()
        self.reset()

    @property
    def started(self) -> bool:
        """True after `start`."""
        return math.isfinite(self.position_m)

    def reset(self) -> None:
        """Forget the estimate, until the next `start`."""
        self.position_m = math.nan
        """Estimated position, m; NaN before `start`."""
        self.speed_m_s = self.unmodelled_m_s2 = 0.0
        self._covariance = (0.0,) * 6
        """Upper triangle of the covariance of position, speed and unmodelled acceleration."""
        self._at_s = 0.0

    def start(self, measured_m: float, sd_m: float, now_s: float) -> None:
        """Start at a measured position, at rest."""
        self.position_m, self._at_s = measured_m, now_s
        self.speed_m_s = self.unmodelled_m_s2 = 0.0
        speed, acceleration = self.noise.start_speed_m_s, self.noise.start_acceleration_m_s2
        self._covariance = (sd_m * sd_m, 0.0, 0.0, speed * speed, 0.0, acceleration * acceleration)
        self.model.start(now_s)

    def send(self, command: float, now_s: float) -> None:
        """Advance to `now_s`, from which a command is in force."""
        if self.started:
            self.predict(now_s)
            self.model.send(command, now_s)

    def predict(self, now_s: float) -> None:
        """Advance to `now_s`; an earlier time changes nothing."""
        elapsed_s = now_s - self._at_s
        if not elapsed_s > 0.0:
            return
        n_steps = math.ceil(elapsed_s / STEP_S)
        step_s, since_s, pushed = elapsed_s / n_steps, self._at_s, 0.0
        damping = self.model.damping_per_s(self.speed_m_s)
        for k in range(1, n_steps + 1):
            push = self.model.advance(since_s + k * step_s)
            pushed += push * push
            rate = self.model.damping_per_s(self.speed_m_s)
            gained = step_s * (push + self.unmodelled_m_s2)
            self.speed_m_s = (self.speed_m_s + gained) / (1.0 + step_s * rate)
            self.position_m += step_s * self.speed_m_s
            if self.position_m < self.model.lowest_m:
                self.position_m = self.model.lowest_m
                self.speed_m_s = max(self.speed_m_s, 0.0)
        self._at_s = now_s
        self._spread(elapsed_s, damping, pushed / n_steps)

    def innovation(self, measured_m: float, sd_m: float) -> Innovation:
        """Return the innovation of a measurement at the time of the last prediction."""
        return Innovation(measured_m - self.position_m, self._covariance[0] + sd_m * sd_m)

    def correct(self, innovation: Innovation) -> None:
        """Correct the estimate by an innovation."""
        zz, zv, za, vv, va, aa = self._covariance
        gain_z, gain_v, gain_a = (x / innovation.variance_m2 for x in (zz, zv, za))
        self.position_m += gain_z * innovation.value_m
        self.speed_m_s += gain_v * innovation.value_m
        self.unmodelled_m_s2 += gain_a * innovation.value_m
        self._covariance = (
            zz - gain_z * zz, zv - gain_z * zv, za - gain_z * za,
            vv - gain_v * zv, va - gain_v * za, aa - gain_a * za,
        )  # fmt: skip

    def _spread(self, elapsed_s: float, damping_per_s: float, push_square: float) -> None:
        """Advance the covariance by P = F P F' + Q, with F = [[1, t, t^2/2], [0, k, t], [0, 0, 1]].

        k is the part of the speed that drag leaves.
        """
        t, half, k = elapsed_s, 0.5 * elapsed_s * elapsed_s, math.exp(-damping_per_s * elapsed_s)
        zz, zv, za, vv, va, aa = self._covariance
        z_z, z_v, z_a = zz + t * zv + half * za, zv + t * vv + half * va, za + t * va + half * aa
        v_v, v_a = k * vv + t * va, k * va + t * aa
        noise = self.noise
        speed = noise.speed_m_s_rs**2 + noise.model_error**2 * push_square
        acceleration = noise.acceleration_m_s2_rs**2
        self._covariance = (
            z_z + t * z_v + half * z_a, k * z_v + t * z_a, z_a,
            k * v_v + t * v_a + speed * t, v_a, aa + acceleration * t,
        )  # fmt: skip
