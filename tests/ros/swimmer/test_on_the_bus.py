"""Swimmer controller as a process on a real bus, with time bounds."""

from __future__ import annotations

import math
import os
import signal
import time

import numpy as np
import pytest

from tests.ros.conftest import NEEDS_ROS

pytest.importorskip("rclpy", reason=NEEDS_ROS)

from lifecycle_msgs.msg import Transition
from nav_msgs.msg import Odometry
from rclpy.qos import QoSProfile
from trajectory_msgs.msg import JointTrajectory

from snn_control.ros.base.interface import qos
from snn_control.ros.bus.processes import Nodes
from tests.loops.swimmer.harness import NAMES, angles, swimmer
from tests.ros.peer import ACTIVE, INACTIVE, UNCONFIGURED
from tests.ros.swimmer.peer import SwimPeer

REST_S = 0.1
WATCH_S = 0.02
SLACK_S = 0.15
"""Addition to the time bounds for a busy machine, s."""


def start(nodes: Nodes, peer: SwimPeer, **parameters: object) -> None:
    """Start an armed controller."""
    nodes.start("swimmer_controller", {"arm_on_activate": True, **parameters})
    peer.connected()
    peer.until(lambda: peer.modes and peer.modes[-1][1] == "hold")


def test_joint_states_in_any_order_lead_to_the_efforts_of_the_circuit(
    nodes: Nodes, swim_peer: SwimPeer
) -> None:
    start(nodes, swim_peer, effort_scale=5e-4)
    reference, rng, sent = swimmer(), np.random.default_rng(0), []
    for measured in angles(60):
        joints = [*zip(NAMES, measured.tolist(), strict=True), ("wheel", math.nan)]
        rng.shuffle(joints)
        swim_peer.measure([float(x) for _, x in joints], [str(name) for name, _ in joints])
        sent.append(measured)
        n = len(sent)
        swim_peer.until(lambda n=n: len(swim_peer.ticks) >= n)  # type: ignore[misc]
    for k, measured in enumerate(sent):
        tick, expected = swim_peer.tick(k), reference.step(measured)
        assert [tick[f"joint_{j}_rad"] for j in range(5)] == measured.tolist()
        assert [tick[f"output_{j}"] for j in range(5)] == expected.tolist()
    swim_peer.until(lambda: len(swim_peer.efforts) >= len(sent))
    messages = [message for _, message in swim_peer.efforts]
    assert {message.layout.dim[0].label for message in messages} == {",".join(NAMES)}
    last = swim_peer.tick()
    assert [last[f"command_{j}"] * 5e-4 for j in range(5)] in [list(m.data) for m in messages]


def test_trials_receive_the_speed_by_odometry(nodes: Nodes, swim_peer: SwimPeer) -> None:
    start(nodes, swim_peer, trials=True, diagnostic_updater={"period": 0.2})
    swim_peer.reach_auto()
    assert math.isnan(swim_peer.tick()["link_0_vy_m_s"])
    swim_peer.until(lambda: "no recent odometry" in swim_peer.status("inputs")[1])
    for _ in range(3):
        swim_peer.speed(0.04)
        swim_peer.feed(0.3)
    assert swim_peer.tick()["link_0_vy_m_s"] == -0.04
    swim_peer.until(lambda: "odometry" not in swim_peer.status("inputs")[1])
    values = swim_peer.status("inputs")[2]
    assert (values["trial"], values["receptor_gain"], values["period_s"]) == ("0", "1", "1.8")
    assert swim_peer.switch("freeze", True).success


def test_bad_and_missing_joint_states_and_velocities(nodes: Nodes, swim_peer: SwimPeer) -> None:
    start(nodes, swim_peer, diagnostic_updater={"period": 0.2})
    swim_peer.reach_auto()
    last_s = swim_peer.feed(0.3, (0.8, 0.4, 0.0, -0.4, -0.8))
    swim_peer.spin(0.6)
    assert swim_peer.modes[-1][1] == "stop"
    assert swim_peer.largest(0.0, last_s)[-1] > 0.0
    resting = swim_peer.largest(last_s + REST_S + WATCH_S + SLACK_S)
    assert resting, "the receiver needs a sign of life"
    assert set(resting) == {0.0}
    swim_peer.reach_auto()
    swim_peer.measure((0.1, 0.1, math.nan, 0.1, 0.1))
    swim_peer.until(lambda: "joint_2 is nan" in swim_peer.modes[-1][2])
    swim_peer.reach_auto()
    assert swim_peer.tick()["speed"] == 1.0
    swim_peer.velocity(0.05, 0.2)
    swim_peer.feed(0.3)
    assert (swim_peer.tick()["speed"], swim_peer.tick()["turn"]) == (0.5, -0.1)
    swim_peer.velocity(math.nan, 0.0)
    swim_peer.feed(0.9)
    assert (swim_peer.tick()["speed"], swim_peer.tick()["turn"]) == (0.0, 0.0)
    swim_peer.until(lambda: "cmd_vel lost" in swim_peer.status("inputs")[1])
    assert swim_peer.status("inputs")[2]["bad values"] == "2"


