"""Observer compared with closed forms, a general Kalman filter and simulated vehicles."""

from __future__ import annotations

import copy
import math
import time
from dataclasses import replace

import numpy as np
import pytest

from snn_control.errors import ParameterError
from snn_control.supervision.observer import MOST_STEPS, BiasNoise, Observer
from tests.supervision.point_mass import NOISE, PointMass

PERIOD_S, SD_M, BARO_M, ACC_M_S2 = 0.1, 0.006, 0.06, 0.025


def make(damping_per_s: float = 0.0) -> Observer:
    """Return an observer of three sensors that has started."""
    biases = BiasNoise(0.3, 0.015), BiasNoise(0.05, 0.001)
    observer = Observer(PointMass(damping_per_s), NOISE, *biases)
    observer.start(1.0, SD_M, 0.0, 0.0)
    return observer


def test_the_mean_follows_the_command() -> None:
    observer = Observer(PointMass(), NOISE)
    observer.start(1.0, SD_M, 0.0, 0.0)
    observer.model.send(0.5, 0.0)
    observer.predict(2.0)
    assert observer.position_m == pytest.approx(1.0 + 0.5 * 0.5 * 2.0**2, rel=0.03)
    assert observer.speed_m_s == pytest.approx(1.0)


def test_the_mean_reaches_the_terminal_speed() -> None:
    observer = Observer(PointMass(damping_per_s=0.5), NOISE)
    observer.start(1.0, SD_M, 0.0, 0.0)
    observer.model.send(0.2, 0.0)
    for k in range(1, 301):
        observer.predict(0.1 * k)
    assert observer.speed_m_s == pytest.approx(0.2 / 0.5, rel=1e-4)


def test_the_floor_ends_the_descent() -> None:
    observer = Observer(PointMass(lowest_m=0.06), NOISE)
    observer.start(0.5, SD_M, 0.0, 0.0)
    observer.model.send(-1.0, 0.0)
    observer.predict(5.0)
    assert (observer.position_m, observer.speed_m_s) == (0.06, 0.0)


def test_the_covariance_is_that_of_a_general_filter() -> None:
    noise, damping = replace(NOISE, model_error=0.2), 0.3
    observer = Observer(PointMass(damping), noise)
    observer.start(1.0, SD_M, 0.0, 0.0)
    observer.model.send(0.4, 0.0)
    spread = (SD_M, noise.start_speed_m_s, noise.start_acceleration_m_s2)
    covariance, mean = np.diag(np.square(spread)), np.array([1.0, 0.0, 0.0])
    t, rng = PERIOD_S, np.random.default_rng(1)
    transition = np.array([[1, t, t * t / 2], [0, math.exp(-damping * t), t], [0, 0, 1]])
    speed = noise.speed_m_s_rs**2 + (noise.model_error * 0.4) ** 2
    process = np.diag([0.0, speed * t, noise.acceleration_m_s2_rs**2 * t])
    for k in range(1, 101):
        observer.predict(k * t)
        covariance = transition @ covariance @ transition.T + process
        measured_m = observer.position_m + rng.normal(0, 0.01)
        made = observer.position(measured_m, SD_M)
        assert made.innovation.variance == pytest.approx(covariance[0, 0] + SD_M**2, rel=1e-9)
        before = np.array([observer.position_m, observer.speed_m_s, observer.unmodelled_m_s2])
        observer.correct(made)
        gain = covariance[:, 0] / made.innovation.variance
        mean = before + gain * (measured_m - before[0])
        covariance = covariance - np.outer(gain, covariance[0])
        after = (observer.position_m, observer.speed_m_s, observer.unmodelled_m_s2)
        assert after == pytest.approx(mean.tolist(), rel=1e-9, abs=1e-12)


