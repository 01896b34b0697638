"""Adapting controller on the bus: replay, services, model file of the learned parameters."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ros.conftest import NEEDS_ROS, REPEATS

pytest.importorskip("rclpy", reason=NEEDS_ROS)
pytest.importorskip("rosbags", reason='needs rosbags: pip install "snn_control[logs]"')

from std_srvs.srv import SetBool, Trigger

from snn_control.controllers import load
from snn_control.controllers.adapting import Adapting
from snn_control.controllers.adapting_config import ORDERS
from snn_control.ros.bags.ticks import read_ticks
from snn_control.ros.base.vehicle import BusRun
from snn_control.ros.bus.fly import run_simulated
from snn_control.ros.bus.processes import Nodes
from tests.ros.peer import Peer


@pytest.mark.flaky(reruns=REPEATS)
def test_a_flight_replays_bit_for_bit(tmp_path: Path) -> None:
    run = BusRun("blimp-adaptive", preset="default", seed=3, duration_s=20.0, rate=4.0)
    result = run_simulated(run, tmp_path)
    assert result.summary["replay_identical"]
    ticks = read_ticks(tmp_path / "ros" / "bag")
    assert ticks.order_names == ORDERS
    assert ticks.fields["sent_command"][ticks.stepped].std() > 0.1


def call(peer: Peer, name: str, on: bool | None = None) -> tuple[bool, str]:
    kind = Trigger if on is None else SetBool
    request = kind.Request() if on is None else SetBool.Request(data=on)
    response = peer.call(kind, name, request)
    return response.success, response.message


def test_services_of_the_adaptation(nodes: Nodes, peer: Peer, tmp_path: Path) -> None:
    path = tmp_path / "learned"
    nodes.start("altitude_controller", {"model": "blimp-altitude:adapting", "save_to": str(path)})
    peer.connected()
    assert call(peer, "freeze", True) == (True, "frozen")
    assert call(peer, "adapt", False) == (True, "off")
    assert call(peer, "adapt", True) == (True, "on")
    assert call(peer, "roll_back_adaptation")[0]
    done, message = call(peer, "save_adaptation")
    assert done, message
    saved = load(path)
    assert isinstance(saved, Adapting)
    assert saved.start == saved.model.parameters


@pytest.mark.parametrize(
    ("model", "service", "message"),
    [
        ("blimp-altitude", "adapt", "does not adapt"),
        ("blimp-adaptive", "adapt", "freeze it instead"),
    ],
)
def test_requests_that_a_controller_cannot_follow(
    nodes: Nodes, peer: Peer, model: str, service: str, message: str
) -> None:
    nodes.start("altitude_controller", {"model": model})
    peer.connected()
    done, answer = call(peer, service, False)
    assert not done
    assert message in answer
