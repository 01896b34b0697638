"""The fault relay as a process: refusals, faults without effect or receiver, start of the times."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from snn_control.errors import RunError
from snn_control.ros.bus.processes import Nodes
from snn_control.ros.exit_codes import NO_EFFECT
from snn_control.yaml_text import dump_yaml
from tests.ros.conftest import NEEDS_ROS, QUICK, MakeBus

pytest.importorskip("rclpy", reason=NEEDS_ROS)

import rclpy
from diagnostic_msgs.msg import DiagnosticStatus
from lifecycle_msgs.msg import Transition
from sensor_msgs.msg import FluidPressure, Range
from std_msgs.msg import Float64

from snn_control.ros.base.interface import qos
from tests.ros.peer import ACTIVE, INACTIVE, UNCONFIGURED, Peer

OFF = {"channel": "range", "kind": "off"}
REFUSED: list[tuple[Any, str]] = [
    (None, "faults_file is empty; name a YAML file of faults"),
    ([], "faults.yaml: lists no fault: add one"),
    ([OFF | {"channel": "rnage"}], "faults.yaml: unknown channel 'rnage'. Did you mean: `range`"),
    ([OFF | {"start_s": 9, "stop_s": 8}], "faults.yaml: fault 1: fault off of range: from 9 to 8"),
    ([OFF, OFF | {"start_s": 5}], "end the first before the second starts"),
    ([OFF | {"channel": "joint_states"}], "faults.yaml: unknown channel 'joint_states'"),
]
"""Faults, None for no file, and the reason of the refusal."""


def file_of(folder: Path, *faults: dict[str, Any]) -> str:
    path = folder / "faults.yaml"
    path.write_text(dump_yaml({"faults": [*faults]}), "utf-8")
    return str(path)


@pytest.fixture
def relay_peer(make_peer: Callable[..., Peer]) -> Peer:
    return make_peer("fault_relay", topics=False)


class Ranges:
    """Publisher of `range`, and optional receiver of the relay's output."""

    def __init__(self, peer: Peer, receive: bool = True) -> None:
        self.peer, self.received = peer, list[float]()
        self.publisher = peer.node.create_publisher(Range, "range", qos("sensor"))
        if receive:
            keep = self.received.append
            peer.listen(Range, "faulty/range", qos("sensor"), lambda m: keep(m.range))

    def connect(self) -> None:
        self.peer.until(lambda: self.peer.state() == ACTIVE)
        self.peer.until(self.publisher.get_subscription_count)
        self.peer.until(lambda: self.peer.node.count_publishers("faulty/range"))
        self.peer.spin(0.3)

    def send(self, seconds: float, value: float = 1.0) -> None:
        for _ in range(round(seconds / 0.02)):
            self.publisher.publish(Range(range=value, max_range=12.0))
            self.peer.spin(0.02)


def test_unusable_files_are_refused(make_bus: MakeBus, tmp_path: Path) -> None:
    started = []
    for k, (faults, message) in enumerate(REFUSED):
        nodes, peer = make_bus("fault_relay", topics=False)
        (tmp_path / f"{k}").mkdir()
        parameters: dict[str, Any] = dict(QUICK)
        if faults is not None:
            parameters["faults_file"] = file_of(tmp_path / f"{k}", *faults)
        nodes.start("fault_relay", parameters)
        started.append((peer, message))
    for peer, message in started:
        peer.until(lambda peer=peer: peer.diagnostics)  # type: ignore[misc]
        peer.until(lambda peer=peer, message=message: message in peer.status("node")[1])  # type: ignore[misc]
        assert peer.state() == UNCONFIGURED


def test_a_fault_that_changes_nothing_is_an_error(
    nodes: Nodes, relay_peer: Peer, tmp_path: Path
) -> None:
    late: dict[str, Any] = {"channel": "imu", "kind": "off", "start_s": 500.0}
    faults: list[dict[str, Any]] = [{"channel": "pressure", "kind": "off"}]
    faults += [OFF | {"stop_s": 0.5}, late]
    ranges = Ranges(relay_peer)
    relay_peer.listen(FluidPressure, "faulty/pressure", qos("sensor"), lambda _: None)
    nodes.start("fault_relay", {"faults_file": file_of(tmp_path, *faults), **QUICK})
    ranges.connect()
    ranges.send(1.0)
    assert ranges.received, "the second fault has ended"
    relay_peer.until(lambda: relay_peer.status("faults")[0] == DiagnosticStatus.WARN)
    process = nodes.running["fault_relay"]
    with pytest.raises(RunError, match=r"fault off of pressure from 0 s changed no message"):
        nodes.finish("fault_relay")
    assert process.returncode == NO_EFFECT
    relay_peer.until(lambda: relay_peer.status("faults")[0] == DiagnosticStatus.ERROR)
    _, message, values = relay_peer.status("faults")
    assert message.startswith("fault off of pressure from 0 s changed no message")
    assert int(values["range changed"]) > 10
    assert values["pressure received"] == "0"
    assert "fault off of imu has not begun: it starts at 500 s" in nodes.log("fault_relay", 20)


