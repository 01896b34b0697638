"""Senses of the simulated blimp on a real bus: values, stamps, order, covariances."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.ros.conftest import NEEDS_ROS

pytest.importorskip("rclpy", reason=NEEDS_ROS)

from builtin_interfaces.msg import Time
from sensor_msgs.msg import FluidPressure, Imu, Range

from snn_control.atmosphere import height_m
from snn_control.envs.blimp.presets import blimp_parameters
from snn_control.envs.blimp.robot import BlimpRobot, Measurement
from snn_control.envs.blimp.scenario import draw_scenario
from snn_control.envs.blimp.sensing.errors import SenseParameters
from snn_control.ros.base.interface import qos
from snn_control.ros.blimp.senses import SenseMessages
from snn_control.ros.bus.processes import Nodes
from tests.ros.peer import Peer

SITE_M = 430.0
KINDS = {"range": Range, "pressure": FluidPressure, "imu": Imu}


def nanoseconds(message: Any) -> int:
    stamp: Time = message.header.stamp
    return stamp.sec * 10**9 + stamp.nanosec


def expected(seed: int, n_steps: int) -> dict[int, Measurement]:
    """Return the measurements of a blimp without commands by their stamps, ns."""
    scenario = draw_scenario(blimp_parameters("default"), seed)
    robot = BlimpRobot(scenario, motor_timeout_s=2.0, senses=SenseParameters())
    measurements = {}
    for _ in range(n_steps):
        if measurement := robot.measure():
            measurements[1_000_000_000 + robot.step * 10_000_000] = measurement
        robot.advance()
    return measurements


def test_senses_equal_those_of_the_seed(nodes: Nodes, make_peer: Callable[..., Peer]) -> None:
    peer = make_peer("blimp_simulator", topics=False)
    received: dict[str, dict[int, Any]] = {name: {} for name in KINDS}
    sent_ns: dict[str, dict[int, int]] = {name: {} for name in KINDS}

    def keep(name: str) -> Callable[[Any, Any], None]:
        def kept(message: Any, info: Any) -> None:
            received[name][nanoseconds(message)] = message
            sent_ns[name][nanoseconds(message)] = info["source_timestamp"]

        return kept

    for name, kind in KINDS.items():
        peer.listen(kind, name, qos("sensor"), keep(name))
    parameters = {"seed": 7, "senses": True, "site_height_m": SITE_M, "rate": 6.0, "clock": True}
    nodes.start("blimp_simulator", parameters)
    peer.until(lambda: min(map(len, received.values())) >= 60)
    measurements = expected(7, 6000)
    common = set.intersection(*map(set, received.values()))
    assert len(common) >= 50
    for stamp_ns in common:
        measurement, own = measurements[stamp_ns], {n: m[stamp_ns] for n, m in received.items()}
        assert own["range"].range == measurement.range_m
        above_m = height_m(own["pressure"].fluid_pressure) - SITE_M
        assert above_m == pytest.approx(measurement.barometer_m, abs=1e-8)
        vertical = own["imu"].linear_acceleration.z - 9.80665
        assert vertical == pytest.approx(measurement.vertical_acceleration_m_s2, abs=1e-12)
        times = [sent_ns[name][stamp_ns] for name in ("pressure", "imu", "range")]
        assert times[0] < times[2]
        assert times[1] < times[2]
    frames = {n: next(iter(m.values())).header.frame_id for n, m in received.items()}
    assert frames == {"range": "lidar", "pressure": "barometer", "imu": "imu"}


def test_without_senses_there_are_no_such_topics(
    nodes: Nodes, make_peer: Callable[..., Peer]
) -> None:
    peer = make_peer("blimp_simulator", topics=False)
    ranges: list[Range] = []
    peer.listen(Range, "range", qos("sensor"), ranges.append)
    nodes.start("blimp_simulator", {"seed": 7})
    peer.until(lambda: len(ranges) >= 3)
    assert not peer.node.count_publishers("pressure")
    assert not peer.node.count_publishers("imu")


def test_an_imu_at_rest_measures_gravity() -> None:
    """Content of `Imu` by REP-145 and by the comments of the message."""
    messages = SenseMessages(SenseParameters(), 0.0)
    message = messages.imu(0.0, Time())
    assert message.linear_acceleration.z == 9.80665
    assert (message.orientation.x, message.orientation.y, message.orientation.w) == (0, 0, 1)
    assert message.angular_velocity_covariance[0] == -1.0
    for covariance in (message.orientation_covariance, message.linear_acceleration_covariance):
        matrix = np.reshape(covariance, (3, 3))
        assert (np.linalg.eigvalsh(matrix) > 0).all()
    assert message.linear_acceleration_covariance[8] == pytest.approx(0.02**2 + 0.03**2)
    assert math.sqrt(message.orientation_covariance[8]) > 3.0, "no heading is measured"


def test_the_variance_of_the_pressure_is_that_of_the_height() -> None:
    """Comparison with 12 Pa/m, the weight of air at sea level, and with less of it above."""
    low = SenseMessages(SenseParameters(), 0.0).pressure(1.0, Time())
    high = SenseMessages(SenseParameters(), 3000.0).pressure(1.0, Time())
    sd_m = math.hypot(0.05, 0.15)
    assert math.sqrt(low.variance) / sd_m == pytest.approx(1.225 * 9.80665, rel=1e-3)
    assert math.sqrt(high.variance) / sd_m == pytest.approx(0.909 * 9.80665, rel=1e-3)
