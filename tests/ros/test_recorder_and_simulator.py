"""Recorder and simulator as processes: files, refusals and diagnostics."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.ros.conftest import NEEDS_ROS, QUICK, MakeBus

pytest.importorskip("rclpy", reason=NEEDS_ROS)
pytest.importorskip("rosbags", reason='needs rosbags: pip install "snn_control[logs]"')

from lifecycle_msgs.msg import Transition
from nav_msgs.msg import Odometry
from rosbags.highlevel import AnyReader
from rosbags.typesys import Stores, get_typestore
from sensor_msgs.msg import BatteryState, Range
from std_msgs.msg import Float64

from snn_control.envs.blimp.presets import blimp_parameters
from snn_control.envs.blimp.robot import BlimpRobot
from snn_control.envs.blimp.scenario import draw_scenario
from snn_control.ros.base.interface import qos
from snn_control.ros.bus.processes import Nodes
from tests.ros.peer import ACTIVE, UNCONFIGURED, Peer


def test_the_bag_contains_every_message_unchanged(
    nodes: Nodes, make_peer: Callable[..., Peer], tmp_path: Path
) -> None:
    peer = make_peer("recorder", topics=False)
    publisher = peer.node.create_publisher(Float64, "numbers", 100)
    nodes.start("recorder", {"bag": str(tmp_path / "bag"), "topics": ["numbers"]})
    peer.until(publisher.get_subscription_count)
    for k in range(500):
        publisher.publish(Float64(data=math.sqrt(k)))
        peer.spin(0.001)
    publisher.wait_for_all_acked()
    peer.spin(0.3)
    nodes.stop("recorder")
    assert not list(tmp_path.glob(".partial*"))
    assert {path.name for path in (tmp_path / "bag").iterdir()} == {"metadata.yaml", "bag.mcap"}
    with AnyReader([tmp_path / "bag"], default_typestore=get_typestore(Stores.ROS2_JAZZY)) as bag:
        assert set(bag.topics) == {"/numbers"}
        kept = [bag.deserialize(raw, c.msgtype).data for c, _, raw in bag.messages()]  # type: ignore[attr-defined]
    assert kept == [math.sqrt(k) for k in range(500)]


def test_an_existing_bag_is_not_touched(
    nodes: Nodes, make_peer: Callable[..., Peer], tmp_path: Path
) -> None:
    peer = make_peer("recorder", topics=False)
    (tmp_path / "bag").mkdir()
    nodes.start("recorder", {"bag": str(tmp_path / "bag"), **QUICK})
    peer.until(lambda: peer.diagnostics)
    peer.until(lambda: "exists" in peer.status("node")[1])
    assert peer.state() == UNCONFIGURED
    assert not list((tmp_path / "bag").iterdir())


def test_the_bag_of_a_killed_recorder_is_kept(
    nodes: Nodes, make_peer: Callable[..., Peer], tmp_path: Path
) -> None:
    peer = make_peer("recorder", topics=False)
    (tmp_path / ".partial-bag" / "bag").mkdir(parents=True)
    (tmp_path / ".partial-bag" / "bag" / "bag.mcap").write_bytes(b"only trace")
    nodes.start("recorder", {"bag": str(tmp_path / "bag"), **QUICK})
    peer.until(lambda: peer.diagnostics)
    peer.until(lambda: peer.state() == ACTIVE)
    assert (tmp_path / ".partial-bag-1" / "bag" / "bag.mcap").read_bytes() == b"only trace"


def test_a_closed_bag_is_not_reopened(
    nodes: Nodes, make_peer: Callable[..., Peer], tmp_path: Path
) -> None:
    peer = make_peer("recorder", topics=False)
    nodes.start("recorder", {"bag": str(tmp_path / "bag"), **QUICK})
    peer.until(lambda: peer.diagnostics)
    peer.until(lambda: peer.state() == ACTIVE)
    assert peer.transition(Transition.TRANSITION_DEACTIVATE)
    assert not peer.transition(Transition.TRANSITION_ACTIVATE)
    peer.until(lambda: "closed" in peer.status("node")[1])


def test_the_simulator_equals_the_blimp_of_its_seed(
    nodes: Nodes, make_peer: Callable[..., Peer]
) -> None:
    peer = make_peer("blimp_simulator", topics=False)
    ranges: list[Range] = []
    truth: list[Odometry] = []
    volts: list[float] = []
    setpoints: list[float] = []
    peer.listen(Range, "range", qos("sensor"), ranges.append)
    peer.listen(Odometry, "ground_truth", qos("sensor"), truth.append)
    peer.listen(BatteryState, "battery", qos("sensor"), lambda m: volts.append(m.voltage))
    peer.listen(Float64, "height_set_point", qos("latched"), lambda m: setpoints.append(m.data))
    nodes.start("blimp_simulator", {"seed": 7, "preset": "clean", "rate": 6.0, "clock": True})
    peer.until(lambda: len(ranges) >= 40)
    robot = BlimpRobot(draw_scenario(blimp_parameters("clean"), 7), motor_timeout_s=2.0)
    expected: dict[int, float] = {}
    for _ in range(5000):
        measurement = robot.measure()
        if measurement is not None:
            stamp_ns = 1_000_000_000 + robot.step * 10_000_000
            expected[stamp_ns] = measurement.range_m
        robot.advance()
    for message in ranges:
        stamp = message.header.stamp
        assert message.range == expected[stamp.sec * 10**9 + stamp.nanosec]
        assert message.header.frame_id == "lidar"
    assert truth[-1].header.frame_id == "map"
    assert truth[-1].pose.pose.position.z < truth[0].pose.pose.position.z, "it sinks without thrust"
    assert setpoints == [0.5]
    assert volts
    assert np.isfinite(volts).all()


UNUSABLE: list[tuple[dict, str]] = [
    ({"preset": "claen"}, "Did you mean: `clean`"),
    ({"rate": 4.0}, "set clock to true"),
    ({"parameters_file": "/nowhere.yaml"}, "nowhere.yaml"),
    ({"period_s": 0.001}, "control_period_s"),
]


def test_invalid_parameters_of_the_simulator_are_refused(make_bus: MakeBus) -> None:
    started = [make_bus("blimp_simulator", topics=False) for _ in UNUSABLE]
    for (parameters, _), (nodes, _) in zip(UNUSABLE, started, strict=True):
        nodes.start("blimp_simulator", {**parameters, **QUICK})
    for (parameters, message), (_, peer) in zip(UNUSABLE, started, strict=True):
        peer.until(lambda peer=peer: peer.diagnostics)  # type: ignore[misc]
        peer.until(lambda peer=peer, message=message: message in peer.status("node")[1])  # type: ignore[misc]
        assert peer.state() == UNCONFIGURED, parameters


def test_non_finite_commands_are_refused(nodes: Nodes, make_peer: Callable[..., Peer]) -> None:
    peer = make_peer("blimp_simulator", topics=False)
    commands = peer.node.create_publisher(Float64, "motor_command", qos("command"))
    nodes.start("blimp_simulator", {"preset": "clean", **QUICK})
    peer.until(commands.get_subscription_count)
    for value in (float("nan"), float("inf")):
        commands.publish(Float64(data=value))
        peer.spin(0.2)
    peer.until(lambda: peer.diagnostics and peer.status("flight")[2]["refused commands"] == "2")