def test_a_fault_without_a_receiver_is_an_error(
    nodes: Nodes, relay_peer: Peer, tmp_path: Path
) -> None:
    """Test with a recorder, which receives every topic and is no receiver."""
    recorder = rclpy.create_node("recorder", context=relay_peer.context)
    recorder.create_subscription(Range, "faulty/range", lambda _: None, qos("sensor"))
    ranges = Ranges(relay_peer, receive=False)
    faults = file_of(tmp_path, {"channel": "range", "kind": "stuck", "start_s": 0.4})
    nodes.start("fault_relay", {"faults_file": faults, **QUICK})
    ranges.connect()
    ranges.send(0.2)
    assert relay_peer.status("faults")[0] == DiagnosticStatus.OK
    ranges.send(0.6)
    relay_peer.until(lambda: relay_peer.status("faults")[0] == DiagnosticStatus.ERROR)
    assert relay_peer.status("faults")[1] == (
        "fault stuck of range at 0.4 s reaches no node: nothing subscribes to /faulty/range; remap "
        "range of its receiver to it"
    )
    with pytest.raises(RunError, match=r"fault stuck of range at 0.4 s reaches no node"):
        nodes.finish("fault_relay")
    recorder.destroy_node()


def test_a_setpoint_that_arrives_before_the_activation_is_delivered_after_it(
    nodes: Nodes, relay_peer: Peer, tmp_path: Path
) -> None:
    peer, received = relay_peer, list[float]()
    setpoints = peer.node.create_publisher(Float64, "height_set_point", qos("latched"))
    keep = received.append
    peer.listen(Float64, "faulty/height_set_point", qos("latched"), lambda m: keep(m.data))
    path = file_of(tmp_path, OFF | {"start_s": 600.0})
    nodes.start("fault_relay", {"faults_file": path, "autostart": False})
    assert peer.transition(Transition.TRANSITION_CONFIGURE)
    setpoints.publish(Float64(data=1.5))
    peer.spin(0.5)
    assert peer.state() == INACTIVE
    assert received == []
    assert peer.transition(Transition.TRANSITION_ACTIVATE)
    peer.until(lambda: received == [1.5])
    setpoints.publish(Float64(data=2.0))
    peer.until(lambda: received == [1.5, 2.0])
    peer.spin(0.3)
    assert received == [1.5, 2.0], "both subscriptions receive it"
    nodes.finish("fault_relay")


def test_commands_and_setpoints_do_not_start_the_times(
    nodes: Nodes, relay_peer: Peer, tmp_path: Path
) -> None:
    """A controller sends commands as soon as it is active, before its vehicle is ready."""
    ranges = Ranges(relay_peer)
    command = relay_peer.node.create_publisher(Float64, "motor_command", qos("command"))
    fault = {"channel": "range", "kind": "off", "start_s": 0.5, "stop_s": 1.0}
    nodes.start("fault_relay", {"faults_file": file_of(tmp_path, fault), **QUICK})
    ranges.connect()
    for _ in range(20):
        command.publish(Float64(data=1.0))
        relay_peer.spin(0.05)
    assert relay_peer.status("faults")[2]["time (s)"] == "0"
    assert int(relay_peer.status("faults")[2]["motor_command delivered"]) > 0
    ranges.send(0.4)
    assert len(ranges.received) > 10
    ranges.send(1.0)
    nodes.finish("fault_relay")


def test_times_count_from_the_activation_or_from_a_parameter(
    make_bus: MakeBus, tmp_path: Path
) -> None:
    fault = {"channel": "range", "kind": "wrong", "offset": 3.0, "start_s": 0.6, "stop_s": 1.2}
    path = file_of(tmp_path, fault)
    by_message, by_clock = (
        make_bus("fault_relay", topics=False),
        make_bus("fault_relay", topics=False),
    )
    first, second = Ranges(by_message[1]), Ranges(by_clock[1])
    by_message[0].start("fault_relay", {"faults_file": path})
    first.connect()
    for _ in range(2):
        first.send(1.6)
        assert _runs(first.received) == [1.0, 4.0, 1.0]
        first.received.clear()
        assert first.peer.transition(Transition.TRANSITION_DEACTIVATE)
        first.send(0.3)
        assert not first.received, "an inactive relay repeats nothing"
        assert first.peer.transition(Transition.TRANSITION_ACTIVATE)
    by_message[0].finish("fault_relay")
    by_clock[0].start("fault_relay", {"faults_file": path, "start_s": time.time() - 1000.0})
    second.connect()
    second.send(0.5)
    assert _runs(second.received) == [1.0], "the fault was over before the start"
    with pytest.raises(RunError, match="changed no message"):
        by_clock[0].finish("fault_relay")


def _runs(values: list[float]) -> list[float]:
    """Return values without repetitions in a row."""
    return [v for k, v in enumerate(values) if k == 0 or v != values[k - 1]]
