"""Conflicts on the bus: second publishers are reported, second commanders and names refused."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from tests.ros.conftest import NEEDS_ROS, QUICK, MakeBus, required_parameters

pytest.importorskip("rclpy", reason=NEEDS_ROS)

import rclpy
from rclpy.context import Context

from snn_control.ros.base.interface import qos
from snn_control.ros.bus.processes import Nodes
from snn_control.ros.exit_codes import REFUSED
from snn_control.ros.interfaces import INTERFACES
from tests.ros.peer import ACTIVE, Peer

DISCOVERY_S = 5.0
"""Bound of the discovery by Fast DDS, which takes 0.3 s in most and 3 s in some cases."""
OK, ERROR = b"\x00", b"\x02"
SOLE = {
    name: [t for t in table.topics if t.publishers == "one"] for name, table in INTERFACES.items()
}
SETTINGS = ("output: efforts", "clock: true", "system: blimp")
"""Settings of the nodes under test; topics of others are not checked."""
CHECKED = [name for name, topics in SOLE.items() if topics]


class Publisher:
    """Node of another participant that publishes topics, as a context manager."""

    def __init__(self, domain: int, name: str, topics: list[tuple[str, str]]) -> None:
        self._context = Context()
        rclpy.init(context=self._context, domain_id=domain)
        self._node = rclpy.create_node(name, context=self._context)
        for topic, kind in topics:
            package, _, message = kind.split("/")
            message_type = getattr(import_module(f"{package}.msg"), message)
            self._node.create_publisher(message_type, topic, qos("event"))

    def __enter__(self) -> Publisher:
        return self

    def __exit__(self, *_: object) -> None:
        self._node.destroy_node()
        rclpy.try_shutdown(context=self._context)


COMMAND = [("motor_command", "std_msgs/msg/Float64")]


@pytest.fixture(scope="module")
def running(
    make_shared_bus: MakeBus, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[Nodes, Peer]]:
    """Active nodes, each on an isolated bus."""
    folder, started = tmp_path_factory.mktemp("recorded"), {}
    for name, table in INTERFACES.items():
        nodes, _ = started[name] = make_shared_bus(name, topics=False)
        parameters = required_parameters(name, folder)
        if any(topic.name == "/clock" for topic in table.topics):
            parameters |= {"clock": True, "wait_for_controller": True}
        nodes.start(name, {**QUICK, **parameters})
    return started


def test_commands_and_measurements_of_controllers_have_one_publisher() -> None:
    for name, table in INTERFACES.items():
        commands = [t for t in table.topics if (t.direction, t.quality) == ("out", "command")]
        assert all(topic.publishers == "one" for topic in commands), name
    for controller in (
        "altitude_controller", "pid_controller", "serial_controller", "swimmer_controller",
    ):  # fmt: skip
        assert {"in", "out"} == {topic.direction for topic in SOLE[controller]}


def conflicts(peer: Peer) -> tuple[bytes, str]:
    try:
        level, message, _ = peer.status("conflicts")
    except AssertionError:
        return b"", ""
    return level, message


@pytest.mark.parametrize("name", CHECKED)
def test_a_second_publisher_is_an_error(name: str, running: dict[str, tuple[Nodes, Peer]]) -> None:
    """All topics of a node that admit one publisher; the report names both publishers.

    One source is no conflict, nor are publishers of topics that the node does not use.
    """
    nodes, peer = running[name]
    domain = peer.context.get_domain_id()
    peer.until(lambda: peer.diagnostics and peer.state() == ACTIVE, 60.0)
    peer.until(lambda: conflicts(peer)[0] == OK)
    opened = [t for t in SOLE[name] if t.only in ("", *SETTINGS)]
    measured = [(t.name, t.type) for t in opened if t.direction == "in"]
    published = [(t.name, t.type) for t in opened if t.direction == "out"]
    unused = [(t.name, t.type) for t in SOLE[name] if t not in opened]
    with Publisher(domain, "first", measured + unused), Publisher(domain, "other", unused):
        peer.until(lambda: all(peer.node.count_publishers(topic) for topic, _ in measured + unused))
        peer.spin(0.5)
        level, message = conflicts(peer)
        assert level == OK, message
    first = Publisher(domain, "first", measured + published)
    with first, Publisher(domain, "second", measured):
        for topic in measured + published:
            other = "/second" if topic in measured else f"/{name}"
            names = " and ".join(sorted(("/first", other)))
            expected = f"topic /{topic[0].lstrip('/')} is published by {names}, "
            peer.until(lambda: expected in conflicts(peer)[1], DISCOVERY_S)  # noqa: B023
            assert conflicts(peer)[0] == ERROR
            assert expected in nodes.log(name, 50)
    peer.until(lambda: conflicts(peer)[0] == OK)


def test_a_second_node_of_a_name_is_refused(
    running: dict[str, tuple[Nodes, Peer]], tmp_path: Path
) -> None:
    path = tmp_path / "second.yaml"
    path.write_text(yaml.safe_dump({"/**": {"ros__parameters": {"autostart": True}}}), "utf-8")
    for name, (nodes, peer) in running.items():
        peer.until(lambda peer=peer: peer.diagnostics and peer.state() == ACTIVE, 60.0)  # type: ignore[misc]
        nodes.start_with(path, name)
    for name, (nodes, peer) in running.items():
        assert nodes.running.pop("second").wait(30.0) == REFUSED
        assert f"another node is named /{name}" in nodes.log("second")
        assert nodes.running[name].poll() is None
        assert peer.state() == ACTIVE


def test_a_killed_node_comes_back_at_once(nodes: Nodes, peer: Peer) -> None:
    """Peers see it for 20 s; its successor does not."""
    nodes.start("pid_controller", {})
    peer.target = "pid_controller"
    peer.connected()
    process = nodes.running.pop("pid_controller")
    process.kill()
    process.wait()
    nodes.start("pid_controller", {"arm_on_activate": True})
    peer.until(lambda: "mode hold" in nodes.log("pid_controller"))
    assert "another node" not in nodes.log("pid_controller", 50)


def test_a_vehicle_that_another_node_commands_is_not_armed(
    nodes: Nodes, domain: int, make_peer: Callable[..., Peer]
) -> None:
    peer = make_peer("pid_controller")
    with Publisher(domain, "intruder", COMMAND):
        nodes.start("pid_controller", {**QUICK, "arm_on_activate": True})
        peer.until(lambda: "not armed: topic /motor_command" in nodes.log("pid_controller", 50))
        peer.until(lambda: "by /intruder and /pid_con" in nodes.log("pid_controller", 50))
        answer = peer.switch("arm", True)
        assert not answer.success
        assert "/intruder and /pid_controller" in answer.message
    peer.until(lambda: peer.node.count_publishers("motor_command") == 1)
    peer.until(lambda: peer.switch("arm", True).success)


def test_two_nodes_of_one_process_are_no_conflict(domain: int) -> None:
    """A simulator and a controller in one process, each with its publishers."""
    from snn_control.ros.base.managed_node import ManagedNode
    from snn_control.ros.blimp.pid_controller import PidController
    from snn_control.ros.blimp.simulator import BlimpSimulator

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
        assert node.conflicts.update() == ()
        node.destroy_node()
    rclpy.try_shutdown(context=context)
    del nodes, node
    gc.collect()  # lifecycle nodes are on the bus until then
