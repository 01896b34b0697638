"""Estimate of the height: errors without a fault, and every fault of every sensor."""

from __future__ import annotations

import copy
import functools
import math

import numpy as np
import pytest

from snn_control.envs.blimp.sensing.errors import SenseParameters
from snn_control.loops.blimp.estimator import SENSORS, HeightEstimator
from snn_control.loops.blimp.model import BlimpModel
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


class Still:
    """Estimator of a blimp at rest at 1 m, with the messages of three sensors."""

    def __init__(self, command: float = 3.1) -> None:
        self.estimator, self.now_s, self.fused = HeightEstimator(), 0.0, 0
        self._rng = np.random.default_rng(1)
        self.estimator.sent(command, 0.0)
        self.estimator.on_range(1.0, 0.0, 0.0)
        self.send(100)

    def send(self, n: int, extra_m_s2: float = 0.0, heights: bool = True, imu: bool = True) -> None:
        for _ in range(n):
            self.now_s += 0.1
            noise = self._rng.normal(size=3)
            at = self.now_s, self.now_s
            if imu:
                verdict = self.estimator.on_acceleration(extra_m_s2 + 0.02 * noise[0], *at)
                assert verdict is not None
                self.fused += verdict.fuse
            if heights:
                self.estimator.on_barometer(4.0 + 0.05 * noise[1], *at)
                self.estimator.on_range(1.0 + 0.005 * noise[2], *at)
            else:
                self.estimator.estimate(self.now_s)


def test_without_heights_there_is_no_dispute_and_the_accelerometer_is_used() -> None:
    still = Still()
    still.send(3, extra_m_s2=0.6)
    assert still.estimator.undecided
    still.send(10, heights=False)
    still.fused = 0
    still.send(100, heights=False)
    assert not still.estimator.undecided
    assert still.fused > 90
    assert still.estimator.observer.position_sd_m < 0.6


def test_a_gap_between_messages_does_not_end_a_dispute() -> None:
    still = Still()
    still.send(1, extra_m_s2=0.6)
    still.now_s += 0.9
    still.send(1, extra_m_s2=0.6)
    assert still.estimator.undecided


def test_a_dispute_ends_with_the_accelerometer() -> None:
    still = Still()
    still.send(1, extra_m_s2=0.6)
    assert still.estimator.undecided
    still.send(10, imu=False)
    assert not still.estimator.undecided


def test_a_fault_of_the_motors_ends_and_leaves_the_noise_of_a_healthy_blimp() -> None:
    still = Still()
    estimator, config = still.estimator, still.estimator.config
    estimator._motors.begin("test", still.now_s)
    assert estimator.observer.noise.acceleration_m_s2_rs == config.fault_walk_m_s2_rs
    still.send(300, imu=False)
    assert not estimator.actuator_fault
    assert estimator.actuator_faults == 1
    assert estimator.observer.noise is config.motion
    still.send(20, heights=False)
    assert estimator.observer.noise.acceleration_m_s2_rs == config.blind_walk_m_s2_rs
    copied = copy.copy(estimator)
    still.send(10, imu=False)
    assert estimator.observer.noise is config.motion
    assert copied.observer.noise.acceleration_m_s2_rs == config.blind_walk_m_s2_rs


def test_an_estimate_that_starts_again_keeps_the_command_in_force() -> None:
    still = Still(command=8.0)
    before = still.estimator.observer.model
    assert isinstance(before, BlimpModel)
    duty = before._signed_duty
    still.estimator.observer._track.position_m = math.inf
    still.send(2, imu=False)
    assert still.estimator.observer.position_m == pytest.approx(1.0, abs=0.02)
    assert before._signed_duty == pytest.approx(duty)
