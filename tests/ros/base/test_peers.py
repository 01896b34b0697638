"""Conflicts on the bus: second publishers are reported, second commanders and names refused."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ros.conftest import NEEDS_ROS, QUICK, MakeBus

pytest.importorskip("rclpy", reason=NEEDS_ROS)

import rclpy
from rclpy.context import Context
from std_msgs.msg import Float64

from snn_control.ros.base.interface import Topic, qos
from snn_control.ros.base.run_node import REFUSED
from snn_control.ros.bus.processes import Nodes
from snn_control.ros.interfaces import INTERFACES
from tests.ros.peer import ACTIVE, Peer

REPORTED_S = 1.0
SLACK_S = 0.3
ERROR = b"\x02"
SOLE = {name: [t for t in table.topics if t.publishers == "one"] for name, table in INTERFACES.items()}
CHECKED = [name for name, topics in SOLE.items() if topics]


class Publisher:
    """Node of another participant that publishes one topic, as a context manager."""

    def __init__(self, domain: int, topic: str, kind: str, name: str = "intruder") -> None:
        self._context = Context()
        rclpy.init(context=self._context, domain_id=domain)
        self._node = rclpy.create_node(name, context=self._context)
        package, _, message = kind.split("/")
        message_type = getattr(import_module(f"{package}.msg"), message)
        self._node.create_publisher(message_type, topic, qos("sensor"))

    def __enter__(self) -> Publisher:
        return self

    def __exit__(self, *_: object) -> None:
        self._node.destroy_node()
        rclpy.try_shutdown(context=self._context)


@pytest.fixture(scope="module")
def running(
    make_shared_bus: MakeBus, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[Nodes, Peer]]:
    """Active nodes, each on a bus of its own."""
    bag, started = tmp_path_factory.mktemp("recorded") / "bag", {}
    for name, table in INTERFACES.items():
        nodes, peer = started[name] = make_shared_bus(name, topics=False)
        parameters: dict[str, Any] = {"bag": str(bag)} if name == "recorder" else {}
        if any(topic.name == "/clock" for topic in table.topics):
            parameters |= {"clock": True, "wait_for_controller": True}
        nodes.start(name, {**QUICK, **parameters})
    return started


def test_commands_and_measurements_of_controllers_have_one_publisher() -> None:
    for name, table in INTERFACES.items():
        commands = [t for t in table.topics if (t.direction, t.quality) == ("out", "command")]
        assert all(topic.publishers == "one" for topic in commands), name
    for controller in ("altitude_controller", "pid_controller", "swimmer_controller"):
        assert {"in", "out"} == {topic.direction for topic in SOLE[controller]}


def conflicts(peer: Peer) -> tuple[bytes, str]:
    try:
        level, message, _ = peer.status("peers")
    except AssertionError:
        return b"", ""
    return level, message


@pytest.mark.parametrize("name", CHECKED)
def test_a_second_publisher_is_an_error(
    name: str, running: dict[str, tuple[Nodes, Peer]]
) -> None:
    """Each topic of each node that admits one publisher; the report names both."""
    nodes, peer = running[name]
    domain = peer.context.get_domain_id()
    peer.until(lambda: peer.diagnostics and peer.state() == ACTIVE, 60.0)
    peer.until(lambda: conflicts(peer)[0] == b"\x00")
    for topic in SOLE[name]:
        with Publisher(domain, topic.name, topic.type, "first"):
            others = ["/first", f"/{name}" if topic.direction == "out" else "/second"]
            if topic.direction == "in":
                peer.spin(0.6)
                assert conflicts(peer)[0] == b"\x00", "one source is no conflict"
                second = Publisher(domain, topic.name, topic.type, "second")
            began = time.monotonic()
            peer.until(lambda: conflicts(peer)[0] == ERROR)
            took_s = time.monotonic() - began
            assert took_s < REPORTED_S + SLACK_S, topic.name
            message = conflicts(peer)[1]
            assert f"topic {full(topic)} is published by" in message
            assert all(other in message for other in others), message
            assert message in nodes.log(name, 50)
            if topic.direction == "in":
                second.__exit__()
        peer.until(lambda: conflicts(peer)[0] == b"\x00")


def full(topic: Topic) -> str:
    return topic.name if topic.name.startswith("/") else f"/{topic.name}"


@pytest.mark.parametrize("name", INTERFACES)
def test_a_second_node_of_the_name_is_refused(
    name: str, running: dict[str, tuple[Nodes, Peer]], tmp_path: Path
) -> None:
    nodes, peer = running[name]
    peer.until(lambda: peer.diagnostics and peer.state() == ACTIVE, 60.0)
    path = tmp_path / "second.yaml"
    path.write_text(yaml.safe_dump({"/**": {"ros__parameters": {"autostart": True}}}), "utf-8")
    nodes.start_with(path, name)
    assert nodes.running.pop("second").wait(15.0) == REFUSED
    assert f"another node is named /{name}" in nodes.log("second")
    assert nodes.running[name].poll() is None
    assert peer.state() == ACTIVE


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_restarted_node_comes_back_at_once(number: int, nodes: Nodes, peer: Peer) -> None:
    """Peers see a killed node for 20 s; the new process does not."""
    nodes.start("pid_controller", {})
    peer.target = "pid_controller"
    peer.connected()
    process = nodes.running.pop("pid_controller")
    process.send_signal(number)
    process.wait()
    nodes.start("pid_controller", {"arm_on_activate": True})
    peer.until(lambda: "mode hold" in nodes.log("pid_controller"))
    assert "another node" not in nodes.log("pid_controller", 50)


def test_a_vehicle_that_another_node_commands_is_not_armed(
    nodes: Nodes, domain: int, make_peer: Callable[..., Peer]
) -> None:
    peer = make_peer("pid_controller")
    with Publisher(domain, "motor_command", "std_msgs/msg/Float64"):
        nodes.start("pid_controller", {**QUICK, "arm_on_activate": True})
        peer.until(lambda: "not armed: topic /motor_command" in nodes.log("pid_controller", 50))
        answer = peer.switch("arm", True)
        assert not answer.success
        assert "/intruder and /pid_controller" in answer.message
    peer.until(lambda: peer.node.count_publishers("motor_command") == 1)
    peer.until(lambda: peer.switch("arm", True).success)
    peer.feed(0.5)
    assert peer.modes[-1][1] == "auto"
    with Publisher(domain, "motor_command", "std_msgs/msg/Float64"):
        peer.until(lambda: peer.measure() and conflicts(peer)[0] == ERROR)
        peer.feed(0.5)
        assert peer.modes[-1][1] == "auto", "an armed vehicle stays in control"


def test_two_nodes_of_one_process_are_no_conflict(domain: int) -> None:
    """A simulator and a controller in one process, each with its publishers."""
    from snn_control.ros.base.managed_node import ManagedNode
    from snn_control.ros.blimp_simulator import BlimpSimulator
    from snn_control.ros.pid_controller import PidController

    context = Context()
    rclpy.init(context=context, domain_id=domain)
    nodes: list[ManagedNode] = [
        PidController(context=context),
        BlimpSimulator(context=context, stop=lambda code=0: None),
    ]
    for node in nodes:
        assert node.try_transition("configure")
    time.sleep(0.3)
    for node in nodes:
        node.peers.update()
        assert node.peers.update() == ()
        assert node.peers.conflicts == ()
        node.destroy_node()
    rclpy.try_shutdown(context=context)
