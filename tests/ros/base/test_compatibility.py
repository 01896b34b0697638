"""Quality of service of peers: setpoints of every publisher, and reports of a mismatch."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.ros.conftest import NEEDS_ROS, QUICK, MakeBus

pytest.importorskip("rclpy", reason=NEEDS_ROS)

from rclpy.duration import Duration
from rclpy.qos import LivelinessPolicy, QoSProfile, ReliabilityPolicy, qos_profile_sensor_data
from sensor_msgs.msg import Range
from std_msgs.msg import Float64

from snn_control.ros.base.compatibility import mismatch
from snn_control.ros.base.interface import qos
from snn_control.ros.bus.processes import Nodes
from tests.ros.peer import ACTIVE, TIMEOUT_S, Peer

ONCE = 3.5
"""Setpoint above its limit, so that the diagnostics report it, m."""


@pytest.fixture(scope="module")
def shared(make_shared_bus: MakeBus) -> tuple[Nodes, Peer]:
    """Active controller on a bus."""
    nodes, peer = make_shared_bus()
    nodes.start("altitude_controller", {"autostart": True, **QUICK})
    peer.connected()
    peer.until(lambda: peer.state() == ACTIVE)
    return nodes, peer


def publish_once(peer: Peer, profile: QoSProfile | int, height_m: float) -> Any:
    """Publish as `ros2 topic pub --once`: wait for a matching subscription, send, return."""
    publisher = peer.node.create_publisher(Float64, "height_set_point", profile)
    end_s = time.monotonic() + TIMEOUT_S
    while not publisher.get_subscription_count():
        assert time.monotonic() < end_s, "no matching subscription"
        peer.spin(0.05)
    publisher.publish(Float64(data=height_m))
    return publisher


def fed(peer: Peer, condition: Callable[[], bool]) -> None:
    """Feed the node until a condition holds."""
    end_s = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < end_s, "timeout"
        peer.feed(0.2)


def reported(peer: Peer, text: str, status: str = "inputs") -> Callable[[], bool]:
    return lambda: text in peer.status(status)[1]


@pytest.mark.parametrize(
    "profile", [10, qos("latched"), qos("event")], ids=["10", "latched", "event"]
)
def test_a_setpoint_of_every_reliable_publisher_arrives(
    profile: QoSProfile | int, shared: tuple[Nodes, Peer]
) -> None:
    _, peer = shared
    publisher = publish_once(peer, profile, ONCE)
    fed(peer, reported(peer, f"setpoint {ONCE:g} m"))
    publisher.publish(Float64(data=1.0))
    fed(peer, lambda: not reported(peer, f"setpoint {ONCE:g} m")())
    assert peer.status("conflicts")[0] == b"\x00"
    peer.node.destroy_publisher(publisher)


def test_a_setpoint_from_before_the_start_arrives(make_bus: MakeBus) -> None:
    nodes, peer = make_bus()
    peer.set_point(ONCE)
    nodes.start("altitude_controller", {"autostart": True, **QUICK})
    peer.connected()
    peer.until(lambda: peer.diagnostics)
    fed(peer, reported(peer, f"setpoint {ONCE:g} m"))


def test_an_incompatible_publisher_is_reported_while_it_exists(shared: tuple[Nodes, Peer]) -> None:
    nodes, peer = shared
    profile = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
    publisher = peer.node.create_publisher(Float64, "height_set_point", profile)
    message = (
        "topic /height_set_point: nothing is received from /peer, which publishes with "
        "reliability BEST_EFFORT: publish with RELIABLE"
    )
    peer.until(reported(peer, message, "conflicts"))
    assert nodes.log("altitude_controller", 200).count(message) == 1
    peer.node.destroy_publisher(publisher)
    peer.until(lambda: peer.status("conflicts")[0] == b"\x00")


def test_another_policy_is_reported_by_its_name(make_bus: MakeBus) -> None:
    nodes, peer = make_bus("blimp_simulator", topics=False)
    profile = QoSProfile(
        depth=5,
        reliability=ReliabilityPolicy.BEST_EFFORT,
        liveliness=LivelinessPolicy.MANUAL_BY_TOPIC,
        liveliness_lease_duration=Duration(seconds=1.0),
    )
    peer.listen(Range, "range", profile, lambda _: None)
    nodes.start("blimp_simulator", {"autostart": True, **QUICK})
    peer.until(lambda: peer.diagnostics)
    peer.until(reported(peer, "topic /range: a peer has another LIVELINESS", "conflicts"))


def test_an_incompatible_subscriber_is_reported(make_bus: MakeBus) -> None:
    nodes, peer = make_bus("blimp_simulator", topics=False)
    peer.listen(Range, "range", QoSProfile(depth=5), lambda _: None)
    nodes.start("blimp_simulator", {"autostart": True, **QUICK})
    message = (
        "topic /range: /peer receives nothing, since it subscribes with reliability RELIABLE: "
        "subscribe with BEST_EFFORT"
    )
    peer.until(lambda: peer.diagnostics)
    peer.until(reported(peer, message, "conflicts"))


def test_the_policies_of_a_mismatch() -> None:
    sensor, event, latched = qos_profile_sensor_data, qos("event"), qos("latched")
    assert mismatch(event, sensor) is None
    assert mismatch(latched, event) is None
    assert mismatch(sensor, event) == ("reliability", "BEST_EFFORT", "RELIABLE")
    assert mismatch(event, latched) == ("durability", "VOLATILE", "TRANSIENT_LOCAL")
    often, seldom = (QoSProfile(depth=1, deadline=Duration(seconds=s)) for s in (0.1, 0.2))
    assert mismatch(often, seldom) is None
    assert mismatch(seldom, often) == ("deadline", "0.2 s", "0.1 s")
    assert mismatch(event, often) == ("deadline", "none", "0.1 s")
