"""Observer compared with closed forms, a general Kalman filter and simulated vehicles."""

from __future__ import annotations

import math

import numpy as np
import pytest

from snn_control.supervision.observer import Observer, ObserverNoise
from tests.supervision.point_mass import PointMass

PERIOD_S, SD_M = 0.1, 0.006


def test_the_mean_follows_the_command() -> None:
    observer = Observer(PointMass())
    observer.start(1.0, SD_M, 0.0)
    observer.send(0.5, 0.0)
    observer.predict(2.0)
    assert observer.position_m == pytest.approx(1.0 + 0.5 * 0.5 * 2.0**2, rel=0.03)
    assert observer.speed_m_s == pytest.approx(1.0)


def test_the_mean_reaches_the_terminal_speed() -> None:
    observer = Observer(PointMass(damping_per_s=0.5))
    observer.start(1.0, SD_M, 0.0)
    observer.send(0.2, 0.0)
    for k in range(1, 301):
        observer.predict(0.1 * k)
    assert observer.speed_m_s == pytest.approx(0.2 / 0.5, rel=1e-4)


def test_the_floor_ends_the_descent() -> None:
    observer = Observer(PointMass(lowest_m=0.06))
    observer.start(0.5, SD_M, 0.0)
    observer.send(-1.0, 0.0)
    observer.predict(5.0)
    assert (observer.position_m, observer.speed_m_s) == (0.06, 0.0)


def test_the_covariance_is_that_of_a_general_filter() -> None:
    noise, damping = ObserverNoise(model_error=0.2), 0.3
    observer = Observer(PointMass(damping), noise)
    observer.start(1.0, SD_M, 0.0)
    observer.send(0.4, 0.0)
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
        innovation = observer.innovation(measured_m, SD_M)
        assert innovation.variance_m2 == pytest.approx(covariance[0, 0] + SD_M**2, rel=1e-9)
        before = np.array([observer.position_m, observer.speed_m_s, observer.unmodelled_m_s2])
        observer.correct(innovation)
        gain = covariance[:, 0] / innovation.variance_m2
        mean = before + gain * (measured_m - before[0])
        covariance = covariance - np.outer(gain, covariance[0])
        after = (observer.position_m, observer.speed_m_s, observer.unmodelled_m_s2)
        assert after == pytest.approx(mean.tolist(), rel=1e-9, abs=1e-12)


def test_an_unmodelled_acceleration_is_estimated() -> None:
    observer = Observer(PointMass(damping_per_s=0.2))
    height_m, speed_m_s = 1.0, 0.0
    observer.start(height_m, SD_M, 0.0)
    for k in range(1, 201):
        speed_m_s = (speed_m_s + PERIOD_S * 0.05) * math.exp(-0.2 * PERIOD_S)
        height_m += PERIOD_S * speed_m_s
        observer.predict(k * PERIOD_S)
        observer.correct(observer.innovation(height_m, SD_M))
    assert observer.unmodelled_m_s2 == pytest.approx(0.05, abs=0.005)


def test_innovations_have_the_predicted_variance() -> None:
    """Normalised innovations of vehicles that obey the assumptions are 1 on average."""
    noise, normalised = ObserverNoise(), []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        observer = Observer(PointMass())
        height_m, speed_m_s = 1.0, noise.start_speed_m_s * rng.normal()
        bias = noise.start_acceleration_m_s2 * rng.normal()
        observer.start(height_m + SD_M * rng.normal(), SD_M, 0.0)
        for k in range(1, 301):
            height_m += PERIOD_S * speed_m_s + PERIOD_S**2 / 2 * bias
            speed_m_s += PERIOD_S * bias + noise.speed_m_s_rs * math.sqrt(PERIOD_S) * rng.normal()
            bias += noise.acceleration_m_s2_rs * math.sqrt(PERIOD_S) * rng.normal()
            observer.predict(k * PERIOD_S)
            innovation = observer.innovation(height_m + SD_M * rng.normal(), SD_M)
            normalised.append(innovation.normalised)
            observer.correct(innovation)
    assert np.mean(normalised) == pytest.approx(1.0, abs=0.1)


def test_an_earlier_time_changes_nothing() -> None:
    observer = Observer(PointMass())
    observer.start(1.0, SD_M, 10.0)
    observer.send(1.0, 10.0)
    observer.predict(11.0)
    before = observer.position_m
    observer.predict(10.5)
    assert observer.position_m == before


def test_commands_before_the_start_are_ignored() -> None:
    observer = Observer(PointMass())
    observer.send(1.0, 0.0)
    assert not observer.started
    observer.start(1.0, SD_M, 5.0)
    observer.predict(6.0)
    assert observer.position_m == 1.0
