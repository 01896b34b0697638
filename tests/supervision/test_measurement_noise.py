"""Measurement noise that follows the innovations, compared with the drawn noise."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest

from snn_control.errors import ObservationError, ParameterError
from snn_control.supervision.measurement_noise import (
    DifferencedNoise,
    MeasurementNoise,
    MeasurementNoiseConfig,
)
from snn_control.supervision.observer import Innovation, Observer
from tests.supervision.point_mass import NOISE, PointMass

CONFIG = MeasurementNoiseConfig(start_sd=0.05, floor_sd=0.003, ceiling_sd=2.0)
PERIOD_S = 0.1


def test_it_follows_its_recursion() -> None:
    noise, variance = MeasurementNoise(CONFIG), 0.05**2
    for value in (0.1, -0.02, 0.3):
        noise.update(Innovation(value, 0.01 + variance))
        variance = 0.95 * variance + 0.05 * (value * value - 0.01)
        assert noise.sd == pytest.approx(math.sqrt(variance), rel=1e-12)


def test_a_deviation_of_the_message_replaces_that_of_the_stream() -> None:
    noise = MeasurementNoise(CONFIG)
    noise.update(Innovation(0.1, 0.01 + 0.2**2), sd=0.2)
    assert noise.sd**2 == pytest.approx(0.95 * 0.05**2, rel=1e-12)


def test_it_stays_within_its_bounds() -> None:
    noise = MeasurementNoise(CONFIG)
    for _ in range(200):
        noise.update(Innovation(0.0, 0.5 + noise.sd**2))
    assert noise.sd == pytest.approx(CONFIG.floor_sd)
    for _ in range(200):
        noise.update(Innovation(1e3, noise.sd**2))
    assert noise.sd == pytest.approx(CONFIG.ceiling_sd)
    noise.reset()
    assert noise.sd == pytest.approx(CONFIG.start_sd)


@pytest.mark.parametrize("sd_m", [0.01, 0.1, 1.0])
def test_in_a_filter_it_finds_the_drawn_noise(sd_m: float) -> None:
    rng, observer = np.random.default_rng(5), Observer(PointMass(), NOISE)
    noise, followed, squares = MeasurementNoise(CONFIG), [], []
    z = v = b = 0.0
    observer.start(0.0, 0.05, 0.0, 0.0)
    for k in range(1, 3001):
        b += NOISE.acceleration_m_s2_rs * math.sqrt(PERIOD_S) * rng.normal()
        v += PERIOD_S * b + NOISE.speed_m_s_rs * math.sqrt(PERIOD_S) * rng.normal()
        z += PERIOD_S * v
        observer.predict(PERIOD_S * k)
        made = observer.position(z + sd_m * rng.normal(), noise.sd)
        noise.update(made.innovation)
        observer.correct(made)
        if k > 300:
            followed.append(noise.sd**2)
            squares.append(made.innovation.normalised)
    assert math.sqrt(np.mean(followed)) == pytest.approx(sd_m, rel=0.1)
    assert 0.9 < np.mean(squares) < 1.2


def test_a_bias_that_begins_reads_as_noise() -> None:
    noise = MeasurementNoise(CONFIG)
    for _ in range(20):
        noise.update(Innovation(0.5, 0.001 + noise.sd**2))
    assert noise.sd == pytest.approx(math.sqrt(0.25 * (1 - 0.95**20)), rel=0.02)


@pytest.mark.parametrize(
    ("value_m", "variance_m2"),
    [(math.nan, 0.01), (math.inf, 0.01), (0.1, math.nan), (0.1, math.inf), (0.1, 0.001)],
)
def test_innovations_without_a_meaning_are_refused(value_m: float, variance_m2: float) -> None:
    noise = MeasurementNoise(CONFIG)
    with pytest.raises(ObservationError, match="innovation"):
        noise.update(Innovation(value_m, variance_m2))
    assert noise.sd == pytest.approx(0.05)


@pytest.mark.parametrize(
    "values",
    [(0.1, 0.2, 1.0), (0.1, 0.0, 1.0), (2.0, 0.1, 1.0), (0.1, 0.1, math.inf), (math.nan, 0.1, 1)],
)
def test_limits_out_of_order_are_refused(values: tuple[float, float, float]) -> None:
    with pytest.raises(ParameterError, match="floor_sd"):
        MeasurementNoiseConfig(*values)


@pytest.mark.parametrize("memory", [-0.1, 1.0, math.nan])
def test_a_memory_out_of_range_is_refused(memory: float) -> None:
    with pytest.raises(ParameterError, match="memory"):
        MeasurementNoiseConfig(0.1, 0.1, 1.0, memory)


def test_a_copy_shares_no_state() -> None:
    noise = MeasurementNoise(CONFIG)
    twin = copy.copy(noise)
    twin.update(Innovation(1.0, 0.05**2))
    assert noise.sd == pytest.approx(0.05)
    assert twin.sd > 0.2


@pytest.mark.parametrize("sd_m", [0.01, 0.05])
def test_neighbours_show_the_noise_of_a_moving_vehicle_at_uneven_times(sd_m: float) -> None:
    rng = np.random.default_rng(6)
    times_s = np.cumsum(rng.uniform(0.06, 0.16, 4000))
    path_m = np.sin(0.5 * times_s)  # up to 0.25 m/s^2
    noise, variances = DifferencedNoise(CONFIG), []
    for time_s, value_m in zip(times_s, path_m + sd_m * rng.normal(size=4000), strict=True):
        noise.add(value_m, time_s)
        variances.append(noise.sd**2)
    assert math.sqrt(np.mean(variances[200:])) == pytest.approx(sd_m, rel=0.05)


def test_a_bias_and_a_gap_are_no_noise() -> None:
    noise = DifferencedNoise(CONFIG)
    for k in range(400):
        if k == 200:  # a step of 1 m, reported by the gate
            noise.interrupt()
        late_s = 5.0 if k >= 300 else 0.0  # moved by 1 m in a gap
        noise.add(float(k >= 200) + float(k >= 300), 0.1 * k + late_s)
        assert noise.sd <= CONFIG.start_sd
    assert noise.sd == pytest.approx(CONFIG.floor_sd)
    noise.reset()
    assert noise.sd == CONFIG.start_sd


def test_values_out_of_order_and_repeated_stamps_are_skipped() -> None:
    noise = DifferencedNoise(CONFIG)
    for stamp_s in (0.1, 0.1, 0.0, 0.1, 0.05):
        noise.add(1e3 * stamp_s, stamp_s)
    assert noise.sd == CONFIG.start_sd
    noise.add(5.0, 0.2)
    noise.add(-5.0, 0.3)
    assert noise.sd == CONFIG.ceiling_sd
