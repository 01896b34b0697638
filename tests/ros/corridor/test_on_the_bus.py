"""Corridor controller and simulator as processes on a real bus, with time bounds."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.ros.conftest import NEEDS_ROS

pytest.importorskip("rclpy", reason=NEEDS_ROS)
pytest.importorskip("rosbags", reason='needs rosbags: pip install "snn_control[logs]"')

from snn_control import load
from snn_control.ros.bags.ticks import read_ticks, replay
from snn_control.ros.bus.processes import Nodes
from tests.ros.corridor.peer import FREE, CorridorPeer

STOP_S, WATCH_S = 0.4, 0.05
SLACK_S = 0.15
"""Addition to the time bounds for a busy machine, s."""
WAYS_S = 33.0
RATE = 4.0


@pytest.fixture
def corridor_peer(domain: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[CorridorPeer]:
    monkeypatch.setitem(os.environ, "ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    peer = CorridorPeer(domain)
    yield peer
    peer.close()


@pytest.fixture(scope="module")
def driven(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    run = tmp_path_factory.mktemp("a drive") / "run"
    words = ("corridor-spiking", "--sim", "--duration", f"{WAYS_S:g}", "--rate", f"{RATE:g}")
    done = subprocess.run(
        [sys.executable, "-m", "snn_control", "fly", *words, "--json", "--out", str(run)],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    [line] = done.stdout.splitlines()
    return run, json.loads(line)


def test_the_simulated_robot_passes_the_corridor(driven: tuple[Path, dict]) -> None:
    summary = driven[1]
    assert summary["success"] == 1.0
    assert summary["progress_m"] == 20.0
    assert summary["min_clearance_m"] > 0.0
    assert summary["rays_per_scan"] == 72.0
    assert summary["lost_ticks"] == summary["missed_ticks"] == 0


def test_the_bag_replays_bit_for_bit(driven: tuple[Path, dict]) -> None:
    assert driven[1]["replay_identical"]
    ticks = read_ticks(driven[0] / "ros" / "bag")
    model = load("corridor-spiking")
    np.testing.assert_array_equal(replay(ticks, model), ticks.outputs)
    assert ticks.observation_names == model.observation_names
    assert ticks.spikes.sum() > 0
    assert not np.array_equal(replay(ticks, load("gap")), ticks.outputs), "another controller"


def test_the_report_compares_with_the_episode_in_process(driven: tuple[Path, dict]) -> None:
    page = (driven[0] / "report" / "index.html").read_text("utf-8")
    for text in ("Latency", "corridor-spiking-in-process", "gap", "Spikes"):
        assert text in page
    evaluated = driven[0] / "eval" / "corridor-spiking-in-process-default.json"
    assert json.loads(evaluated.read_text("utf-8"))["mean"]["success"] == 1.0


def test_the_recorded_episode_has_the_commands(driven: tuple[Path, dict]) -> None:
    sent = read_ticks(driven[0] / "ros" / "bag").commands
    with np.load(driven[0] / "ros" / "flight.npz") as episode:
        held = episode["commands"][: len(sent)]
        assert episode["path_m"][-1, 0] >= 20.0
    assert (np.abs(held[2:] - sent[2:]).max(axis=1) == 0.0).mean() > 0.8


def test_lost_scans_signals_and_bad_scans_stop_the_robot(
    nodes: Nodes, corridor_peer: CorridorPeer
) -> None:
    peer = corridor_peer
    nodes.start("corridor_controller", {"arm_on_activate": True, "model": "gap"})
    peer.connected()
    peer.reach_auto()
    for _ in range(6):
        peer.scan()
        peer.spin(0.1)
    assert "odom: 0." in peer.modes[-1][2], "scans without odom are not used"
    peer.reach_auto()
    last_s = peer.drive(0.5)
    assert peer.velocities[-1][1].linear.x == pytest.approx(0.8)
    peer.spin(1.0)
    assert peer.modes[-1][1] == "stop"
    bound_s = last_s + STOP_S + WATCH_S + SLACK_S
    resting = [m.linear.x for at_s, m in peer.velocities if at_s > bound_s]
    assert resting, "the receiver needs a sign of life"
    assert set(resting) == {0.0}
    peer.reach_auto()
    peer.scan(FREE[:71])
    peer.until(lambda: "scan has 71 ranges" in peer.modes[-1][2])
    peer.reach_auto()
    assert not peer.requests, "all rays are fired without a request"
    process = nodes.running["corridor_controller"]
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(timeout=3.0) == 0
    peer.spin(0.2)
    assert (peer.velocities[-1][1].linear.x, peer.velocities[-1][1].angular.z) == (0.0, 0.0)


def test_a_controller_of_few_rays_requests_them(nodes: Nodes, corridor_peer: CorridorPeer) -> None:
    peer, scans = corridor_peer, []
    from sensor_msgs.msg import LaserScan

    from snn_control.ros.base.interface import qos

    peer.listen(LaserScan, "scan", qos("sensor"), lambda m: scans.append(np.array(m.ranges)))
    nodes.start("corridor_controller", {"arm_on_activate": True, "rays": 7})
    peer.connected()
    simulated = {"wait_for_controller": True, "duration_s": 30.0, "seed": 3}
    nodes.start("corridor_simulator", simulated)
    peer.until(lambda: len(scans) > 30)
    assert {len(set(rays)) for rays in peer.requests} == {7}
    fired = [np.flatnonzero(~np.isnan(ranges)).tolist() for ranges in scans]
    assert len(fired[0]) == 72, "before the first request all rays are fired"
    assert sum(rays in map(sorted, peer.requests) for rays in fired[1:]) > 20
    entries = peer.tick()
    estimated_m = [entries[f"ray_{k}_m"] for k in range(72)]
    assert all(math.isfinite(range_m) and range_m >= 0.0 for range_m in estimated_m)
    assert {len(rays) for rays in fired[2:]} == {7}
