"""Observer of the motion of a vehicle along one axis: Kalman filter around the vehicle's model.

States are position z (m), speed v (m/s) and the unmodelled acceleration b (m/s^2):

    z' = v,   v' = a(commands) + b - c(v) v,   b' = white noise

The mean follows the model in steps of at most `STEP_S`, the covariance in one step per prediction.
A `Branch` is a prediction without corrections, with a range for the error of the model.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

from snn_control.copies import Copied

__all__ = [
    "MOST_STEPS",
    "STEP_S",
    "Branch",
    "Innovation",
    "MotionModel",
    "Observer",
    "ObserverNoise",
]

STEP_S = 0.05
"""Maximum step of the mean, s."""
MOST_STEPS = 2000
"""Maximum number of steps of one prediction; the steps of a longer one are longer."""


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


@dataclass(frozen=True)
class ObserverNoise:
    """Standard deviations of start and process."""

    start_speed_m_s: float
    """Speed at the start, m/s."""
    start_acceleration_m_s2: float
    """Unmodelled acceleration at the start, m/s^2."""
    speed_m_s_rs: float
    """Random walk of the speed, m/s per root second."""
    acceleration_m_s2_rs: float
    """Random walk of the unmodelled acceleration, m/s^2 per root second."""
    model_error: float
    """Error of the modelled acceleration, as a fraction of it."""


@dataclass(frozen=True)
class Innovation:
    """Difference of a measured and the predicted position."""

    value_m: float
    """Measured less predicted position, m."""
    variance_m2: float
    """Variance of the difference by the model, m^2."""

    @property
    def sd_m(self) -> float:
        """Standard deviation by the model, m."""
        return math.sqrt(self.variance_m2)

    @property
    def normalised(self) -> float:
        """Square of the difference over its variance (NIS); 1 on average."""
        return self.value_m * self.value_m / self.variance_m2


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


class Observer(Copied):
    """Kalman filter of position, speed and unmodelled acceleration.

    Args:
        model: model of the vehicle; the observer owns its state.
        noise: standard deviations.
    """

    def __init__(self, model: MotionModel, noise: ObserverNoise) -> None:
        self.model, self.noise = model, noise
        self.reset()

    def reset(self) -> None:
        """Discard the estimate, until the next `start`."""
        self.branches: list[Branch] = []
        """Predictions that `predict` advances as well."""
        self.unmodelled_m_s2 = 0.0
        self._track = Track(math.nan, 0.0)
        self._covariance = (0.0,) * 6
        """Upper triangle of the covariance of position, speed and unmodelled acceleration."""
        self._at_s = 0.0

    @property
    def started(self) -> bool:
        """True after `start`."""
        return math.isfinite(self._track.position_m)

    @property
    def position_m(self) -> float:
        """Estimated position, m; NaN before `start`."""
        return self._track.position_m

    @property
    def speed_m_s(self) -> float:
        """Estimated speed, m/s."""
        return self._track.speed_m_s

    def start(self, measured_m: float, sd_m: float, command: float, now_s: float) -> None:
        """Start at a measured position, at rest, with the actuators settled at a command."""
        self.reset()
        self._track.position_m, self._at_s = measured_m, now_s
        speed, acceleration = self.noise.start_speed_m_s, self.noise.start_acceleration_m_s2
        self._covariance = (sd_m * sd_m, 0.0, 0.0, speed * speed, 0.0, acceleration * acceleration)
        self.model.start(command, now_s)

    def branch(self, spread: float) -> Branch:
        """Add a prediction from the present estimate on; `predict` advances it.

        Args:
            spread: error of the modelled acceleration, as a fraction of it.
        """
        zz, zv, za, vv, va, aa = self._covariance
        q_v, q_a = self.noise.speed_m_s_rs**2, self.noise.acceleration_m_s2_rs**2
        variance = (zz, 2.0 * zv, vv + za, va + q_v / 3.0, aa / 4.0, q_a / 20.0)
        branch = Branch(self._track, self.unmodelled_m_s2, spread, self._at_s, variance)
        self.branches.append(branch)
        return branch

    def follow(self, branch: Branch) -> None:
        """Replace the mean by that of a branch: corrections since its start were wrong."""
        self._track = Track(branch.position_m, branch.tracks[0].speed_m_s)
        self.unmodelled_m_s2 = branch.unmodelled_m_s2
        uncorrected_s = self._at_s - branch.start_s
        self._spread(uncorrected_s, self.model.damping_per_s(self.speed_m_s), 0.0)

    def predict(self, now_s: float) -> None:
        """Advance to `now_s`; an earlier time changes nothing."""
        elapsed_s = now_s - self._at_s
        if not elapsed_s > 0.0:
            return
        n_steps = min(math.ceil(elapsed_s / STEP_S), MOST_STEPS)
        step_s, since_s, pushed = elapsed_s / n_steps, self._at_s, 0.0
        damping = self.model.damping_per_s(self.speed_m_s)
        for k in range(1, n_steps + 1):
            push = self.model.advance(since_s + k * step_s)
            pushed += push * push
            self._track.step(push, self.unmodelled_m_s2, step_s, self.model)
            for branch in self.branches:
                for track in branch.tracks:
                    track.step(push, branch.unmodelled_m_s2, step_s, self.model)
        self._at_s = now_s
        self._spread(elapsed_s, damping, pushed / n_steps)

    def innovation(self, measured_m: float, sd_m: float) -> Innovation:
        """Return the innovation of a measurement at the time of the last prediction."""
        return Innovation(measured_m - self.position_m, self._covariance[0] + sd_m * sd_m)

    def correct(self, innovation: Innovation) -> None:
        """Correct the estimate by an innovation."""
        zz, zv, za, vv, va, aa = self._covariance
        gain_z, gain_v, gain_a = (x / innovation.variance_m2 for x in (zz, zv, za))
        self._track.position_m += gain_z * innovation.value_m
        self._track.speed_m_s += gain_v * innovation.value_m
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
