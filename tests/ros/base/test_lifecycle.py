"""Lifecycle on a real bus: no request ends a node; failures have a reason and can be fixed."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.ros.conftest import NEEDS_ROS, QUICK, MakeBus, required_parameters

pytest.importorskip("rclpy", reason=NEEDS_ROS)

import rclpy
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.context import Context
from sensor_msgs.msg import Range
from std_msgs.msg import Float64

from snn_control.ros import launching
from snn_control.ros.base.interface import qos
from snn_control.ros.blimp.altitude_controller import Config
from snn_control.ros.bus.processes import Nodes
from tests.ros.peer import ACTIVE, INACTIVE, UNCONFIGURED, Peer

CYCLE = {
    Transition.TRANSITION_CONFIGURE: INACTIVE,
    Transition.TRANSITION_ACTIVATE: ACTIVE,
    Transition.TRANSITION_DEACTIVATE: INACTIVE,
    Transition.TRANSITION_CLEANUP: UNCONFIGURED,
}
LEGAL = {
    UNCONFIGURED: {
        Transition.TRANSITION_CONFIGURE,
        Transition.TRANSITION_UNCONFIGURED_SHUTDOWN,
    },
    INACTIVE: {
        Transition.TRANSITION_ACTIVATE,
        Transition.TRANSITION_CLEANUP,
        Transition.TRANSITION_INACTIVE_SHUTDOWN,
    },
    ACTIVE: {Transition.TRANSITION_DEACTIVATE, Transition.TRANSITION_ACTIVE_SHUTDOWN},
}


DEFAULTS = {f.name: f.default for f in dataclasses.fields(Config)}


def flood(peer: Peer, numbers: list[int]) -> int:
    """Send transitions in batches; return the number of successes."""
    client, n_done = peer.client(ChangeState, "change_state"), 0
    for batch in batched(numbers, 8):
        requests = [ChangeState.Request() for _ in batch]
        for request, number in zip(requests, batch, strict=True):
            request.transition.id = number
        futures = [client.call_async(request) for request in requests]
        peer.until(lambda futures=futures: all(future.done() for future in futures))  # type: ignore[misc]
        n_done += sum(bool(future.result().success) for future in futures)
    return n_done


def batched(numbers: list[int], size: int) -> list[list[int]]:
    return [numbers[k : k + size] for k in range(0, len(numbers), size)]


@pytest.mark.parametrize("executor", ["events", "multi"])
def test_no_transition_id_ends_the_node_in_any_state(
    executor: str, nodes: Nodes, peer: Peer
) -> None:
    nodes.start("altitude_controller", {"autostart": False, "executor": executor})
    state = UNCONFIGURED
    for number, reached in CYCLE.items():
        assert flood(peer, [k for k in range(256) if k not in LEGAL[state]]) == 0
        assert not peer.transition(label="no_such_transition")
        assert peer.state() == state
        assert peer.transition(number)
        state = peer.state()
        assert state == reached
    assert flood(peer, [Transition.TRANSITION_DEACTIVATE] * 1000) == 0
    assert nodes.running["altitude_controller"].poll() is None
    assert peer.transition(Transition.TRANSITION_CONFIGURE)
    assert peer.transition(label="activate")
    assert peer.state() == ACTIVE


def test_all_nodes_complete_the_lifecycle(make_bus: MakeBus, tmp_path: Path) -> None:
    started = {node: make_bus(node) for node in launching.NODES if node != "altitude_controller"}
    for node, (nodes, _) in started.items():
        nodes.start(node, {"autostart": False, **required_parameters(node, tmp_path)})
    for node, (nodes, peer) in started.items():
        for number, reached in CYCLE.items():
            assert flood(peer, [0, 99, 255]) == 0, node
            assert peer.transition(number), (node, number)
            assert peer.state() == reached, (node, number)
        assert peer.transition(Transition.TRANSITION_UNCONFIGURED_SHUTDOWN), node
        assert nodes.running[node].poll() is None, node


UNUSABLE: list[tuple[dict, str]] = [
    ({"model": "blimp-altitud"}, "Did you mean: `blimp-altitude"),
    ({"control_period_s": 0.02}, "control period of 0.1 s"),
    ({"gian": 5.0}, "unknown parameter 'gian'"),
    ({"hold_s": 1}, "write 1.0"),
    ({"recover_ticks": 0}, "recover_ticks"),
    ({"trim_command": 11.0}, "trim_command"),
    ({"set_point_low_m": 5.0, "set_point_high_m": 1.0}, "set_point_low_m 5 is not below"),
    ({"hold_s": 2.0}, "in this order"),
]


def test_invalid_parameters_are_refused_at_configure(make_bus: MakeBus) -> None:
    started = [make_bus() for _ in UNUSABLE]
    for (parameters, _), (nodes, _) in zip(UNUSABLE, started, strict=True):
        nodes.start("altitude_controller", parameters)
    for (parameters, message), (nodes, peer) in zip(UNUSABLE, started, strict=True):
        peer.until(lambda peer=peer: peer.diagnostics)  # type: ignore[misc]
        assert peer.state() == UNCONFIGURED, parameters
        peer.until(partial(_reports, peer, message))
        assert message in nodes.log("altitude_controller", 50)
        assert nodes.running["altitude_controller"].poll() is None, parameters
        if "gian" in parameters:
            continue
        for name in parameters:
            assert peer.set_parameter(name, DEFAULTS[name]) == (True, "")
        assert peer.transition(Transition.TRANSITION_CONFIGURE), parameters


def test_a_model_of_another_vehicle_is_refused(nodes: Nodes, peer: Peer, tmp_path) -> None:
    from snn_control.controllers.files import write_pair
    from snn_control.network.files import network_document
    from tests.ros.other_model import pendulum_network

    tensors: dict = {}
    document = {
        "kind": "controller",
        "controller": "altitude",
        "networks": [network_document(pendulum_network(), tensors, prefix="0/")],
        "about": {},
    }
    write_pair(tmp_path / "other", document, tensors)
    nodes.start("altitude_controller", {"model": str(tmp_path / "other.json"), **QUICK})
    peer.until(lambda: peer.diagnostics)
    peer.until(lambda: "height_error_m" in peer.status("node")[1])
    assert peer.state() == UNCONFIGURED


def test_another_type_on_a_topic_is_refused(
    nodes: Nodes, make_peer: Callable[..., Peer], domain: int
) -> None:
    context = Context()
    peer = make_peer(topics=False)
    rclpy.init(context=context, domain_id=domain)
    publisher = rclpy.create_node("millimetres", context=context)
    publisher.create_publisher(Float64, "range", qos("sensor"))
    nodes.start("altitude_controller", {"autostart": False, **QUICK})
    peer.until(lambda: peer.diagnostics)
    peer.spin(0.5)
    assert not peer.transition(Transition.TRANSITION_CONFIGURE)
    peer.until(lambda: "expected sensor_msgs/msg/Range" in peer.status("node")[1])
    assert "millimetres" in peer.status("node")[1]
    publisher.destroy_node()
    rclpy.try_shutdown(context=context)
    peer.spin(0.5)
    assert peer.transition(Transition.TRANSITION_CONFIGURE)


def _reports(peer: Peer, message: str) -> bool:
    return message in peer.status("node")[1]


@pytest.mark.parametrize("executor", ["events", "multi"])
def test_an_unusable_sensor_is_refused_at_configure(
    executor: str, nodes: Nodes, peer: Peer
) -> None:
    nodes.start("altitude_controller", {"autostart": False, "executor": executor, **QUICK})
    peer.until(lambda: peer.diagnostics)
    configure = ChangeState.Request()
    configure.transition.id = Transition.TRANSITION_CONFIGURE
    client = peer.client(ChangeState, "change_state")
    for bad, message in ((1234.0, "millimetres"), (-0.5, "negative"), (float("inf"), "no return")):
        future = client.call_async(configure)
        while not future.done():
            peer.measure(bad)
            peer.spin(0.05)
        assert not future.result().success
        peer.until(partial(_reports, peer, message))
        assert peer.state() == UNCONFIGURED
    future = client.call_async(configure)
    while not future.done():
        peer.measure(1.0)
        peer.spin(0.05)
    assert future.result().success


@pytest.mark.parametrize("topic", ["range", "/lidar"])
def test_an_autostarted_node_refuses_an_unusable_sensor(
    topic: str, nodes: Nodes, make_peer: Callable[..., Peer], tmp_path: Path
) -> None:
    peer = make_peer(topics=False)
    lidar = peer.node.create_publisher(Range, topic, qos("sensor"))
    path = tmp_path / "parameters.yaml"
    path.write_text("/**: {ros__parameters: {autostart: true, probe_s: 8.0}}", "utf-8")
    nodes.start_with(path, "altitude_controller", remaps={"range": topic})

    def reported() -> bool:
        message = Range(range=1234.0, max_range=4000.0)
        message.header.stamp = peer.node.get_clock().now().to_msg()
        lidar.publish(message)
        return bool(peer.diagnostics) and _reports(peer, f"topic {lidar.topic_name}: range 1234")

    peer.until(reported)
    assert peer.state() == UNCONFIGURED


def test_diagnostics_are_published_every_second_in_every_state(nodes: Nodes, peer: Peer) -> None:
    nodes.start("altitude_controller", {"autostart": False, "hardware_id": "blimp-7"})
    for number in CYCLE:
        peer.diagnostics.clear()
        peer.until(lambda: len(peer.diagnostics) == 2)
        assert 0.7 <= peer.diagnostics[1][0] - peer.diagnostics[0][0] <= 2.0
        for _, array in peer.diagnostics:
            assert array.header.stamp.sec > 0
            for status in array.status:
                assert status.name.startswith("altitude_controller: ")
                assert status.hardware_id == "blimp-7"
                assert isinstance(status.level, bytes)
        peer.transition(number)


def test_invalid_parameter_changes_are_refused_with_a_reason(nodes: Nodes, peer: Peer) -> None:
    nodes.start("altitude_controller", {})
    peer.connected()
    peer.until(lambda: peer.state() == ACTIVE)
    for name, value, message in (
        ("executor", "multi", "read-only"),
        ("trim_command", 99.0, "out of range"),
        ("trim_command", float("nan"), "out of range"),
        ("trim_command", 3, "type"),
        ("hold_s", 0.5, "clean it up first"),
        ("battery_low_v", 3.0, "battery_critical_v 3.2 is not below"),
        ("nothing", 3.0, "undeclared"),
    ):
        done, reason = peer.set_parameter(name, value)
        assert not done, name
        assert message in reason, (name, reason)
    assert peer.set_parameter("trim_command", 2.5) == (True, "")
    assert peer.state() == ACTIVE


def test_the_first_command_follows_within_a_second(make_bus: MakeBus) -> None:
    started = {executor: make_bus() for executor in ("events", "single", "multi")}
    for executor, (nodes, _) in started.items():
        nodes.start("altitude_controller", {"executor": executor, "arm_on_activate": True})
    for executor, (_, peer) in started.items():
        peer.connected()
        peer.commands.clear()
        sent = time.monotonic()
        peer.feed(0.3, 1.3)
        peer.until(lambda peer=peer: peer.commands)  # type: ignore[misc]
        assert peer.commands[0][0] - sent < 1.0, executor


VALUES = (
    0.0, -1.0, 1e308, float("nan"), float("inf"), 7, -(2**62), True, "", "x" * 5000, ["a"],
)  # fmt: skip


def fuzz(peer: Peer, rng: np.random.Generator) -> None:
    names = [*DEFAULTS, "use_sim_time", "diagnostic_updater.period", "qos_overrides./x", ""]
    for _ in range(150):
        name, value = names[rng.integers(len(names))], VALUES[rng.integers(len(VALUES))]
        if (name, value) != ("use_sim_time", True):
            peer.set_parameter(name, value)


def test_no_parameter_value_ends_the_node_in_any_state(nodes: Nodes, peer: Peer) -> None:
    nodes.start("altitude_controller", {"autostart": False})
    rng = np.random.default_rng(0)
    fuzz(peer, rng)
    assert peer.state() == UNCONFIGURED
    for name, value in DEFAULTS.items():
        peer.set_parameter(name, value)
    assert peer.set_parameter("arm_on_activate", True)[0]
    for transition, state in (("configure", INACTIVE), ("activate", ACTIVE)):
        assert peer.transition(label=transition)
        fuzz(peer, rng)
        assert not peer.set_parameter("model", "nonsense")[0]
        assert peer.state() == state
    assert nodes.running["altitude_controller"].poll() is None
    peer.feed(0.5)
    assert peer.modes[-1][1] == "auto"
    assert all(np.isfinite(command) and abs(command) <= 10 for _, command in peer.commands)
