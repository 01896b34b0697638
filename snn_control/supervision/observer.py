"""Observer of the motion of a vehicle along one axis: Kalman filter around the vehicle's model.

States are position z (m), speed v (m/s), unmodelled acceleration b (m/s^2), and the biases of a
second position sensor and of an accelerometer:

    z' = v,   v' = a(commands) + b - c(v) v,   b' = white noise,   bias' = white noise
    position sensor          y = z + noise
    biased position sensor   y = z + bias + noise
    accelerometer            y = mean of v' since its last measurement + bias + noise,
                             including the walk of the speed in that time

The mean follows the model in steps of at most `STEP_S`, the covariance in one step per prediction,
with the drag of its start. The sums are written out in plain Python: a call of NumPy costs more
than ten of them. A `Branch` is a prediction without corrections.
Source: Bar-Shalom, Li and Kirubarajan, Estimation with Applications to Tracking and Navigation,
2001, chapters 5 and 11 (biases as states), doi:10.1002/0471221279.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from snn_control.copies import Copied
from snn_control.errors import ParameterError
from snn_control.supervision.motion import Branch, MotionModel, Track

__all__ = [
    "MOST_STEPS",
    "NO_BIAS",
    "STEP_S",
    "BiasNoise",
    "Correction",
    "Innovation",
    "Observer",
    "ObserverNoise",
    "Snapshot",
]

STEP_S = 0.05
"""Maximum step of the mean, s."""
MOST_STEPS = 2000
"""Maximum number of steps of one prediction; the steps of a longer one are longer."""
SPREAD_S = 600.0
"""Longest duration that one prediction adds to the covariance, s: the variance stays finite."""


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
    timing_s: float = 0.0
    """Error of the time at which a change of the modelled acceleration takes effect, s."""


@dataclass(frozen=True)
class BiasNoise:
    """Bias of a sensor, in its unit.

    Raises:
        ParameterError: a value is negative or not finite.
    """

    start: float
    """Standard deviation at the start."""
    walk_rs: float
    """Random walk, per root second."""

    def __post_init__(self) -> None:
        if not (0.0 <= self.start < math.inf and 0.0 <= self.walk_rs < math.inf):
            raise ParameterError(f"{self}: expected finite values of at least 0")


NO_BIAS = BiasNoise(0.0, 0.0)
"""Sensor without a bias."""


class Innovation(NamedTuple):
    """Difference of a measured and the predicted value, in the unit of the sensor."""

    value: float
    """Measured less predicted value."""
    variance: float
    """Variance of the difference by the model."""

    @property
    def sd(self) -> float:
        """Standard deviation by the model."""
        return math.sqrt(self.variance)

    @property
    def normalised(self) -> float:
        """Square of the difference over its variance (NIS); 1 on average."""
        return self.value * self.value / self.variance


class Correction(NamedTuple):
    """Innovation of one measurement, with its covariance with the five states."""

    innovation: Innovation
    covariance: tuple[float, float, float, float, float]
    walk: float = 0.0
    """Covariance of the measured value with the walk of the speed since the last acceleration."""


class Snapshot(NamedTuple):
    """State of an observer at a measured acceleration."""

    position_m: float
    """Position, m."""
    speed_m_s: float
    """Speed, m/s."""
    unmodelled_m_s2: float
    """Unmodelled acceleration, m/s^2."""
    bias_m_s2: float
    """Bias of the accelerometer, m/s^2."""
    push_m_s2: float
    """Last acceleration by the model of the actuators, m/s^2."""
    walked_m2_s2: float
    """Variance of the walk of the speed between the last two measured accelerations, m^2/s^2."""


class Observer(Copied):
    """Kalman filter of position, speed, unmodelled acceleration and biases.

    Args:
        model: model of the vehicle; the observer owns its state.
        noise: standard deviations of the motion.
        position_bias: bias of the second position sensor, m.
        acceleration_bias: bias of the accelerometer, m/s^2.
    """

    def __init__(
        self,
        model: MotionModel,
        noise: ObserverNoise,
        position_bias: BiasNoise = NO_BIAS,
        acceleration_bias: BiasNoise = NO_BIAS,
    ) -> None:
        self.model, self.noise = model, noise
        self._bias_noise = position_bias, acceleration_bias
        self.reset()

    def reset(self) -> None:
        """Discard the estimate, until the next `start`."""
        self.branches: list[Branch] = []
        """Predictions that `predict` advances as well."""
        self.unmodelled_m_s2 = self.position_bias_m = self.acceleration_bias_m_s2 = 0.0
        self._track = Track(math.nan, 0.0)
        self._covariance = (0.0,) * 15
        """Upper triangle of the covariance, row by row."""
        self._now_s = self._damping_per_s = 0.0
        self._gained_m_s = self._walked = self._walked_before = self._push_m_s2 = 0.0
        self._since_s = self._mean_m_s2 = 0.0
        """Start of the interval of the next acceleration, and mean predicted for the last one."""
        self._walk_covariance = (0.0,) * 5
        """Covariance of the states with the walk of the speed in that interval."""

    @property
    def started(self) -> bool:
        """True after `start`."""
        return self._track.position_m == self._track.position_m

    @property
    def finite(self) -> bool:
        """False if a state or a covariance is NaN or infinite."""
        track = self._track
        states = track.position_m + track.speed_m_s + self.unmodelled_m_s2
        biases = self.position_bias_m + self.acceleration_bias_m_s2
        return math.isfinite(states + biases + sum(self._covariance))

    @property
    def position_m(self) -> float:
        """Estimated position, m; NaN before `start`."""
        return self._track.position_m

    @property
    def position_sd_m(self) -> float:
        """Standard deviation of the position, m."""
        return math.sqrt(max(self._covariance[0], 0.0))

    @property
    def speed_m_s(self) -> float:
        """Estimated speed, m/s."""
        return self._track.speed_m_s

    @property
    def now_s(self) -> float:
        """Time of the estimate, s."""
        return self._now_s

    def snapshot(self) -> Snapshot:
        """Return the state for a comparison of the model with other predictions."""
        track = self._track
        return Snapshot(
            track.position_m, track.speed_m_s, self.unmodelled_m_s2, self.acceleration_bias_m_s2,
            self._push_m_s2, self._walked_before,
        )  # fmt: skip

    def start(self, measured_m: float, sd_m: float, command: float, now_s: float) -> None:
        """Start at a measured position, at rest, with the actuators settled at a command."""
        self.reset()
        self._track.position_m, self._now_s = measured_m, now_s
        self._since_s = now_s
        position, acceleration = self._bias_noise
        noise = self.noise
        self._covariance = (
            sd_m**2, 0.0, 0.0, 0.0, 0.0,
            noise.start_speed_m_s**2, 0.0, 0.0, 0.0,
            noise.start_acceleration_m_s2**2, 0.0, 0.0,
            position.start**2, 0.0,
            acceleration.start**2,
        )  # fmt: skip
        self.model.start(command, now_s)

    def widen(self, position_sd_m: float, speed_sd_m_s: float, acceleration_sd_m_s2: float) -> None:
        """Add to the variances of the motion, after evidence against the model."""
        p = self._covariance
        self._covariance = (
            p[0] + position_sd_m**2, *p[1:5], p[5] + speed_sd_m_s**2, *p[6:9],
            p[9] + acceleration_sd_m_s2**2, *p[10:],
        )  # fmt: skip

    def branch(self, spread: float) -> Branch:
        """Add a prediction from the present estimate on; `predict` advances it.

        Args:
            spread: error of the modelled acceleration, as a fraction of it.
        """
        zz, zv, zb, _, _, vv, vb, _, _, bb = self._covariance[:10]
        q_v, q_b = self.noise.speed_m_s_rs**2, self.noise.acceleration_m_s2_rs**2
        variance = (zz, 2.0 * zv, vv + zb, vb + q_v / 3.0, bb / 4.0, q_b / 20.0)
        branch = Branch(self._track, self.unmodelled_m_s2, spread, self._now_s, variance)
        self.branches.append(branch)
        return branch

    def end(self, branch: Branch) -> None:
        """Remove a prediction; one that is not there is ignored."""
        if branch in self.branches:
            self.branches.remove(branch)

    def follow(self, branch: Branch) -> None:
        """Replace the mean by that of a branch: corrections since its start were wrong."""
        self._track = Track(branch.position_m, branch.tracks[0].speed_m_s)
        self.unmodelled_m_s2 = branch.unmodelled_m_s2
        uncorrected_s = self._now_s - branch.start_s
        self._damping_per_s = self.model.damping_per_s(self.speed_m_s)
        self._spread(uncorrected_s, 0.0, 0.0)

    def predict(self, now_s: float) -> None:
        """Advance to `now_s`; an earlier time changes nothing."""
        since_s = self._now_s
        elapsed_s = now_s - since_s
        if not elapsed_s > 0.0:
            return
        n_steps = min(math.ceil(elapsed_s / STEP_S), MOST_STEPS)
        step_s, pushed, jumped = elapsed_s / n_steps, 0.0, 0.0
        last = self._push_m_s2
        track, model, unmodelled = self._track, self.model, self.unmodelled_m_s2
        before_m_s = track.speed_m_s
        self._damping_per_s = model.damping_per_s(before_m_s)
        for k in range(1, n_steps + 1):
            push = model.advance(since_s + k * step_s)
            pushed += push * push
            jumped += (push - last) * (push - last)
            last = push
            track.step(push, unmodelled, step_s, model)
            for branch in self.branches:
                for other in branch.tracks:
                    other.step(push, branch.unmodelled_m_s2, step_s, model)
        self._now_s, self._push_m_s2 = now_s, last
        self._gained_m_s += track.speed_m_s - before_m_s
        self._spread(elapsed_s, pushed / n_steps, jumped)

    def position(self, measured_m: float, sd_m: float, biased: bool = False) -> Correction:
        """Return the correction by a measured position at the time of the last prediction.

        Args:
            measured_m: measured position, m.
            sd_m: standard deviation of its white noise, m.
            biased: True for the sensor with a bias.
        """
        zz, zv, zb, zp, za, _, _, vp, _, _, bp, _, pp, pa, _ = self._covariance
        value, noise = measured_m - self._track.position_m, sd_m * sd_m
        walk = self._walk_covariance
        if not biased:
            return Correction(Innovation(value, zz + noise), (zz, zv, zb, zp, za), walk[0])
        column = zz + zp, zv + vp, zb + bp, zp + pp, za + pa
        innovation = Innovation(value - self.position_bias_m, column[0] + column[3] + noise)
        return Correction(innovation, column, walk[0] + walk[3])

    def measured_bias(self, bias_m: float, sd_m: float) -> Correction:
        """Return the correction by the bias of the second position sensor, known from elsewhere.

        Args:
            bias_m: bias, m.
            sd_m: its standard deviation, m.
        """
        _, _, _, zp, _, _, _, vp, _, _, bp, _, pp, pa, _ = self._covariance
        innovation = Innovation(bias_m - self.position_bias_m, pp + sd_m * sd_m)
        return Correction(innovation, (zp, vp, bp, pp, pa), self._walk_covariance[3])

    def acceleration(self, measured_m_s2: float, sd_m_s2: float) -> Correction:
        """Return the correction by the mean acceleration since the last measured one.

        Args:
            measured_m_s2: measured acceleration without gravity, m/s^2.
            sd_m_s2: standard deviation of its white noise, m/s^2.
        """
        _, zv, zb, _, za, vv, vb, vp, va, bb, bp, ba, _, pa, aa = self._covariance
        c, elapsed_s = self._damping_per_s, self._now_s - self._since_s
        speed, unmodelled, bias = vb - c * vv + va, bb - c * vb + ba, ba - c * va + aa
        z, v, b, p, a = zb - c * zv + za, speed, unmodelled, bp - c * vp + pa, bias
        variance = unmodelled - c * speed + bias + sd_m_s2 * sd_m_s2
        if elapsed_s > 0.0:
            rate = 1.0 / elapsed_s
            self._mean_m_s2 = self._gained_m_s * rate
            # A change that takes effect late is an error of the next interval as well.
            walked = self._walked + self._walked_before
            w_z, w_v, w_b, w_p, w_a = self._walk_covariance
            variance += (walked * rate + 2.0 * (w_b - c * w_v + w_a)) * rate
            z, v, b, p, a = (
                z + rate * w_z,
                v + rate * w_v,
                b + rate * w_b,
                p + rate * w_p,
                a + rate * w_a,
            )
            self._walked_before = self._walked
            self._since_s, self._gained_m_s, self._walked = self._now_s, 0.0, 0.0
            self._walk_covariance = (0.0,) * 5
        value = measured_m_s2 - self._mean_m_s2 - self.acceleration_bias_m_s2
        return Correction(Innovation(value, variance), (z, v, b, p, a))

    def correct(self, correction: Correction) -> None:
        """Correct the estimate."""
        (value, variance), (z, v, b, p, a), walk = correction
        scale = 1.0 / variance
        gain_z, gain_v, gain_b = z * scale, v * scale, b * scale
        gain_p, gain_a = p * scale, a * scale
        track = self._track
        track.position_m += gain_z * value
        track.speed_m_s += gain_v * value
        self.unmodelled_m_s2 += gain_b * value
        self.position_bias_m += gain_p * value
        self.acceleration_bias_m_s2 += gain_a * value
        if walk:
            w_z, w_v, w_b, w_p, w_a = self._walk_covariance
            self._walk_covariance = (
                w_z - gain_z * walk, w_v - gain_v * walk, w_b - gain_b * walk,
                w_p - gain_p * walk, w_a - gain_a * walk,
            )  # fmt: skip
        zz, zv, zb, zp, za, vv, vb, vp, va, bb, bp, ba, pp, pa, aa = self._covariance
        self._covariance = (
            zz - gain_z * z, zv - gain_z * v, zb - gain_z * b, zp - gain_z * p, za - gain_z * a,
            vv - gain_v * v, vb - gain_v * b, vp - gain_v * p, va - gain_v * a,
            bb - gain_b * b, bp - gain_b * p, ba - gain_b * a,
            pp - gain_p * p, pa - gain_p * a,
            aa - gain_a * a,
        )  # fmt: skip

    def _spread(self, t: float, push_square: float, jump_square: float) -> None:
        """Advance the covariance by P = F P F' + Q.

        F = [[1, t, t^2/2], [0, k, t], [0, 0, 1]] and 1 for each bias; k is the part of the speed
        that drag leaves.
        """
        t = min(t, SPREAD_S)
        half, k = 0.5 * t * t, math.exp(-self._damping_per_s * t)
        zz, zv, zb, zp, za, vv, vb, vp, va, bb, bp, ba, pp, pa, aa = self._covariance
        z_v, z_b = zv + t * vv + half * vb, zb + t * vb + half * bb
        v_b = k * vb + t * bb
        noise, (position, acceleration) = self.noise, self._bias_noise
        speed = noise.speed_m_s_rs**2 + noise.model_error**2 * push_square
        walk = speed * t + noise.timing_s**2 * jump_square
        self._walked += walk
        w_z, w_v, w_b, w_p, w_a = self._walk_covariance
        self._walk_covariance = w_z + t * w_v + half * w_b, k * w_v + t * w_b + walk, w_b, w_p, w_a
        self._covariance = (
            zz + t * zv + half * zb + t * z_v + half * z_b,
            k * z_v + t * z_b, z_b, zp + t * vp + half * bp, za + t * va + half * ba,
            k * (k * vv + t * vb) + t * v_b + walk,
            v_b, k * vp + t * bp, k * va + t * ba,
            bb + noise.acceleration_m_s2_rs**2 * t, bp, ba,
            pp + position.walk_rs**2 * t, pa,
            aa + acceleration.walk_rs**2 * t,
        )  # fmt: skip
