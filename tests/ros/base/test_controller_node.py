"""Base of the controller nodes, in this process: safe command by any thread, refused arming."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.ros.conftest import NEEDS_ROS

pytest.importorskip("rclpy", reason=NEEDS_ROS)

import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.parameter import Parameter
from sensor_msgs.msg import Range
from std_msgs.msg import Float64
from std_srvs.srv import SetBool

from snn_control.errors import ConfigError
from snn_control.loops.blimp.adapter import BlimpAdapter
from snn_control.loops.control_loop import ControlLoop
from snn_control.ros.base.conflicts import claim
from snn_control.ros.base.controller_node import ACKNOWLEDGED_S, SENDING_S
from snn_control.ros.base.diagnostics import ERROR, OK, Status
from snn_control.ros.base.interface import qos
from snn_control.ros.blimp.pid_controller import PidController


class Bus:
    """Active node `pid_controller` without periodic diagnostics, and a peer in another context."""

    def __init__(self, domain: int) -> None:
        self._contexts = (Context(), Context())
        for context in self._contexts:
            rclpy.init(context=context, domain_id=domain)
        period = Parameter("diagnostic_updater.period", value=60.0)
        self.node = PidController(context=self._contexts[0], parameter_overrides=[period])
        self.peer = rclpy.create_node("peer", context=self._contexts[1])
        self._executors = [SingleThreadedExecutor(context=context) for context in self._contexts]
        for executor, node in zip(self._executors, (self.node, self.peer), strict=True):
            executor.add_node(node)
        self.commands: list[float] = []
        self.reasons: list[str] = []
        """Reason of each mode."""
        create = self.peer.create_subscription
        create(Float64, "motor_command", self._on_command, 100)
        create(DiagnosticStatus, "pid_controller/mode", self._on_mode, qos("latched"))
        self.statuses: list[str] = []
        """Name of each status on /diagnostics."""
        create(DiagnosticArray, "/diagnostics", self._on_diagnostics, 100)
        self._range = self.peer.create_publisher(Range, "range", qos("sensor"))
        self._arm = self.peer.create_client(SetBool, "pid_controller/arm")
        assert self.node.try_transition("configure")
        assert self.node.try_transition("activate")
        self.until(self._arm.service_is_ready)
        self.until(lambda: self._range.get_subscription_count())

    @property
    def loop(self) -> ControlLoop[BlimpAdapter]:
        """Loop of the node."""
        assert self.node.loop is not None
        return self.node.loop

    def _on_command(self, message: Float64) -> None:
        self.commands.append(message.data)

    def _on_mode(self, message: DiagnosticStatus) -> None:
        self.reasons.append(message.values[0].value)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        self.statuses += [status.name for status in message.status]

    def until(self, condition: Callable[[], Any], timeout_s: float = 10.0) -> None:
        """Process messages until the condition holds."""
        end_s = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < end_s
            for executor in self._executors:
                executor.spin_once(timeout_sec=0.005)

    def arm(self) -> SetBool.Response:
        """Call ~/arm."""
        future = self._arm.call_async(SetBool.Request(data=True))
        self.until(future.done)
        return future.result()

    def measure(self) -> bool:
        """Send a measurement; return True."""
        message = Range(range=1.0, max_range=12.0)
        message.header.stamp = self.peer.get_clock().now().to_msg()
        self._range.publish(message)
        return True

    def operate(self) -> None:
        """Arm the vehicle and feed it until its motors turn."""
        assert self.arm().success
        self.loop.adapter.on_setpoint(1.5, time.monotonic())
        self.until(lambda: self.measure() and self.commands and self.commands[-1] != 0.0)

    def close(self) -> None:
        for executor in self._executors:
            executor.shutdown(timeout_sec=1.0)
        for node in (self.node, self.peer):
            node.destroy_node()
        for context in self._contexts:
            rclpy.try_shutdown(context=context)
        vars(self).clear()
        del executor, node, context
        gc.collect()  # a lifecycle node is on the bus until then


@pytest.fixture
def bus(domain: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bus]:
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    made = Bus(domain)
    yield made
    made.close()


def test_another_thread_stops_the_motors_without_the_state_of_the_loop(bus: Bus) -> None:
    """Also while the main thread is in the middle of sending."""
    bus.operate()
    loop = bus.loop
    before = (loop.gate.passed, loop.gate.last.tolist(), loop.modes.mode, loop.modes.reason)
    with bus.node._sending:
        thread = threading.Thread(target=bus.node.end_safely)
        began = time.monotonic()
        thread.start()
        thread.join(5.0)
        assert time.monotonic() - began < SENDING_S + ACKNOWLEDGED_S + 0.3
    assert before == (
        loop.gate.passed, loop.gate.last.tolist(), loop.modes.mode, loop.modes.reason
    )  # fmt: skip
    bus.until(lambda: bus.commands[-1] == 0.0)


def test_a_failure_to_list_nodes_does_not_stop_the_motors(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ERROR, and a reason against arming."""

    def fail() -> None:
        raise rclpy_implementation.RCLError("no such participant")

    bus.operate()
    with monkeypatch.context() as patch:
        patch.setattr(bus.node, "get_node_names_and_namespaces", fail)
        bus.until(lambda: bus.measure() and bus.node.conflicts.failure)
        status = bus.node._conflicts_status()
        assert status.level == ERROR
        assert "cannot be checked: no such participant" in status.message
        n = len(bus.commands)
        bus.until(lambda: bus.measure() and len(bus.commands) > n + 3)
        assert bus.node.active
        assert bus.loop.modes.armed
        bus.loop.disarm()
        answer = bus.arm()
        assert not answer.success
        assert "no such participant" in answer.message
    bus.until(lambda: not bus.node.conflicts.failure)
    assert bus.node._conflicts_status().level == OK
    assert bus.arm().success