def test_an_unmodelled_acceleration_is_estimated() -> None:
    observer = Observer(PointMass(damping_per_s=0.2), NOISE)
    height_m, speed_m_s = 1.0, 0.0
    observer.start(height_m, SD_M, 0.0, 0.0)
    for k in range(1, 201):
        speed_m_s = (speed_m_s + PERIOD_S * 0.05) * math.exp(-0.2 * PERIOD_S)
        height_m += PERIOD_S * speed_m_s
        observer.predict(k * PERIOD_S)
        observer.correct(observer.position(height_m, SD_M))
    assert observer.unmodelled_m_s2 == pytest.approx(0.05, abs=0.005)


def test_innovations_have_the_predicted_variance() -> None:
    """Normalised innovations of vehicles that obey the assumptions are 1 on average."""
    noise, normalised = NOISE, []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        observer = Observer(PointMass(), NOISE)
        height_m, speed_m_s = 1.0, noise.start_speed_m_s * rng.normal()
        bias = noise.start_acceleration_m_s2 * rng.normal()
        observer.start(height_m + SD_M * rng.normal(), SD_M, 0.0, 0.0)
        for k in range(1, 301):
            height_m += PERIOD_S * speed_m_s + PERIOD_S**2 / 2 * bias
            speed_m_s += PERIOD_S * bias + noise.speed_m_s_rs * math.sqrt(PERIOD_S) * rng.normal()
            bias += noise.acceleration_m_s2_rs * math.sqrt(PERIOD_S) * rng.normal()
            observer.predict(k * PERIOD_S)
            made = observer.position(height_m + SD_M * rng.normal(), SD_M)
            normalised.append(made.innovation.normalised)
            observer.correct(made)
    assert np.mean(normalised) == pytest.approx(1.0, abs=0.1)


def test_an_earlier_time_changes_nothing() -> None:
    observer = Observer(PointMass(), NOISE)
    observer.start(1.0, SD_M, 0.0, 10.0)
    observer.model.send(1.0, 10.0)
    observer.predict(11.0)
    before = observer.position_m
    observer.predict(10.5)
    assert observer.position_m == before


def test_the_actuators_start_settled_at_the_command() -> None:
    observer = Observer(PointMass(), NOISE)
    observer.start(1.0, SD_M, 0.4, 5.0)
    observer.predict(6.0)
    assert observer.position_m == pytest.approx(1.2, rel=0.05)


def test_a_branch_is_not_corrected_and_covers_the_error_of_the_model() -> None:
    observer = Observer(PointMass(), NOISE)
    observer.start(1.0, SD_M, 1.0, 0.0)
    branch = observer.branch(0.3)
    for k in range(1, 21):
        observer.predict(0.1 * k)
        observer.correct(observer.position(1.0, SD_M))
    assert abs(observer.position_m - 1.0) < 0.1
    assert branch.position_m == pytest.approx(3.0, rel=0.03)
    for measured_m, distance_m in ((2.4, 0.0), (3.6, 0.0), (1.0, 1.4), (4.6, 1.0)):
        assert branch.distance_m(measured_m) == pytest.approx(distance_m, abs=0.1)
    observer.follow(branch)
    assert (observer.position_m, observer.unmodelled_m_s2) == (branch.position_m, 0.0)


def test_the_variance_of_a_branch_is_that_of_the_filter() -> None:
    observer = Observer(PointMass(), NOISE)
    observer.start(1.0, SD_M, 0.0, 0.0)
    for k in range(1, 31):
        observer.predict(0.1 * k)
        observer.correct(observer.position(1.0, SD_M))
    branch = observer.branch(0.0)
    for k in range(1, 31):
        observer.predict(3.0 + 0.1 * k)
    expected = observer.position(1.0, 0.0).innovation.variance
    assert branch.variance_m2(3.0) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("duration_s", [0.5, 3.0, 20.0])
