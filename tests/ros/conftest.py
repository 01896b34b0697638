"""A bus of its own for each test, nodes as processes on it, and a peer."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from snn_control.ros.processes import Nodes, free_domain, local_bus

if TYPE_CHECKING:
    from tests.ros.bus import Peer
    from tests.ros.swim_bus import SwimPeer

NEEDS_ROS = 'needs rclpy: pip install "snn_control[ros]" or source ROS 2'

REPEATS = 2
"""A busy machine stalls a process for longer than the bounds of time tested here; a fault of a
node shows each time."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "nodes" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.flaky(reruns=REPEATS))


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
    from tests.ros.bus import Peer

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
    from tests.ros.swim_bus import SwimPeer

    monkeypatch.setitem(os.environ, "ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    peer = SwimPeer(domain)
    yield peer
    peer.close()
