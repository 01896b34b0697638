"""Nodes of an onboard installation on a real bus."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.installation import onboard
from tests.needs import NEEDS_SERIAL
from tests.ros.conftest import NEEDS_ROS, QUICK

pytest.importorskip("rclpy", reason=NEEDS_ROS)

from snn_control.ros.bus.processes import Nodes, local_bus
from snn_control.ros.exit_codes import UNUSABLE
from tests.ros.firmware import firmware_port
from tests.ros.peer import Peer


@pytest.fixture
def nodes(domain: int, tmp_path: Path):
    environment = onboard.environment(tmp_path / "hide", local_bus(domain))
    with Nodes(tmp_path / "nodes", environment) as opened:
        yield opened


def test_the_pid_controls(nodes: Nodes, make_peer: Callable[..., Peer]) -> None:
    peer = make_peer("pid_controller")
    nodes.start("pid_controller", {"arm_on_activate": True, "range_gate_m": 0.0, **QUICK})
    peer.connected()
    peer.set_point(1.2)
    peer.feed(1.0)
    peer.until(lambda: peer.modes and peer.modes[-1][1] == "auto")
    assert peer.commands[-1][1] > 0.0


@pytest.mark.skipif(
    not any(map(shutil.which, ("cc", "gcc", "clang"))), reason="no C compiler: install gcc"
)
@pytest.mark.parametrize("model", ["blimp-altitude", "blimp-altitude:adapting"])
def test_networks_in_c_control_without_numba(
    model: str, nodes: Nodes, make_peer: Callable[..., Peer]
) -> None:
    peer = make_peer("altitude_controller")
    parameters = {"model": model, "engine": "c", "arm_on_activate": True, "range_gate_m": 0.0}
    nodes.start("altitude_controller", {**parameters, **QUICK})
    peer.connected()
    peer.set_point(1.2)
    peer.feed(1.0)
    peer.until(lambda: peer.modes and peer.modes[-1][1] == "auto")
    assert peer.commands[-1][1] > 0.0


def test_a_node_that_lacks_the_package_of_its_engine_exits(nodes: Nodes) -> None:
    nodes.start("altitude_controller", {})
    assert nodes.running["altitude_controller"].wait(timeout=20.0) == UNUSABLE
    assert 'numba is not installed: pip install "numba' in nodes.log("altitude_controller", 20)


def test_a_node_that_lacks_the_package_of_its_port_exits(nodes: Nodes) -> None:
    nodes.start("serial_controller", {"port": "socket://127.0.0.1:1", "model": ""})
    assert nodes.running["serial_controller"].wait(timeout=20.0) == UNUSABLE
    assert 'pip install "snn_control[serial]"' in nodes.log("serial_controller", 20)


def test_a_firmware_controls(domain: int, tmp_path: Path, make_peer: Callable[..., Peer]) -> None:
    for module in ("serial", "cobs"):
        pytest.importorskip(module, reason=NEEDS_SERIAL)
    without = onboard.hidden() - {"serial", "cobs"}
    environment = onboard.environment(tmp_path / "hide", local_bus(domain), without)
    peer = make_peer("serial_controller")
    parameters = {"port": firmware_port(), "arm_on_activate": True, "range_gate_m": 0.0}
    with Nodes(tmp_path / "nodes", environment) as nodes:
        nodes.start("serial_controller", {**parameters, **QUICK})
        peer.connected()
        peer.set_point(1.2)
        peer.feed(1.0)
        peer.until(lambda: peer.modes and peer.modes[-1][1] == "auto")
        assert peer.commands[-1][1] > 0.0