def test_the_variance_of_a_branch_is_the_integral_of_the_noise(duration_s: float) -> None:
    """Noise of the speed acts on the position over t, that of the acceleration over t^2 / 2."""
    observer = Observer(PointMass(), NOISE)
    observer.start(1.0, SD_M, 0.0, 0.0)
    at_s = np.linspace(0.0, duration_s, 20_001)
    noise = (NOISE.speed_m_s_rs * at_s) ** 2 + (NOISE.acceleration_m_s2_rs * at_s**2 / 2) ** 2
    start = SD_M**2 + (NOISE.start_speed_m_s * duration_s) ** 2
    start += (NOISE.start_acceleration_m_s2 * duration_s**2 / 2) ** 2
    expected = start + np.trapezoid(noise, at_s)
    assert observer.branch(0.3).variance_m2(duration_s) == pytest.approx(expected, rel=1e-6)


def test_a_followed_branch_replaces_the_estimate_and_widens_its_variance() -> None:
    """The measurement after 2 s was wrong; the variance grows by those of 2 s without it."""
    damping_per_s, push_m_s2, t = 0.3, 0.2, 2.0
    observer = Observer(PointMass(damping_per_s), NOISE)
    observer.start(1.0, SD_M, push_m_s2, 0.0)
    branch = observer.branch(0.4)
    observer.predict(t)
    observer.correct(observer.position(1.0, SD_M))
    observer.follow(branch)
    settled_m_s = push_m_s2 / damping_per_s
    speed_m_s = settled_m_s * (1.0 - math.exp(-damping_per_s * t))
    assert observer.speed_m_s == pytest.approx(speed_m_s, rel=0.02)
    position_m = 1.0 + settled_m_s * t - speed_m_s / damping_per_s
    assert observer.position_m == pytest.approx(position_m, rel=0.02)
    assert observer.unmodelled_m_s2 == 0.0

    spread = (SD_M, NOISE.start_speed_m_s, NOISE.start_acceleration_m_s2)
    covariance = np.diag(np.square(spread))
    transition = np.array([[1, t, t * t / 2], [0, math.exp(-damping_per_s * t), t], [0, 0, 1]])
    process = np.diag([0.0, NOISE.speed_m_s_rs**2 * t, NOISE.acceleration_m_s2_rs**2 * t])
    error = np.diag([0.0, (NOISE.model_error * push_m_s2) ** 2 * t, 0.0])
    covariance = transition @ covariance @ transition.T + process + error
    gain = covariance[:, 0] / (covariance[0, 0] + SD_M**2)
    covariance = covariance - np.outer(gain, covariance[0])
    covariance = transition @ covariance @ transition.T + process
    made = observer.position(observer.position_m + 0.1, SD_M)
    assert made.innovation.variance == pytest.approx(covariance[0, 0] + SD_M**2, rel=1e-9)
    before = np.array([observer.position_m, observer.speed_m_s, observer.unmodelled_m_s2])
    observer.correct(made)
    after = np.array([observer.position_m, observer.speed_m_s, observer.unmodelled_m_s2])
    expected = 0.1 * covariance[:, 0] / made.innovation.variance
    np.testing.assert_allclose(after - before, expected, rtol=1e-6)


def test_a_long_prediction_has_a_bounded_number_of_steps() -> None:
    observer = Observer(PointMass(damping_per_s=0.5), NOISE)
    observer.start(1.0, SD_M, 0.0, 0.0)
    started = time.perf_counter()
    observer.predict(1e9)
    assert time.perf_counter() - started < 1e-4 * MOST_STEPS


# Several sensors.


