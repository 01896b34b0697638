"""Attribution of a contradiction between an accelerometer and the model of the actuators.

Two Kalman filters follow the position, one by the acceleration that the model expects after the
commands, one by the accelerometer:

    z' = v,   v' = a + b - q a',   b, q constant,   position sensor y = z + noise

b is the unmodelled acceleration, or the negative bias of the accelerometer; q, for the model alone,
is the error of the time at which commands take effect, which is no fault. Both start some time
before the contradiction was noticed, and the trusted positions correct both. Half the difference
of their normalised innovations squared, accumulated over the positions, decides: a sequential test
of the generalised likelihood ratio, that is with b, q and the noise at their most likely values.
The determinants of the variances are left out, as they favour the filter with less uncertainty even
if both fit. Without them it is the filter with more uncertainty that fits better on average.
Source: Wald, Sequential Tests of Statistical Hypotheses, Annals of Mathematical Statistics 16,
1945, doi:10.1214/aoms/1177731118; Willsky and Jones, A Generalized Likelihood Ratio Approach to the
Detection and Estimation of Jumps in Linear Systems, IEEE Transactions on Automatic Control 21,
1976, doi:10.1109/TAC.1976.1101146.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import NamedTuple

from snn_control.copies import Copied
from snn_control.ranges import require_positive
from snn_control.supervision.observer import Innovation, Observer, Snapshot

__all__ = ["Attribution", "AttributionConfig", "Outcome"]

_APART_S = 0.3
"""Largest difference in time of a position and the last acceleration, s."""


class _Acceleration(NamedTuple):
    """Measured acceleration, its deviation and innovation, m/s^2, and the observer before it."""

    at_s: float
    measured: float
    sd: float
    innovation: float
    state: Snapshot


class _Position(NamedTuple):
    """Measured position and its standard deviation, m."""

    at_s: float
    measured: float
    sd: float


class Outcome(StrEnum):
    """Outcome of a dispute."""

    OPEN = "not attributed: the accelerometer or the actuators"
    """Not decided yet."""
    ACTUATORS = "the actuators do not follow the commands"
    ACCELEROMETER = "the accelerometer contradicts the other sensors"
    NONE = "the contradiction has ended"


@dataclass(frozen=True)
class AttributionConfig:
    """Limits of the decision.

    Raises:
        ParameterError: a limit is not positive.
    """

    log_ratio: float = 7.0
    """Logarithm of the likelihood ratio that decides against the actuators."""
    accelerometer_log_ratio: float = 10.0
    """The same against the accelerometer; greater, as its filter has less uncertainty."""
    most_at_once: float = 4.0
    """Largest contribution of one position to it: a single outlier does not decide."""
    before_s: float = 2.5
    """Time before the contradiction at which the filters start, s."""
    longest_s: float = 3.0
    """Time after which an undecided contradiction counts as ended, s."""
    position_sd_m: float = 0.01
    """Standard deviation of the position at the start, m."""
    speed_sd_m_s: float = 0.03
    """Standard deviation of the speed at the start, m/s."""
    unmodelled_sd_m_s2: float = 0.016
    """Standard deviation of the unmodelled acceleration of healthy actuators, m/s^2."""
    bias_sd_m_s2: float = 0.03
    """Standard deviation of the bias of the accelerometer, m/s^2."""
    timing_sd_s: float = 0.15
    """Standard deviation of the time at which commands take effect, s."""

    def __post_init__(self) -> None:
        require_positive(vars(self), "AttributionConfig")


class _Filter:
    """Kalman filter of position, speed, constant acceleration b and error of timing q."""

    def __init__(self, at_s: float, mean: tuple[float, ...], sd: tuple[float, ...]) -> None:
        self._at_s, self._mean = at_s, (*mean, 0.0)
        z, v, b, q = (one * one for one in sd)
        self._covariance = (z, 0.0, 0.0, 0.0, v, 0.0, 0.0, b, 0.0, q)
        """Upper triangle, row by row."""

    def predict(self, mean_m_s2: float, change_m_s2: float, walk: float, now_s: float) -> None:
        """Advance to `now_s` by a mean acceleration, and its change that may be at another time.

        The variance of the speed grows by `walk`, m^2/s^2.
        """
        t, r = now_s - self._at_s, -change_m_s2
        half, half_r = 0.5 * t * t, 0.5 * t * r
        z, v, b, q = self._mean
        gained_m_s = t * (mean_m_s2 + b) + r * q
        self._at_s, self._mean = now_s, (z + t * (v + 0.5 * gained_m_s), v + gained_m_s, b, q)
        zz, zv, zb, zq, vv, vb, vq, bb, bq, qq = self._covariance
        z_v = zv + t * vv + half * vb + half_r * vq
        z_b = zb + t * vb + half * bb + half_r * bq
        z_q = zq + t * vq + half * bq + half_r * qq
        v_b, v_q = vb + t * bb + r * bq, vq + t * bq + r * qq
        self._covariance = (
            zz + t * (zv + z_v) + half * (zb + z_b) + half_r * (zq + z_q),
            z_v + t * z_b + r * z_q, z_b, z_q,
            vv + t * (vb + v_b) + r * (vq + v_q) + walk, v_b, v_q,
            bb, bq, qq,
        )  # fmt: skip

    def innovation(self, measured_m: float, sd_m: float, at_s: float) -> Innovation:
        """Return the innovation of a position measured at `at_s`."""
        z, v, _, _ = self._mean
        value = measured_m - z - v * (at_s - self._at_s)
        return Innovation(value, self._covariance[0] + sd_m * sd_m)

    def correct(self, innovation: Innovation) -> None:
        """Correct by the innovation of a position."""
        zz, zv, zb, zq, vv, vb, vq, bb, bq, qq = self._covariance
        value, scale = innovation.value, 1.0 / innovation.variance
        g_z, g_v, g_b, g_q = zz * scale, zv * scale, zb * scale, zq * scale
        z, v, b, q = self._mean
        self._mean = z + g_z * value, v + g_v * value, b + g_b * value, q + g_q * value
        self._covariance = (
            zz - g_z * zz, zv - g_z * zv, zb - g_z * zb, zq - g_z * zq,
            vv - g_v * zv, vb - g_v * zb, vq - g_v * zq,
            bb - g_b * zb, bq - g_b * zq, qq - g_q * zq,
        )  # fmt: skip


class Attribution(Copied):
    """Attribution of the contradictions of one accelerometer.

    Outside a dispute it only keeps the measurements of the last `before_s`.

    Args:
        config: limits of the decision.
    """

    def __init__(self, config: AttributionConfig | None = None) -> None:
        self.config = config or AttributionConfig()
        self._accelerations: deque[_Acceleration] = deque()
        self._positions: deque[_Position] = deque()
        self.reset()

    def reset(self) -> None:
        """Delete all measurements, and end the dispute."""
        self._accelerations.clear()
        self._positions.clear()
        self._at_s = -math.inf
        self.end()

    def end(self) -> None:
        """End the dispute, if there is one."""
        self.outcome: Outcome | None = None
        """Outcome of the dispute so far; None: there is none."""
        self.evidence = 0.0
        """Logarithm of the likelihood ratio, positive against the actuators."""
        self._filters: tuple[_Filter, _Filter] | None = None
        self._ends_s = math.inf

    def accelerated(
        self, measured_m_s2: float, sd_m_s2: float, innovation_m_s2: float, observer: Observer
    ) -> None:
        """Add a measured acceleration, the mean since the last one; ignored if it is not finite.

        Args:
            measured_m_s2: measured acceleration, m/s^2.
            sd_m_s2: standard deviation of its noise, m/s^2.
            innovation_m_s2: its innovation by the observer, m/s^2.
            observer: observer at its time, not corrected by it.
        """
        if not math.isfinite(measured_m_s2):
            return
        at_s, past = observer.now_s, self._accelerations
        state = observer.snapshot()
        past.append(_Acceleration(at_s, measured_m_s2, sd_m_s2, innovation_m_s2, state))
        self._at_s, from_s = at_s, at_s - self.config.before_s
        if self.outcome is Outcome.OPEN and at_s > self._ends_s + self.config.longest_s:
            self.outcome = Outcome.NONE  # no position for some time
        if self._filters is not None:
            self._advance(past[-2], past[-1])
        while past[0].at_s < from_s:
            past.popleft()

    def positioned(self, measured_m: float, sd_m: float, at_s: float) -> None:
        """Add a trusted position, m, with its standard deviation, m, and its time, s."""
        if abs(at_s - self._at_s) > _APART_S:
            return
        item = _Position(at_s, measured_m, sd_m)
        self._positions.append(item)
        if self._filters is not None:
            self._compare(item)
        self._forget_positions()

    def dispute(self) -> None:
        """Start a dispute, with the kept measurements; without any there is none."""
        past, config = self._accelerations, self.config
        if not past:
            return
        before, state = past[0], past[0].state
        at_s, z, v = before.at_s, state.position_m, state.speed_m_s
        sd = config.position_sd_m, config.speed_sd_m_s
        model_sd = *sd, config.unmodelled_sd_m_s2, config.timing_sd_s
        self.outcome, self._ends_s = Outcome.OPEN, past[-1].at_s + config.longest_s
        self._filters = (
            _Filter(at_s, (z, v, state.unmodelled_m_s2), model_sd),
            _Filter(at_s, (z, v, -state.bias_m_s2), (*sd, config.bias_sd_m_s2, 0.0)),
        )
        self._forget_positions()
        positions = self._positions.copy()
        for following in islice(past, 1, None):
            while positions and positions[0].at_s < following.at_s:
                self._compare(positions.popleft())
            self._advance(before, following)
            before = following
        for position in positions:
            self._compare(position)

    def explains(self, measured_m: float, sd_m: float, at_s: float, sigma: float) -> bool:
        """Return True if a position agrees with the accelerometer of a dispute."""
        if self._filters is None:
            return False
        innovation = self._filters[1].innovation(measured_m, sd_m, at_s)
        return abs(innovation.value) <= sigma * innovation.sd

    def _forget_positions(self) -> None:
        """Delete the positions before the first acceleration."""
        past, from_s = self._positions, self._accelerations[0].at_s
        while past and past[0].at_s < from_s:
            past.popleft()

    def _advance(self, before: _Acceleration, item: _Acceleration) -> None:
        """Advance both filters of a dispute by an acceleration."""
        assert self._filters is not None
        at_s, measured, sd, innovation, state = item
        modelled = measured - innovation - state.bias_m_s2 - state.unmodelled_m_s2
        change = state.push_m_s2 - before.state.push_m_s2
        model, accelerometer = self._filters
        model.predict(modelled, change, state.walked_m2_s2, at_s)
        accelerometer.predict(measured, 0.0, (sd * (at_s - before.at_s)) ** 2, at_s)

    def _compare(self, item: _Position) -> None:
        """Compare a position with both filters of a dispute, and correct them."""
        assert self._filters is not None
        at_s, measured, sd = item
        model, accelerometer = self._filters
        by_model = model.innovation(measured, sd, at_s)
        by_accelerometer = accelerometer.innovation(measured, sd, at_s)
        model.correct(by_model)
        accelerometer.correct(by_accelerometer)
        if self.outcome is not Outcome.OPEN:
            return
        most, gained = self.config.most_at_once, by_model.normalised - by_accelerometer.normalised
        self.evidence += min(max(0.5 * gained, -most), most)
        if self.evidence >= self.config.log_ratio:
            self.outcome = Outcome.ACTUATORS
        elif self.evidence <= -self.config.accelerometer_log_ratio:
            self.outcome = Outcome.ACCELEROMETER
        elif at_s > self._ends_s:
            self.outcome = Outcome.NONE