def test_services_lifecycle_and_signal_stop_the_efforts(nodes: Nodes, swim_peer: SwimPeer) -> None:
    nodes.start("swimmer_controller", {})
    swim_peer.connected()
    swim_peer.feed(0.3)
    assert not swim_peer.efforts, "the node is not armed"
    assert swim_peer.switch("arm", True).success
    swim_peer.reach_auto()
    assert swim_peer.trigger("reset").success
    assert swim_peer.trigger("reload").success
    assert "does not adapt" in swim_peer.switch("freeze", True).message
    swim_peer.reach_auto()
    assert swim_peer.switch("arm", False).success
    swim_peer.spin(0.1)
    n = len(swim_peer.efforts)
    assert set(swim_peer.efforts[-1][1].data) == {0.0}
    swim_peer.feed(0.3)
    assert len(swim_peer.efforts) == n
    assert swim_peer.switch("arm", True).success
    swim_peer.reach_auto()
    assert swim_peer.transition(Transition.TRANSITION_DEACTIVATE)
    swim_peer.spin(0.1)
    assert set(swim_peer.efforts[-1][1].data) == {0.0}
    assert swim_peer.state() == INACTIVE
    assert swim_peer.transition(Transition.TRANSITION_ACTIVATE)
    assert swim_peer.switch("arm", True).success
    swim_peer.reach_auto()
    process = nodes.running["swimmer_controller"]
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(timeout=3.0) == 0
    swim_peer.spin(0.2)
    assert set(swim_peer.efforts[-1][1].data) == {0.0}


def test_wrong_joint_names_are_refused_and_trajectories_sent(
    nodes: Nodes, swim_peer: SwimPeer
) -> None:
    trajectories: list[JointTrajectory] = []
    swim_peer.listen(
        JointTrajectory, "joint_trajectory", QoSProfile(depth=100), trajectories.append
    )
    wrong = {"joint_names": ["a", "b"], "output": "trajectory", "effort_scale": 0.5}
    nodes.start("swimmer_controller", {**wrong, "diagnostic_updater": {"period": 0.2}})
    swim_peer.until(lambda: swim_peer.diagnostics)
    for names, message in (
        (["a", "b"], "2 names, the model 5 joints"),
        ([*NAMES[:4], "tail"], "lacks 'tail'"),
    ):
        assert swim_peer.set_parameter("joint_names", names)[0]
        assert not configures(swim_peer)
        swim_peer.until(lambda message=message: message in swim_peer.status("node")[1])  # type: ignore[misc]
        assert swim_peer.state() == UNCONFIGURED
    assert "joint_names" in nodes.log("swimmer_controller")
    assert not swim_peer.set_parameter("output", "currents")[0]
    assert swim_peer.set_parameter("joint_names", [""])[0]
    assert configures(swim_peer)
    assert swim_peer.transition(Transition.TRANSITION_ACTIVATE)
    assert swim_peer.state() == ACTIVE
    assert swim_peer.switch("arm", True).success
    swim_peer.reach_auto()
    swim_peer.spin(0.1)
    assert {tuple(sent.joint_names) for sent in trajectories} == {NAMES}
    efforts = [list(point.effort) for sent in trajectories for point in sent.points]
    assert len(efforts) == len(trajectories)
    tick = swim_peer.tick()
    assert [0.5 * tick[f"command_{j}"] for j in range(5)] in efforts
    assert 0.0 < np.abs(efforts).max() <= 0.5
    assert not swim_peer.efforts