def test_covariances_are_those_of_a_general_filter() -> None:
    """Filter with the walk of the speed since the last acceleration as a sixth state."""
    damping, t, rng = 0.3, PERIOD_S, np.random.default_rng(1)
    observer = make(damping)
    spread = [SD_M, NOISE.start_speed_m_s, NOISE.start_acceleration_m_s2, 0.3, 0.05, 0.0]
    p = np.diag(np.square(spread))
    f = np.eye(6)
    f[0, 1:3], f[1, 1:3] = (t, t * t / 2), (math.exp(-damping * t), t)
    walk = NOISE.speed_m_s_rs**2 * t
    walks = [0.0, 0.0, NOISE.acceleration_m_s2_rs, 0.015, 0.001, 0.0]
    q = np.diag(np.square(walks)) * t
    q[np.ix_([1, 5], [1, 5])] += walk
    sensors = {
        "lidar": (np.array([1.0, 0, 0, 0, 0, 0]), SD_M),
        "barometer": (np.array([1.0, 0, 0, 1, 0, 0]), BARO_M),
        "accelerometer": (np.array([0, -damping, 1.0, 0, 1, 1.0 / t]), ACC_M_S2),
    }
    for k in range(1, 80):
        observer.predict(k * t)
        p = f @ p @ f.T + q
        for name, (h, sd) in sensors.items():
            if name == "lidar" and k > 40:
                continue
            measured = rng.normal(1.0 if name != "accelerometer" else 0.0, 0.01)
            made = (
                observer.acceleration(measured, sd)
                if name == "accelerometer"
                else observer.position(measured, sd, biased=name == "barometer")
            )
            late = walk / t**2 if name == "accelerometer" and k > 1 else 0.0
            variance = h @ p @ h + sd**2 + late
            assert made.innovation.variance == pytest.approx(variance, rel=1e-9)
            np.testing.assert_allclose(made.covariance, (p @ h)[:5], rtol=1e-7, atol=1e-15)
            observer.correct(made)
            gain = p @ h / variance
            p = p - np.outer(gain, h @ p)
        p[5], p[:, 5] = 0.0, 0.0
        assert observer.position_sd_m == pytest.approx(math.sqrt(p[0, 0]), rel=1e-9)


def simulate(observer: Observer, seed: int, lidar_until_s: float) -> tuple[float, float]:
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
        measured = observer.position(z + baro_bias + rng.normal(0, BARO_M), BARO_M, biased=True)
        nis.append(measured.innovation.normalised)
        observer.correct(measured)
        acceleration = (v - before) / PERIOD_S + acc_bias + rng.normal(0, ACC_M_S2)
        observer.correct(observer.acceleration(acceleration, ACC_M_S2))
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
        observer.correct(observer.position(1.4, BARO_M, biased=True))
        observer.correct(observer.acceleration(0.03, ACC_M_S2))
    assert observer.position_bias_m == pytest.approx(0.4, abs=0.02)
    assert observer.acceleration_bias_m_s2 == pytest.approx(0.03, abs=0.01)
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
        observer.correct(observer.position(1.0, BARO_M, biased=True))
        observer.correct(observer.acceleration(0.0, ACC_M_S2))
        took.append(time.perf_counter() - started)
    assert np.median(took) < 100e-6


def test_an_hour_without_messages_leaves_a_filter_that_recovers() -> None:
    """In one prediction, and in steps; variances stay finite and the next messages correct it."""
    for step_s in (3600.0, 0.05):
        observer = make(0.3)
        for k in range(1, round(3600.0 / step_s) + 1):
            observer.predict(k * step_s)
        assert 1.0 < observer.position_sd_m < 1e6
        for k in range(1, 30):
            observer.predict(3600.0 + PERIOD_S * k)
            observer.correct(observer.position(2.0, SD_M))
            observer.correct(observer.position(2.4, BARO_M, biased=True))
        assert observer.position_m == pytest.approx(2.0, abs=0.02)
        assert 0.0 < observer.position_sd_m < 0.02
        assert abs(observer.speed_m_s) < 0.1


def test_a_widened_estimate_follows_the_accelerometer() -> None:
    observer = make()
    observer.widen(0.0, 0.0, 0.5)
    for k in range(1, 6):
        observer.predict(PERIOD_S * k)
        observer.correct(observer.acceleration(-0.2, ACC_M_S2))
    assert observer.unmodelled_m_s2 == pytest.approx(-0.2, abs=0.02)


def test_an_acceleration_is_the_mean_since_the_last_one() -> None:
    """Predictions in between change nothing."""
    split, whole = make(), make()
    for observer in (split, whole):
        observer.model.send(0.5, 0.0)
    split.predict(0.04)
    for observer in (split, whole):
        observer.predict(0.1)
        assert observer.acceleration(0.5, ACC_M_S2).innovation.value == pytest.approx(0.0, abs=1e-9)
