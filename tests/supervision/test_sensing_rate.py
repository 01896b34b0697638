"""Times of measurements compared with the rate that a constant variance gives, and with gusts."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest

from snn_control.errors import ObservationError, ParameterError
from snn_control.supervision.observer import Innovation, Observer
from snn_control.supervision.sensing_rate import (
    FixedRate,
    ProcessNoise,
    ProcessNoiseConfig,
    SensingRate,
    VarianceLimit,
)
from tests.supervision.point_mass import NOISE, PointMass

PERIOD_S, SD_M = 0.1, 0.006


@pytest.mark.parametrize("period_s", [0.1, 0.25, 0.7, 1.0 / 0.37])
def test_a_fixed_rate_has_its_mean_at_any_period_of_the_calls(period_s: float) -> None:
    rate, times_s = FixedRate(period_s), []
    for k in range(10_000):
        if rate.due(PERIOD_S * k, math.nan):
            rate.measured(PERIOD_S * k)
            times_s.append(PERIOD_S * k)
    assert len(times_s) == pytest.approx(1000.0 / period_s, abs=1.5)
    assert np.ptp(np.diff(times_s)) <= PERIOD_S + 1e-9


def test_a_fixed_rate_does_not_catch_up_after_a_gap() -> None:
    rate = FixedRate(1.0)
    rate.measured(0.0)
    rate.measured(50.0)
    assert not rate.due(50.05, 0.0)
    assert rate.due(51.0, 0.0)


def test_a_limit_of_the_variance_and_the_longest_time() -> None:
    rate = VarianceLimit(0.02, longest_s=3.0)
    assert rate.due(0.0, math.nan)
    rate.measured(0.0)
    assert not rate.due(2.9, 0.02**2)
    assert rate.due(0.1, 0.0201**2)
    assert rate.due(3.0, 0.0)


def sensed(
    rate: SensingRate, noise: ProcessNoise | None, scales: tuple[float, ...], seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Return times of measurements, s, and factors of the noise; the motion is that of the model.

    The random walks of the motion are `scales` times those of the model, in turns of 200 s.
    """
    rng, observer = np.random.default_rng(seed), Observer(PointMass(), NOISE)
    z = v = b = 0.0
    observer.start(0.0, SD_M, 0.0, 0.0)
    times_s, factors = [], []
    for k in range(1, 2000 * len(scales) + 1):
        scale = scales[(k - 1) // 2000] * math.sqrt(PERIOD_S)
        b = scale * NOISE.acceleration_m_s2_rs * rng.normal() + b
        v += PERIOD_S * b + scale * NOISE.speed_m_s_rs * rng.normal()
        z += PERIOD_S * v
        observer.predict(PERIOD_S * k)
        if rate.due(PERIOD_S * k, observer.position_sd_m**2):
            rate.measured(PERIOD_S * k)
            made = observer.position(z + SD_M * rng.normal(), SD_M)
            if noise:
                noise.update(made.innovation, SD_M)
                observer.noise = noise.noise
                factors.append(noise.factor)
            observer.correct(made)
            times_s.append(PERIOD_S * k)
    return np.array(times_s), np.array(factors)


def test_with_constant_noise_a_limit_of_the_variance_is_a_fixed_rate() -> None:
    times_s, _ = sensed(VarianceLimit(0.02), None, (1.0, 4.0))
    assert np.ptp(np.diff(times_s[20:])) <= PERIOD_S + 1e-9


def test_a_noise_that_follows_the_innovations_measures_where_it_is_needed() -> None:
    wide = ProcessNoiseConfig(short=12, long=12, lowest=0.1, highest=10.0)
    times_s, factors = sensed(VarianceLimit(0.03), ProcessNoise(NOISE, wide), (1.0, 4.0, 1.0))
    turn = ((times_s - 1e-9) // 200.0).astype(int)
    settled = times_s % 200.0 > 50.0
    means = [np.median(factors[(turn == k) & settled]) for k in range(3)]
    np.testing.assert_allclose(means, (1.0, 4.0, 1.0), rtol=0.35)
    counts = [int(((turn == k) & settled).sum()) for k in range(3)]
    assert min(counts[1] / counts[0], counts[1] / counts[2]) > 1.7


def test_the_factor_is_the_larger_of_its_windows_within_its_limits() -> None:
    noise = ProcessNoise(NOISE, ProcessNoiseConfig(short=2, long=4, lowest=0.5, highest=3.0))
    expected, used = [], 1.0
    for nis in (1.0, 4.0, 0.1, 0.1, 0.1, 100.0):
        spread = 1e-3 * used**2  # variance that grew in proportion to the noise
        noise.update(Innovation(math.sqrt(nis * 1e-3 + SD_M**2), spread + SD_M**2), SD_M)
        expected.append(nis)
        short, long = np.mean(expected[-2:]), np.mean(expected[-4:])
        used = min(max(math.sqrt(max(short, long)), 0.5), 3.0)
        assert noise.factor == pytest.approx(used)
    assert noise.noise.speed_m_s_rs == pytest.approx(3.0 * NOISE.speed_m_s_rs)
    assert noise.noise.model_error == NOISE.model_error
    twin = copy.copy(noise)
    twin.reset()
    assert (twin.factor, noise.factor) == (1.0, pytest.approx(3.0))


@pytest.mark.parametrize(
    ("value_m", "variance_m2"), [(math.nan, 1.0), (math.inf, 1.0), (0.1, math.nan), (0.1, 1e-6)]
)
def test_innovations_without_a_meaning_are_refused(value_m: float, variance_m2: float) -> None:
    noise = ProcessNoise(NOISE)
    with pytest.raises(ObservationError, match="innovation"):
        noise.update(Innovation(value_m, variance_m2), SD_M)
    assert noise.factor == 1.0


def test_settings_out_of_range_are_refused() -> None:
    for period_s in (0.0, math.nan, math.inf):
        with pytest.raises(ParameterError, match="period_s"):
            FixedRate(period_s)
    for limit_m, longest_s in ((0.0, 1.0), (math.nan, 1.0), (0.1, 0.0)):
        with pytest.raises(ParameterError, match=r"limit_m|longest_s"):
            VarianceLimit(limit_m, longest_s)
    for values in ((0, 3), (4, 3), (1, 3, 0.0), (1, 3, 2.0, 1.0), (1, 3, math.nan)):
        with pytest.raises(ParameterError, match=r"short|lowest"):
            ProcessNoiseConfig(*values)  # type: ignore[arg-type]
