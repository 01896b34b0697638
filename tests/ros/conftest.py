"""Fixtures: an isolated bus for each test, nodes as processes on it, and a peer."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from socket import AF_INET, SOCK_DGRAM, socket
from typing import TYPE_CHECKING, Any

import pytest

from snn_control.ros.bus.domains import free_domain
from snn_control.ros.bus.processes import Nodes, local_bus
from tests.ros.firmware import end_firmware, firmware_port

if TYPE_CHECKING:
    from tests.ros.peer import Peer
    from tests.ros.swimmer.peer import SwimPeer

NEEDS_ROS = 'needs rclpy: pip install "snn_control[ros]" or source ROS 2'

QUICK = {"diagnostic_updater": {"period": 0.2}}
"""Short period of diagnostics, for tests that wait for them."""
REPEATS = 2
"""Number of repetitions. A busy machine may stall a process beyond the tested time bounds; a fault
of a node occurs each time."""


START_NODES = {"nodes", "make_bus", "make_shared_bus"}
"""Fixtures of tests that start nodes."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if not START_NODES.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.flaky(reruns=REPEATS))


def required_parameters(node: str, folder: Path) -> dict[str, Any]:
    """Return the parameters without which a node cannot be configured."""
    if node == "serial_controller":
        return {"port": firmware_port(), "model": ""}
    required = {"recorder": {"bag": str(folder / "bag")}, "fault_relay": {"faults_file": "lidar"}}
    return dict(required.get(node, {}))


@pytest.fixture(autouse=True, scope="session")
def no_firmware_outlives_the_session() -> Iterator[None]:
    """End the firmware that `required_parameters` has started."""
    yield
    end_firmware()


@pytest.fixture(autouse=True, scope="module")
def no_node_outlives_its_module() -> Iterator[None]:
    """Collect the lifecycle nodes of this process, which are on the bus until then."""
    yield
    gc.collect()


@pytest.fixture
def domain() -> int:
    return free_domain()


@pytest.fixture
def nodes(domain: int, tmp_path: Path) -> Iterator[Nodes]:
    pytest.importorskip("rclpy", reason=NEEDS_ROS)
    with Nodes(tmp_path / "nodes", local_bus(domain)) as opened:
        yield opened


@pytest.fixture
def make_peer(domain: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Peer]]:
    pytest.importorskip("rclpy", reason=NEEDS_ROS)
    from tests.ros.peer import Peer

    monkeypatch.setitem(os.environ, "ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    made: list[Peer] = []

    def make(node: str = "altitude_controller", namespace: str = "", topics: bool = True) -> Peer:
        made.append(Peer(domain, node, namespace, topics))
        return made[-1]

    yield make
    for peer in made:
        peer.close()


@pytest.fixture
def peer(make_peer: Callable[..., Peer]) -> Peer:
    return make_peer()


@pytest.fixture
def swim_peer(domain: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[SwimPeer]:
    pytest.importorskip("rclpy", reason=NEEDS_ROS)
    from tests.ros.swimmer.peer import SwimPeer

    monkeypatch.setitem(os.environ, "ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    peer = SwimPeer(domain)
    yield peer
    peer.close()


MakeBus = Callable[..., "tuple[Nodes, Peer]"]
"""Function with the arguments of `Peer` without the domain; returns nodes and peer of a new bus."""


@contextmanager
def buses(folder: Path) -> Iterator[MakeBus]:
    """Create isolated buses, whose nodes start, wait and end in parallel."""
    pytest.importorskip("rclpy", reason=NEEDS_ROS)
    from tests.ros.peer import Peer

    made: list[Nodes] = []
    with pytest.MonkeyPatch.context() as patch, ExitStack() as opened:
        patch.setitem(os.environ, "ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")

        def make(*arguments: Any, **named: Any) -> tuple[Nodes, Peer]:
            domain = free_domain()
            # Only the first participant of a process binds the port that marks a domain as used.
            port = opened.enter_context(socket(AF_INET, SOCK_DGRAM))
            port.bind(("", 7410 + 250 * domain))
            peer = Peer(domain, *arguments, **named)
            opened.callback(peer.close)
            made.append(opened.enter_context(Nodes(folder / f"{len(made)}", local_bus(domain))))
            return made[-1], peer

        yield make
        for process in (process for nodes in made for process in nodes.running.values()):
            process.terminate()


@pytest.fixture
def make_bus(tmp_path: Path) -> Iterator[MakeBus]:
    with buses(tmp_path / "buses") as make:
        yield make


@pytest.fixture(scope="module")
def make_shared_bus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeBus]:
    with buses(tmp_path_factory.mktemp("buses")) as make:
        yield make