def configures(peer: SwimPeer) -> bool:
    """Configure the node while joint states arrive; return its success."""
    from lifecycle_msgs.srv import ChangeState

    request = ChangeState.Request()
    request.transition.id = Transition.TRANSITION_CONFIGURE
    client = peer.node.create_client(ChangeState, f"{peer.target}/change_state")
    peer.until(client.service_is_ready)
    future = client.call_async(request)
    while not future.done():
        peer.feed(0.1)
    return bool(future.result().success)


def test_a_positive_turn_is_to_the_left_in_the_simulator(nodes: Nodes, swim_peer: SwimPeer) -> None:
    headings: list[float] = []
    speeds: list[tuple[float, float]] = []

    def keep(message: Odometry) -> None:
        turn, speed = message.pose.pose.orientation, message.twist.twist
        headings.append(2.0 * math.atan2(turn.z, turn.w))
        speeds.append((speed.linear.x, speed.angular.z))
        assert (message.header.frame_id, message.child_frame_id) == ("map", "base_link")

    swim_peer.listen(Odometry, "ground_truth", qos("sensor"), keep)
    simulated = {"rate": 8.0, "clock": True, "wait_for_controller": True, "duration_s": 300.0}
    nodes.start("swimmer_controller", {"use_sim_time": True, "arm_on_activate": True})
    nodes.start("swimmer_simulator", simulated)
    turned = {}
    swim_peer.until(lambda: len(headings) > 100)
    for left_rad_s in (0.3, -0.3):
        n, end_s = len(headings), time.monotonic() + 2.0
        while time.monotonic() < end_s:
            swim_peer.velocity(0.1, left_rad_s)
            swim_peer.spin(0.1)
        turning = np.unwrap(headings[n:])
        turned[left_rad_s] = turning[-60:].mean() - turning[:60].mean()
    assert turned[0.3] > 1.5, "about 0.29 rad/s in 14 s"
    assert turned[-0.3] < -1.5
    assert np.mean(speeds, axis=0)[0] > 0.04, "x is forward"
    steps = np.diff(np.unwrap(headings)) / 0.03
    assert np.corrcoef(steps, np.array(speeds)[1:, 1])[0, 1] > 0.7


def test_the_simulator_reports_refusals_and_rests_without_efforts(
    nodes: Nodes, swim_peer: SwimPeer, tmp_path
) -> None:
    from std_msgs.msg import Float64MultiArray, MultiArrayDimension

    path = tmp_path / "flight.npz"
    swim_peer.target = "swimmer_simulator"
    publisher = swim_peer.node.create_publisher(Float64MultiArray, "joint_efforts", qos("command"))
    parameters = {"flight_file": str(path), "effort_scale": 2.0, "locked_joints": ["joint_9"]}
    nodes.start("swimmer_simulator", {**parameters, "diagnostic_updater": {"period": 0.2}})
    swim_peer.until(lambda: swim_peer.diagnostics)
    swim_peer.until(lambda: "unknown joint 'joint_9'" in swim_peer.status("node")[1])
    assert swim_peer.set_parameter("locked_joints", ["joint_2"])[0]
    assert swim_peer.transition(Transition.TRANSITION_CONFIGURE)
    assert swim_peer.transition(Transition.TRANSITION_ACTIVATE)
    swim_peer.until(publisher.get_subscription_count)
    reversed_names = MultiArrayDimension(label=",".join(NAMES[::-1]))
    message = Float64MultiArray(data=[1.0, 0.8, 0.6, 0.4, 0.2])
    message.layout.dim = [reversed_names]
    for _ in range(10):
        publisher.publish(message)
        swim_peer.spin(0.05)
    for data, label in (([0.1] * 4, ""), ([math.inf] * 5, ""), ([0.1] * 5, "a,b,c,d,e")):
        wrong = Float64MultiArray(data=data)
        wrong.layout.dim = [MultiArrayDimension(label=label)] if label else []
        publisher.publish(wrong)
        swim_peer.spin(0.1)
    swim_peer.until(lambda: swim_peer.status("flight")[2].get("refused commands") == "3")
    swim_peer.spin(0.4)
    nodes.stop("swimmer_simulator")
    with np.load(path) as episode:
        efforts, angles_rad = episode["effort"], episode["joint_rad"]
    assert [0.1, 0.2, 0.3, 0.4, 0.5] in np.round(efforts, 12).tolist()
    assert (efforts[-5:] == 0.0).all()
    assert np.ptp(angles_rad[:, 2]) < 0.01, "the joint is locked"
    assert np.ptp(angles_rad[:, 0]) > 0.05
