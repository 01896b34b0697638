"""Estimate of the height: errors without a fault, and every fault of every sensor."""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest

from snn_control.envs.blimp.sensing.errors import SenseParameters
from snn_control.loops.blimp.estimator import SENSORS, HeightEstimator
from snn_control.supervision.faults import Fault, FaultKind
from tests.loops.blimp.estimated_flight import (
    OFFSET_M,
    EstimatedFlight,
    fly_on_estimate,
)

START_S, STOP_S, SEED = 20.0, 45.0, 301
FAULTS = [kind for kind in FaultKind if kind is not FaultKind.OK]
OFFSETS = {"lidar": 0.5, "barometer": 2.0, "accelerometer": 1.0}


@functools.cache
def healthy() -> EstimatedFlight:
    return fly_on_estimate(SEED)


def faulty(sensor: str, kind: FaultKind, **settings: float) -> EstimatedFlight:
    if kind is FaultKind.WRONG:
        settings = {"offset": OFFSETS[sensor]} | settings
    fault = Fault(sensor, kind, START_S, STOP_S, seed=4, **settings)  # type: ignore[arg-type]
    return fly_on_estimate(SEED, [fault])


def test_without_a_fault_the_estimate_is_close_and_its_deviation_is_right() -> None:
    flight = healthy()
    settled = flight.time_s > 5.0
    errors_m = (flight.estimate_m - flight.height_m)[settled]
    assert np.sqrt(np.mean(errors_m**2)) < 0.006
    assert 0.3 < np.mean((errors_m / flight.sd_m[settled]) ** 2) < 2.0
    assert all(trusted.all() for trusted in flight.trusted.values())
    assert flight.estimator.observer.position_bias_m == pytest.approx(OFFSET_M, abs=0.5)


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("sensor", SENSORS)
def test_every_fault_of_every_sensor_costs_little_height(sensor: str, kind: FaultKind) -> None:
    flight = faulty(sensor, kind)
    loss_m = flight.loss_m(healthy(), START_S, STOP_S + 10.0)
    assert loss_m < (0.4 if sensor == "lidar" else 0.1)
    assert flight.open_after_s(sensor, STOP_S) < 1.5
    others = [name for name in SENSORS if name != sensor]
    assert all(flight.trusted[name].all() for name in others)


@pytest.mark.parametrize(
    ("sensor", "kind", "within_s"),
    [
        ("lidar", FaultKind.GARBAGE, 0.5), ("lidar", FaultKind.WRONG, 0.5),
        ("lidar", FaultKind.STUCK, 2.6), ("lidar", FaultKind.DELAYED, 1.2),
        ("barometer", FaultKind.GARBAGE, 0.5), ("barometer", FaultKind.WRONG, 0.5),
        ("barometer", FaultKind.STUCK, 2.6), ("accelerometer", FaultKind.GARBAGE, 0.5),
        ("accelerometer", FaultKind.WRONG, 0.5), ("accelerometer", FaultKind.STUCK, 2.6),
    ],
)  # fmt: skip
def test_faults_close_the_gate_of_the_sensor(sensor: str, kind: FaultKind, within_s: float) -> None:
    assert faulty(sensor, kind).closed_after_s(sensor, START_S) < within_s


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize(("noise_m", "rmse_m"), [(0.015, 0.014), (0.03, 0.025)])
def test_the_noise_of_a_coarser_lidar_is_learned(
    noise_m: float, rmse_m: float, alone: bool
) -> None:
    off = [Fault(name, FaultKind.OFF, 0.0, 1e3) for name in SENSORS if alone and name != "lidar"]
    flight = fly_on_estimate(SEED, off, senses=SenseParameters(lidar_noise_m=noise_m))
    settled = flight.time_s > 5.0
    errors_m = (flight.estimate_m - flight.height_m)[settled]
    assert np.sqrt(np.mean(errors_m**2)) < rmse_m
    assert flight.trusted["lidar"].all()
    assert np.mean((errors_m / flight.sd_m[settled]) ** 2) < 2.5


def test_the_distrusted_sensor_is_named_with_the_evidence() -> None:
    estimator = HeightEstimator()
    estimator.on_range(1.0, 0.0, 0.0)
    estimator.on_range(2.0, 0.1, 0.1)
    reasons = estimator.distrusted(0.2)
    assert "differs by 1.0" in reasons["lidar"]
    assert reasons["barometer"] == reasons["accelerometer"] == "silent"
    estimator.restart()
    assert not estimator.started
    assert math.isnan(estimator.estimate(1.0)[0])
    assert estimator.on_barometer(1.0, 1.0, 1.0) is None
    assert estimator.on_acceleration(0.0, 1.0, 1.0) is None


def test_it_starts_only_with_a_plausible_range() -> None:
    estimator = HeightEstimator()
    for value in (math.nan, -1.0, 50.0):
        assert not estimator.on_range(value, 0.0, 0.0).fuse
        assert not estimator.started
    for k in range(1, 12):
        estimator.on_range(1.0 + 0.01 * k, 0.1 * k, 0.1 * k)
    assert estimator.started
