"""Reactions of the controller to faults, as a process on a real bus, with time bounds."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from tests.ros.conftest import NEEDS_ROS, QUICK, MakeBus

pytest.importorskip("rclpy", reason=NEEDS_ROS)

from nav_msgs.msg import Odometry
from sensor_msgs.msg import Range

from snn_control.resources import models_folder
from snn_control.ros.base.interface import qos
from snn_control.ros.bus.processes import Nodes
from tests.ros.peer import TIMEOUT_S, Peer

TRIM = 3.1
HELD_S, SAFE_S = 1.25, 1.75
SLACK_S = 0.15
"""Addition to the time bounds for a busy machine, s."""
RESTING = {"range_gate_m": 0.0}
"""Parameters for a peer whose ranges do not follow the commands."""


def start(nodes: Nodes, peer: Peer, **parameters: object) -> None:
    """Start an armed controller and bring it to mode auto."""
    nodes.start("altitude_controller", {"arm_on_activate": True, **RESTING, **QUICK, **parameters})
    reach_auto(peer)


@pytest.fixture(scope="module")
def shared(make_shared_bus: MakeBus) -> Peer:
    """Peer of an armed controller, shared by tests that leave it in operation."""
    nodes, peer = make_shared_bus()
    nodes.start("altitude_controller", {"arm_on_activate": True, "stop_s": 2.5, **RESTING, **QUICK})
    return peer


@pytest.fixture
def blimp_peer(shared: Peer) -> Peer:
    reach_auto(shared)
    return shared


def reach_auto(peer: Peer) -> None:
    """Feed a controller until it is in mode auto, and for 0.5 s more."""
    peer.connected()
    peer.set_point(1.2)
    end = time.monotonic() + TIMEOUT_S
    while not (peer.modes and peer.modes[-1][1] == "auto"):
        assert time.monotonic() < end, "mode auto not reached"
        peer.feed(0.1)
    peer.feed(0.5)


def answer(peer: Peer, measured_s: float) -> float:
    """Return the command that follows a measurement."""
    peer.until(lambda: peer.commands[-1][0] > measured_s)
    return peer.commands[-1][1]


def after(peer: Peer, since_s: float) -> list[tuple[float, float]]:
    return [(t - since_s, command) for t, command in peer.commands if t > since_s]


def test_a_cut_stream_holds_the_last_command_and_then_goes_to_trim(blimp_peer: Peer) -> None:
    peer = blimp_peer
    last = peer.feed(0.3)
    held = answer(peer, last)
    peer.spin(3.0)
    sent = after(peer, last)
    early = [command for age, command in sent if 0.05 < age < HELD_S]
    assert early
    assert set(early) == {held}
    at_trim = [age for age, command in sent if command == TRIM]
    assert min(at_trim) <= SAFE_S + SLACK_S
    assert min(age for age, command in sent if command == 0.0) <= 2.5 + SLACK_S
    times = [age for age, _ in sent]
    assert np.diff(times).max() < 0.3, "the receiver needs a sign of life"
    assert [mode for _, mode, _ in peer.modes[-3:]] == ["hold", "trim", "stop"]
    peer.feed(0.5)
    assert peer.modes[-1][1] == "auto"
    assert all(np.isfinite(command) and abs(command) <= 10 for _, command in peer.commands)


def test_healthy_gaps_are_held_without_alarm(blimp_peer: Peer) -> None:
    peer = blimp_peer
    n_modes = len(peer.modes)
    for _ in range(4):
        last = peer.feed(0.2)
        held = answer(peer, last)
        peer.spin(1.0 - (time.monotonic() - last))
        assert {command for age, command in after(peer, last) if age > 0.05} <= {held}
    assert len(peer.modes) == n_modes


def input_count(peer: Peer, key: str) -> int:
    return int(peer.status("inputs")[2].get(key, 0))


def test_bursts_of_bad_values_are_held_at_once(blimp_peer: Peer) -> None:
    peer = blimp_peer
    peer.feed(0.5)  # counts earlier measurements
    before = input_count(peer, "bad values")
    for k, bad in enumerate((float("nan"), 1234.0), 1):
        last = peer.feed(0.2)
        held = answer(peer, last)
        for _ in range(20):
            peer.measure(bad)
            peer.spin(0.1)
        sent = after(peer, last)
        assert {command for age, command in sent if 0.05 < age < HELD_S} == {held}
        assert min(age for age, command in sent if command == TRIM) <= SAFE_S + SLACK_S
        peer.feed(0.5)
        assert peer.modes[-1][1] == "auto"
        count = before + 20 * k
        peer.until(lambda: input_count(peer, "bad values") == count)  # noqa: B023


def test_frozen_stamps_are_ignored(blimp_peer: Peer) -> None:
    peer = blimp_peer
    peer.feed(0.5)
    before = input_count(peer, "stamps: repeated")
    stamp = peer.node.get_clock().now().to_msg()
    last = peer.measure(1.0, stamp)
    for _ in range(20):
        peer.spin(0.1)
        peer.measure(1.0, stamp)
    sent = after(peer, last)
    assert min(age for age, command in sent if command == TRIM) <= SAFE_S + SLACK_S
    peer.until(lambda: input_count(peer, "stamps: repeated") == before + 20)


def test_stamps_of_the_future_and_the_past_are_refused(blimp_peer: Peer) -> None:
    peer = blimp_peer
    for shift_ns in (10**9, -(10**8)):
        stamp = peer.node.get_clock().now().to_msg()
        total = stamp.sec * 10**9 + stamp.nanosec + shift_ns
        stamp.sec, stamp.nanosec = divmod(total, 10**9)
        if shift_ns < 0:
            peer.measure(1.0)
        peer.measure(1.0, stamp)
        peer.until(lambda: peer.modes[-1][1] == "hold")
        peer.feed(0.5)
        assert peer.modes[-1][1] == "auto"


def test_a_lost_setpoint_is_held_and_reported(nodes: Nodes, peer: Peer) -> None:
    start(nodes, peer, set_point_max_age_s=0.5)
    peer.feed(2.0)
    peer.until(lambda: "setpoint lost" in peer.status("inputs")[1])
    assert peer.modes[-1][1] == "auto"
    peer.set_point(float("nan"))
    peer.feed(0.3)
    assert peer.modes[-1][1] == "auto"


def test_a_killed_controller_stops_the_motors_of_the_simulator(
    nodes: Nodes, peer: Peer, tmp_path: Path
) -> None:
    path = tmp_path / "flight.npz"
    nodes.start("altitude_controller", {"arm_on_activate": True})
    simulator = {"wait_for_controller": True, "flight_file": str(path), "preset": "clean"}
    nodes.start("blimp_simulator", simulator)
    peer.until(lambda: peer.modes and peer.modes[-1][1] == "auto")
    peer.spin(1.0)
    nodes.running["altitude_controller"].kill()
    peer.spin(3.0)
    nodes.stop("blimp_simulator")
    with np.load(path) as episode:
        commands = episode["motor_command"]
    silent = int((commands[::-1] == 0.0).argmin())
    assert 0.6 < silent * 0.01 < 1.3, "the last command is held for 2 s of 3 s of silence"


def test_a_killed_simulator_leads_to_a_landing_on_the_estimate(nodes: Nodes, peer: Peer) -> None:
    quick = {"coast_max_s": 1.0, "land_rate_m_s": 3.0}
    nodes.start("altitude_controller", {"arm_on_activate": True, **quick})
    nodes.start("blimp_simulator", {"wait_for_controller": True, "preset": "clean"})
    peer.until(lambda: peer.modes and peer.modes[-1][1] == "auto")
    peer.spin(1.0)
    nodes.running["blimp_simulator"].kill()
    killed = time.monotonic()
    peer.until(lambda: peer.modes[-1][1] == "stop")
    modes = {mode: at_s - killed for at_s, mode, _ in peer.modes if at_s > killed}
    assert list(modes) == ["coast", "land", "stop"]
    assert modes["coast"] <= 0.35 + 2.0 * SLACK_S
    assert 0.7 <= modes["land"] <= 1.0 + 3.0 * SLACK_S
    assert after(peer, killed)[-1][1] == 0.0
    assert nodes.running["altitude_controller"].poll() is None


def test_a_lidar_stuck_in_range_leaves_auto_before_the_blimp_flies_away(
    nodes: Nodes, peer: Peer, tmp_path: Path
) -> None:
    """Simulator on the topic `true_range`; the peer relays it and repeats the last value."""
    nodes.start("altitude_controller", {"arm_on_activate": True, **QUICK})
    simulation = {"autostart": True, "wait_for_controller": True, "preset": "clean"}
    path = tmp_path / "simulator.yaml"
    path.write_text(json.dumps({"/**": {"ros__parameters": {**simulation, "reference": False}}}))
    nodes.start_with(path, "blimp_simulator", remaps={"range": "true_range"})
    heights: list[tuple[float, float]] = []
    ranges: list[float] = []
    frozen: list[bool] = []

    def relay(message: Range) -> None:
        if frozen:
            message.range = ranges[-1]
        ranges.append(message.range)
        peer.relay(message)

    def keep(message: Odometry) -> None:
        heights.append((time.monotonic(), message.pose.pose.position.z))

    peer.listen(Range, "true_range", qos("sensor"), relay)
    peer.listen(Odometry, "ground_truth", qos("sensor"), keep)
    peer.until(lambda: peer.modes and peer.modes[-1][1] == "auto")
    peer.set_point(1.0)
    peer.until(lambda: heights[-1][1] > 0.8)
    frozen.append(True)
    peer.set_point(1.5)
    since_s = time.monotonic()
    peer.until(lambda: peer.modes[-1][1] != "auto" and peer.modes[-1][2] != "no measurement")
    assert peer.modes[-1][1] == "coast"
    assert any(text in peer.modes[-1][2] for text in ("model", "differs", "stuck", "contradiction"))
    left_s = peer.modes[-1][0]
    assert left_s - since_s < 4.5
    height_m = [height for at_s, height in heights if at_s <= left_s][-1]
    assert abs(height_m - ranges[-1]) <= 0.5
    peer.until(lambda: "lidar not trusted" in peer.status("inputs")[1])
    peer.spin(1.0)
    assert max(height for _, height in heights) < 3.0


def test_inputs_outside_their_limits_are_reported(blimp_peer: Peer) -> None:
    peer = blimp_peer
    for height_m, used in ((-3.0, "0.3 m is used"), (0.0, "0.3 m is used"), (1e9, "3 m is used")):
        peer.set_point(height_m)
        peer.until(lambda: used in peer.status("inputs")[1])  # noqa: B023
    peer.set_point(1.2)
    peer.until(lambda: "is used" not in peer.status("inputs")[1])


def test_a_trim_that_moves_the_blimp_is_refused_in_operation(nodes: Nodes, peer: Peer) -> None:
    nodes.start("altitude_controller", {"arm_on_activate": True, **QUICK})
    simulation = {"wait_for_controller": True, "preset": "clean"}
    nodes.start("blimp_simulator", simulation)
    peer.until(lambda: peer.modes and peer.modes[-1][1] == "auto")
    peer.spin(2.0)
    done, reason = peer.set_parameter("trim_command", 10.0)
    assert not done
    assert "does not keep the height" in reason
    assert peer.set_parameter("trim_command", 3.0) == (True, "")


def test_a_model_file_replaced_in_operation(nodes: Nodes, peer: Peer, tmp_path: Path) -> None:
    for suffix in (".json", ".safetensors"):
        shutil.copy(models_folder() / f"blimp-altitude{suffix}", tmp_path / f"mine{suffix}")
    model = tmp_path / "mine.json"
    start(nodes, peer, model=str(model))
    text = model.read_text()
    model.write_text(text[: len(text) // 2])
    peer.feed(1.5)
    assert peer.modes[-1][1] == "auto"
    assert "has changed" in peer.status("model")[1]
    answer = peer.trigger("reload")
    assert not answer.success
    assert "stays active" in answer.message
    document = json.loads(text)
    del document["sha256"]  # of the former content
    document["about"]["note"] = "another"
    model.write_text(json.dumps(document))
    assert peer.trigger("reload").success
    n = len(peer.commands)
    peer.feed(0.5)
    assert len(peer.commands) >= n + 4
    assert peer.modes[-1][1] == "auto"


def test_battery_manual_arm_and_reset(nodes: Nodes, peer: Peer) -> None:
    start(nodes, peer, battery_critical_s=0.2, land_height_m=0.4)
    assert peer.switch("manual", True).success
    peer.manual(5.5)
    peer.until(lambda: peer.commands[-1][1] == 5.5)
    peer.feed(1.2)
    assert [mode for _, mode, _ in peer.modes][-3:] == ["manual", "hold", "auto"]
    assert peer.trigger("reset").success
    assert not peer.switch("freeze", True).success
    for _ in range(5):
        peer.battery(3.0)
        peer.feed(0.1)
    peer.feed(2.0)
    assert "landing" in peer.status("mode")[1]
    assert peer.commands[-1][1] < -3.0, "the height is 0.6 m above the landing height"
    assert peer.switch("arm", False).success
    assert peer.modes[-1][1] == "disarmed"
    assert peer.commands[-1][1] == 0.0
    n = len(peer.commands)
    peer.feed(0.5)
    assert len(peer.commands) == n
    answer = peer.switch("arm", True)
    assert not answer.success
    assert "battery is critical" in answer.message
    peer.battery(3.9)
    peer.spin(0.1)
    assert peer.switch("arm", True).success
    peer.feed(0.5)
    assert peer.modes[-1][1] == "auto"


def test_a_signal_stops_the_motors(make_bus: MakeBus) -> None:
    cases = [
        ("events", signal.SIGTERM),
        ("events", signal.SIGINT),
        ("single", signal.SIGTERM),
        ("multi", signal.SIGINT),
    ]
    started = [make_bus() for _ in cases]
    for (executor, _), (nodes, _) in zip(cases, started, strict=True):
        parameters = {"arm_on_activate": True, "executor": executor, **RESTING}
        nodes.start("altitude_controller", parameters)
    for (executor, number), (nodes, peer) in zip(cases, started, strict=True):
        reach_auto(peer)
        process = nodes.running["altitude_controller"]
        assert peer.commands[-1][1] != 0.0
        signalled = time.monotonic()
        while process.poll() is None and time.monotonic() - signalled < 3.0:
            os.kill(process.pid, number)  # repeated, like those of an ending launch
            time.sleep(0.02)
        assert process.wait(timeout=0.1) == 0, (executor, number)
        took_s = time.monotonic() - signalled
        peer.spin(0.3)
        assert peer.commands[-1][1] == 0.0, (executor, number)
        assert took_s < 1.0, (executor, number)
