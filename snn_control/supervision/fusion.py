"""Observer of the motion of a vehicle along one axis from several sensors with slow biases.

States are position z (m), speed v (m/s), unmodelled acceleration b (m/s^2) and the bias of each
sensor that has one:

    z' = v,   v' = a(commands) + b - c(v) v,   b' = white noise,   bias' = white noise
    position sensor      y = z + bias + noise
    accelerometer        y = mean of v' since the last prediction + bias + noise

The mean follows the model in steps of at most `STEP_S`, the covariance in one step per prediction,
with the drag of its start. It is plain Python, since calls of NumPy cost more than these few sums.
Source: Bar-Shalom, Li and Kirubarajan, Estimation with Applications to Tracking and Navigation,
2001, chapters 5 and 11 (biases as states), doi:10.1002/0471221279.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from snn_control.copies import Copied
from snn_control.errors import ParameterError
from snn_control.supervision.observer import (
    MOST_STEPS,
    STEP_S,
    Innovation,
    MotionModel,
    ObserverNoise,
    Track,
)

__all__ = ["BiasNoise", "Correction", "FusionObserver"]

POSITION, SPEED, UNMODELLED, BIASES = range(4)
"""Indices of the states; the biases follow in the order of their names."""


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


@dataclass(frozen=True)
class Correction:
    """Innovation of one measurement, with its covariance with the states."""

    innovation: Innovation
    """Innovation; lengths in the unit of the sensor."""
    covariance: tuple[float, ...]
    """Covariance of the innovation with each state."""


class FusionObserver(Copied):
    """Kalman filter of the motion and of the biases of sensors.

    Args:
        model: model of the vehicle; the observer owns its state.
        noise: standard deviations of the motion.
        biases: biases by name; other sensors have none.
    """

    def __init__(
        self, model: MotionModel, noise: ObserverNoise, biases: Mapping[str, BiasNoise]
    ) -> None:
        self.model, self.noise, self.biases = model, noise, dict(biases)
        self._at = {name: BIASES + k for k, name in enumerate(self.biases)}
        self._n = BIASES + len(self.biases)
        self.reset()

    def reset(self) -> None:
        """Discard the estimate, until the next `start`."""
        self._track = Track(math.nan, 0.0)
        self._rest = [0.0] * (self._n - UNMODELLED)
        self._covariance = [[0.0] * self._n for _ in range(self._n)]
        self._now_s = self._mean_m_s2 = self._damping_per_s = 0.0

    @property
    def started(self) -> bool:
        """True after `start`."""
        return math.isfinite(self._track.position_m)

    @property
    def position_m(self) -> float:
        """Estimated position, m; NaN before `start`."""
        return self._track.position_m

    @property
    def position_sd_m(self) -> float:
        """Standard deviation of the position, m."""
        return math.sqrt(max(self._covariance[POSITION][POSITION], 0.0))

    @property
    def speed_m_s(self) -> float:
        """Estimated speed, m/s."""
        return self._track.speed_m_s

    @property
    def unmodelled_m_s2(self) -> float:
        """Estimated acceleration that the model does not explain, m/s^2."""
        return self._rest[0]

    @property
    def now_s(self) -> float:
        """Time of the estimate, s."""
        return self._now_s

    def bias(self, name: str) -> float:
        """Return the estimated bias of a sensor, in its unit."""
        return self._rest[self._at[name] - UNMODELLED]

    def start(self, measured_m: float, sd_m: float, command: float, now_s: float) -> None:
        """Start at a measured position, at rest, with the actuators settled at a command."""
        self.reset()
        self._track.position_m, self._now_s = measured_m, now_s
        noise = self.noise
        spread = [sd_m, noise.start_speed_m_s, noise.start_acceleration_m_s2]
        spread += [bias.start for bias in self.biases.values()]
        for k, sd in enumerate(spread):
            self._covariance[k][k] = sd * sd
        self.model.start(command, now_s)

    def predict(self, now_s: float) -> None:
        """Advance to `now_s`; an earlier time changes nothing."""
        elapsed_s = now_s - self._now_s
        if not elapsed_s > 0.0:
            return
        n_steps = min(math.ceil(elapsed_s / STEP_S), MOST_STEPS)
        step_s, since_s, pushed = elapsed_s / n_steps, self._now_s, 0.0
        before_m_s = self._track.speed_m_s
        self._damping_per_s = self.model.damping_per_s(before_m_s)
        for k in range(1, n_steps + 1):
            push = self.model.advance(since_s + k * step_s)
            pushed += push * push
            self._track.step(push, self._rest[0], step_s, self.model)
        self._now_s = now_s
        self._mean_m_s2 = (self._track.speed_m_s - before_m_s) / elapsed_s
        self._spread(elapsed_s, pushed / n_steps)

    def position(self, measured_m: float, sd_m: float, bias: str = "") -> Correction:
        """Return the correction by a measured position at the time of the last prediction.

        Args:
            measured_m: measured position, m.
            sd_m: standard deviation of its white noise, m.
            bias: name of its bias; empty: none.
        """
        rows = self._covariance
        if not bias:
            covariance = tuple(rows[POSITION])
            value, variance = measured_m - self.position_m, covariance[POSITION]
        else:
            k = self._at[bias]
            covariance = tuple(map(sum, zip(rows[POSITION], rows[k], strict=True)))
            value = measured_m - self.position_m - self.bias(bias)
            variance = covariance[POSITION] + covariance[k]
        return Correction(Innovation(value, variance + sd_m * sd_m), covariance)

    def acceleration(self, measured_m_s2: float, sd_m_s2: float, bias: str = "") -> Correction:
        """Return the correction by the mean acceleration since the last prediction but one.

        Args:
            measured_m_s2: measured acceleration without gravity, m/s^2.
            sd_m_s2: standard deviation of its white noise, m/s^2.
            bias: name of its bias; empty: none.
        """
        rows, c = self._covariance, self._damping_per_s
        covariance = [u - c * v for u, v in zip(rows[UNMODELLED], rows[SPEED], strict=True)]
        value = measured_m_s2 - self._mean_m_s2
        variance = covariance[UNMODELLED] - c * covariance[SPEED]
        if bias:
            k = self._at[bias]
            covariance = [x + y for x, y in zip(covariance, rows[k], strict=True)]
            value -= self.bias(bias)
            variance = covariance[UNMODELLED] - c * covariance[SPEED] + covariance[k]
        return Correction(Innovation(value, variance + sd_m_s2 * sd_m_s2), tuple(covariance))

    def correct(self, correction: Correction) -> None:
        """Correct the estimate."""
        innovation, covariance = correction.innovation, correction.covariance
        scale = 1.0 / innovation.variance_m2
        gains = [scale * x for x in covariance]
        value, track, rest = innovation.value_m, self._track, self._rest
        track.position_m += gains[POSITION] * value
        track.speed_m_s += gains[SPEED] * value
        for k in range(UNMODELLED, self._n):
            rest[k - UNMODELLED] += gains[k] * value
        for row, gain in zip(self._covariance, gains, strict=True):
            for k, x in enumerate(covariance):
                row[k] -= gain * x

    def _spread(self, t: float, push_square: float) -> None:
        """Advance the covariance by P = F P F' + Q; F as in `Observer`, 1 for each bias."""
        half, kept = 0.5 * t * t, math.exp(-self._damping_per_s * t)
        rows = self._covariance
        z, v, b = rows[POSITION], rows[SPEED], rows[UNMODELLED]
        rows[POSITION] = [p + t * q + half * r for p, q, r in zip(z, v, b, strict=True)]
        rows[SPEED] = [kept * q + t * r for q, r in zip(v, b, strict=True)]
        for row in rows:
            p, q, r = row[:BIASES]
            row[POSITION], row[SPEED] = p + t * q + half * r, kept * q + t * r
        noise = self.noise
        speed = noise.speed_m_s_rs**2 + noise.model_error**2 * push_square
        rows[SPEED][SPEED] += speed * t
        rows[UNMODELLED][UNMODELLED] += noise.acceleration_m_s2_rs**2 * t
        for name, bias in self.biases.items():
            k = self._at[name]
            rows[k][k] += bias.walk_rs * bias.walk_rs * t
