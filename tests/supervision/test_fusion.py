"""Observer of several sensors compared with a general Kalman filter and with simulated motion."""

from __future__ import annotations

import copy
import math
import time

import numpy as np
import pytest

from snn_control.errors import ParameterError
from snn_control.supervision.fusion import BiasNoise, FusionObserver
from snn_control.supervision.observer import Observer
from tests.supervision.point_mass import NOISE, PointMass

PERIOD_S, SD_M, BARO_M, ACC_M_S2 = 0.1, 0.006, 0.06, 0.025
BIASES = {"barometer": BiasNoise(0.3, 0.015), "accelerometer": BiasNoise(0.05, 0.001)}


def make(damping_per_s: float = 0.0) -> FusionObserver:
    observer = FusionObserver(PointMass(damping_per_s), NOISE, BIASES)
    observer.start(1.0, SD_M, 0.0, 0.0)
    return observer


def test_without_biases_it_is_the_observer_of_one_sensor() -> None:
    rng = np.random.default_rng(3)
    one = Observer(PointMass(0.3), NOISE)
    several = FusionObserver(PointMass(0.3), NOISE, {})
    for each in (one, several):
        each.start(1.0, SD_M, 0.2, 0.0)
        each.model.send(0.4, 0.0)
    for k in range(1, 200):
        measured_m = 1.0 + 0.05 * k + rng.normal(0.0, 0.01)
        one.predict(PERIOD_S * k)
        one.correct(one.innovation(measured_m, SD_M))
        several.predict(PERIOD_S * k)
        several.correct(several.position(measured_m, SD_M))
        assert several.position_m == pytest.approx(one.position_m, rel=1e-12)
        assert several.unmodelled_m_s2 == pytest.approx(one.unmodelled_m_s2, rel=1e-9, abs=1e-12)


def test_covariances_are_those_of_a_general_filter() -> None:
    damping, t, rng = 0.3, PERIOD_S, np.random.default_rng(1)
    observer = make(damping)
    spread = [SD_M, NOISE.start_speed_m_s, NOISE.start_acceleration_m_s2, 0.3, 0.05]
    p = np.diag(np.square(spread))
    f = np.eye(5)
    f[0, 1:3], f[1, 1:3] = (t, t * t / 2), (math.exp(-damping * t), t)
    walks = [0.0, NOISE.speed_m_s_rs, NOISE.acceleration_m_s2_rs, 0.015, 0.001]
    q = np.diag(np.square(walks)) * t
    sensors = {
        "lidar": (np.array([1.0, 0, 0, 0, 0]), SD_M),
        "barometer": (np.array([1.0, 0, 0, 1, 0]), BARO_M),
        "accelerometer": (np.array([0, -damping, 1.0, 0, 1]), ACC_M_S2),
    }
    for k in range(1, 80):
        observer.predict(k * t)
        p = f @ p @ f.T + q
        for name, (h, sd) in sensors.items():
            if name == "lidar" and k > 40:
                continue
            measured = rng.normal(1.0 if name != "accelerometer" else 0.0, 0.01)
            bias = "" if name == "lidar" else name
            made = (
                observer.acceleration(measured, sd, bias)
                if name == "accelerometer"
                else observer.position(measured, sd, bias)
            )
            variance = h @ p @ h + sd**2
            assert made.innovation.variance_m2 == pytest.approx(variance, rel=1e-9)
            np.testing.assert_allclose(made.covariance, p @ h, rtol=1e-7, atol=1e-15)
            observer.correct(made)
            gain = p @ h / variance
            p = p - np.outer(gain, h @ p)
        assert observer.position_sd_m == pytest.approx(math.sqrt(p[0, 0]), rel=1e-9)


def simulate(observer: FusionObserver, seed: int, lidar_until_s: float) -> tuple[float, float]:
    """Return the mean NIS of the barometer and the error at the end of 60 s, m."""
    rng, z, v, b = np.random.default_rng(seed), 1.0, 0.0, 0.0
    baro_bias, acc_bias, nis, command = rng.normal(0, 0.3), rng.normal(0, 0.05), [], 0.0
    for k in range(1, 601):
        before = v
        b += NOISE.acceleration_m_s2_rs * math.sqrt(PERIOD_S) * rng.normal()
        command = 0.3 * math.sin(0.05 * k) - 0.5 * (z - 1.0) - v
        observer.model.send(command, PERIOD_S * (k - 1))
        v += PERIOD_S * (command + b) + NOISE.speed_m_s_rs * math.sqrt(PERIOD_S) * rng.normal()
        z += PERIOD_S * v
        baro_bias += 0.015 * math.sqrt(PERIOD_S) * rng.normal()
        observer.predict(PERIOD_S * k)
        if PERIOD_S * k < lidar_until_s:
            observer.correct(observer.position(z + rng.normal(0, SD_M), SD_M))
        measured = observer.position(z + baro_bias + rng.normal(0, BARO_M), BARO_M, "barometer")
        nis.append(measured.innovation.normalised)
        observer.correct(measured)
        acceleration = (v - before) / PERIOD_S + acc_bias + rng.normal(0, ACC_M_S2)
        observer.correct(observer.acceleration(acceleration, ACC_M_S2, "accelerometer"))
    return float(np.mean(nis)), abs(observer.position_m - z)


def test_the_estimate_is_consistent_and_bridges_a_lost_sensor() -> None:
    results = [simulate(make(), seed, 30.0) for seed in range(20)]
    nis, errors_m = np.array(results).T
    assert 0.9 < nis.mean() < 1.15
    assert np.quantile(errors_m, 0.9) < 0.25
    healthy = [simulate(make(), seed, 60.0)[1] for seed in range(5)]
    assert max(healthy) < 0.03


def test_biases_are_estimated_while_the_lidar_is_there() -> None:
    observer = make()
    for k in range(1, 400):
        observer.predict(PERIOD_S * k)
        observer.correct(observer.position(1.0, SD_M))
        observer.correct(observer.position(1.4, BARO_M, "barometer"))
        observer.correct(observer.acceleration(0.03, ACC_M_S2, "accelerometer"))
    assert observer.bias("barometer") == pytest.approx(0.4, abs=0.02)
    assert observer.bias("accelerometer") == pytest.approx(0.03, abs=0.01)
    twin = copy.deepcopy(observer)
    twin.predict(100.0)
    assert observer.now_s == pytest.approx(39.9)
    assert twin.position_sd_m > 1.0


def test_invalid_biases_are_refused() -> None:
    for values in ((-1.0, 0.0), (1.0, math.inf), (math.nan, 0.0)):
        with pytest.raises(ParameterError):
            BiasNoise(*values)


def test_a_tick_of_three_sensors_takes_microseconds() -> None:
    observer, took = make(), []
    for k in range(1, 2001):
        started = time.perf_counter()
        observer.predict(PERIOD_S * k)
        observer.correct(observer.position(1.0, SD_M))
        observer.correct(observer.position(1.0, BARO_M, "barometer"))
        observer.correct(observer.acceleration(0.0, ACC_M_S2, "accelerometer"))
        took.append(time.perf_counter() - started)
    assert np.median(took) < 100e-6