def test_a_conflict_is_reported_within_a_second_of_its_discovery(bus: Bus) -> None:
    """Without the status of other tasks, some of which count since their last message."""
    others: list[str] = []

    def status() -> Status:
        others.append("other")
        return Status()

    bus.node.diagnostics.add("other", status)
    publisher = bus.peer.create_publisher(Float64, "motor_command", qos("command"))
    bus.until(lambda: bus.node.count_publishers("motor_command") == 2)
    bus.until(lambda: bus.node.conflicts.present, timeout_s=1.0)
    bus.until(lambda: bus.statuses)
    assert bus.statuses == ["pid_controller: conflicts"]
    assert not others
    bus.peer.destroy_publisher(publisher)


def publisher_names(node: PidController) -> set[str]:
    """Return the names of the nodes that publish the command, as far as they are discovered."""
    topic = node.resolve_topic_name("motor_command")
    return {info.node_name for info in node.get_publishers_info_by_topic(topic)}


def test_a_refused_arming_has_its_reason_in_the_mode(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another commander, a claim of another process, trouble and parameters; no claim remains."""
    node = bus.node
    topic = f"topic {node.resolve_topic_name('motor_command')}"
    adapter = bus.loop.adapter
    with monkeypatch.context() as patch:
        patch.setattr(BlimpAdapter, "objection", lambda self, config: "trim_command is unsafe")
        check_refused(bus, "trim_command is unsafe")
    held = claim(bus.peer, topic, "held")
    check_refused(bus, "is commanded by another process on this machine")
    assert held is not None
    held.close()
    adapter.on_battery(1.0, time.monotonic() - 60.0)
    adapter.on_battery(1.0, time.monotonic())
    check_refused(bus, "the battery is critical")
    held = claim(bus.peer, topic, "the claim of a refused arming remains")
    assert held is not None
    held.close()
    adapter.on_battery(4.0, time.monotonic())
    other = bus.peer.create_publisher(Float64, "motor_command", qos("command"))
    bus.until(lambda: {"peer", node.get_name()} == publisher_names(node))
    check_refused(bus, "is published by /peer and /pid_controller")
    bus.peer.destroy_publisher(other)
    bus.until(lambda: node.count_publishers("motor_command") == 1)
    bus.operate()
    with pytest.raises(ConfigError, match="held by the armed node"):
        claim(bus.peer, topic, "held by the armed node")


def check_refused(bus: Bus, reason: str) -> None:
    answer = bus.arm()
    assert not answer.success
    assert answer.message.startswith("not armed: ")
    assert reason in answer.message
    bus.until(lambda: bus.reasons and bus.reasons[-1] == answer.message)


def test_an_armed_vehicle_stays_armed_if_arming_is_repeated(bus: Bus) -> None:
    """Also if another node commands it meanwhile."""
    bus.operate()
    other = bus.peer.create_publisher(Float64, "motor_command", qos("command"))
    bus.until(lambda: bus.measure() and bus.node.conflicts.present)
    assert bus.arm().success
    n = len(bus.commands)
    bus.until(lambda: bus.measure() and len(bus.commands) > n + 3)
    assert bus.loop.modes.mode == "auto"
    bus.peer.destroy_publisher(other)
