"""Whole flights: simulator, controller and recorder as processes; replays of the bag."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.docs.pages import DOCS, blocks
from tests.ros.conftest import NEEDS_ROS, REPEATS

pytest.importorskip("rclpy", reason=NEEDS_ROS)
pytest.importorskip("rosbags", reason='needs rosbags: pip install "snn_control[logs]"')

import gymnasium

import snn_control.envs
from snn_control import load
from snn_control.errors import ConfigError, RunError, UnknownNameError
from snn_control.ros.bags.ticks import read_ticks, replay
from snn_control.ros.base.vehicle import BusResult, BusRun
from snn_control.ros.bus.fly import run_simulated
from snn_control.ros.bus.processes import Nodes
from tests.ros.peer import Peer

DURATION_S = 60.0
LATE_MS = 3.0
"""Latency of a stalled machine; a quiet one has 1 ms."""
KEYS = {
    "hold_rmse_m", "steady_state_error_m", "overshoot_m", "latency_p50_ms", "latency_p99_ms",
    "overruns", "missed_ticks", "run",
}  # fmt: skip


@pytest.fixture(scope="module")
def flight(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, BusResult]:
    """Flight at four times real time, repeated if the machine stalled: lost or late ticks."""
    run = BusRun("blimp-altitude", seed=3, duration_s=DURATION_S, rate=4.0)
    for _ in range(1 + REPEATS):
        folder = tmp_path_factory.mktemp("a flight")
        result = run_simulated(run, folder)
        if result.summary["lost_ticks"] == 0 and result.summary["latency_p99_ms"] < LATE_MS:
            break
    return folder, result


def test_it_holds_the_height_as_in_process(flight: tuple[Path, BusResult]) -> None:
    env = gymnasium.make("snn_control/BlimpAltitude-v0", duration_s=DURATION_S)
    in_process = snn_control.rollout(load("blimp-altitude"), env, seed=3)
    episode = flight[1].episode
    for metric in ("hold_rmse_m", "rmse_m", "steady_state_error_m"):
        assert episode.metrics[metric] == pytest.approx(
            in_process.metrics[metric], rel=0.25, abs=0.005
        )
    assert flight[1].summary["lost_ticks"] == 0
    assert len(episode.trace["spike_tick"]) > 1000


def test_the_bag_replays_bit_for_bit(flight: tuple[Path, BusResult]) -> None:
    ticks = read_ticks(flight[0] / "ros" / "bag")
    outputs = replay(ticks, load("blimp-altitude"))
    np.testing.assert_array_equal(outputs, ticks.outputs)
    np.testing.assert_array_equal(np.clip(outputs, -10, 10), ticks.commands)
    assert ticks.stepped.mean() > 0.95, "only late ranges after a gap step no controller"
    controller = load("blimp-altitude")
    spikes = []
    for observation in ticks.observations[ticks.stepped]:
        controller.step(observation)
        spikes.append(controller.spikes)
    np.testing.assert_array_equal(ticks.spikes, np.array(spikes))


def test_the_example_of_the_page_replays_it(flight: tuple[Path, BusResult]) -> None:
    (code,) = blocks(DOCS / "how-to" / "record_and_replay.md", "python")
    recorded = code.replace("runs/fly-blimp-altitude-0", str(flight[0]))
    done = subprocess.run([sys.executable, "-c", recorded], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


class Recorded(gymnasium.Env):
    """Gymnasium environment that returns recorded observations."""

    observation_names, action_names = ("height_error_m",), ("motor_command",)
    action_space = gymnasium.spaces.Box(-10, 10, (1,), np.float64)
    observation_space = gymnasium.spaces.Box(-12, 12, (1,), np.float64)

    def __init__(self, observations: np.ndarray) -> None:
        self._observations = observations

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple:
        self._k = 0
        return self._observations[0], {}

    def step(self, action: np.ndarray) -> tuple:
        self._k += 1
        over = self._k == len(self._observations)
        return self._observations[self._k - over], 0.0, False, over, {}


def test_the_gymnasium_loop_returns_the_same_commands(flight: tuple[Path, BusResult]) -> None:
    ticks = read_ticks(flight[0] / "ros" / "bag")
    observations = ticks.observations[ticks.stepped]
    episode = snn_control.rollout(load("blimp-altitude"), Recorded(observations), seed=0)
    outputs = ticks.fields["output"][ticks.stepped]
    np.testing.assert_array_equal(episode.trace["motor_command"], outputs)


def test_dropouts_replay_bit_for_bit(nodes: Nodes, peer: Peer, tmp_path: Path) -> None:
    nodes.start("recorder", {"bag": str(tmp_path / "bag")})
    nodes.start("altitude_controller", {"arm_on_activate": True, "range_gate_m": 0.0})
    peer.connected()
    peer.until(lambda: peer.node.count_subscribers("altitude_controller/tick"))
    peer.spin(0.5)
    for height in (1.0, 1.1, 1.2):
        peer.feed(0.7, height)
        peer.measure(float("nan"))
        peer.spin(0.8)
    peer.trigger("reset")
    peer.feed(0.6, 0.9)
    nodes.stop("altitude_controller", "recorder")
    ticks = read_ticks(tmp_path / "bag")
    np.testing.assert_array_equal(ticks.fields["tick"], 1 + np.arange(len(ticks.stamp_ns)))
    outputs = replay(ticks, load("blimp-altitude"))
    np.testing.assert_array_equal(outputs, ticks.outputs)
    assert (~ticks.stepped).sum() == 3
    assert len(set(ticks.fields["mode"])) >= 2
    assert ticks.fields["resets"][-1] == ticks.fields["resets"][0] + 1


def test_two_blimps_in_namespaces_are_independent(
    nodes: Nodes, make_peer: Callable[..., Peer]
) -> None:
    one, two = (make_peer(namespace=f"/{name}") for name in ("one", "two"))
    for name in ("one", "two"):
        nodes.start("altitude_controller", {"arm_on_activate": True}, namespace=name)
    one.connected()
    two.connected()
    two.until(lambda: two.commands)
    one.set_point(2.0)
    one.spin(0.2)
    one.feed(0.6, 1.0)
    two.spin(0.1)
    assert one.modes[-1][1] == "auto"
    assert one.commands[-1][1] > 3.0
    assert two.modes[-1][1] == "hold"
    assert {command for _, command in two.commands} == {0.0}


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "snn_control", "fly", *words]


def test_the_verb_prints_one_object_and_writes_a_run(tmp_path: Path) -> None:
    run = tmp_path / "run"
    words = ("pid", "--sim", "--duration", "50", "--rate", "10", "--json", "--out", str(run))
    done = subprocess.run(command(*words), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    [line] = done.stdout.splitlines()
    summary = json.loads(line)
    assert set(summary) >= KEYS
    assert summary["run"] == str(run)
    assert summary["replay_identical"]
    assert 0.0 < summary["latency_p50_ms"] <= summary["latency_p99_ms"]
    assert (run / "report" / "index.html").stat().st_size > 100_000
    assert "Latency" in (run / "report" / "index.html").read_text("utf-8")
    assert json.loads((run / "manifest.json").read_text())["status"] == "finished"


def test_an_interrupted_flight_leaves_no_process(tmp_path: Path) -> None:
    """Three flights at once, each on an isolated bus, interrupted in three ways."""
    words, flights = ("blimp-altitude", "--sim", "--duration", "90", "--out"), {}
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGKILL):
        out = str(tmp_path / number.name)
        flights[number] = subprocess.Popen(
            command(*words, out), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    end = time.monotonic() + 30
    while not all(in_auto(tmp_path / number.name) for number in flights):
        assert time.monotonic() < end, "mode auto not reached"
        time.sleep(0.05)
    for number, process in flights.items():
        started = children(process.pid)
        assert len(started) == 3
        process.send_signal(number)
        process.send_signal(number)  # a second one while it ends
        _, error = process.communicate(timeout=15)
        assert process.returncode == (1 if number != signal.SIGKILL else -signal.SIGKILL)
        assert b"Traceback" not in error
        end = time.monotonic() + 10
        while any(alive(pid) for pid in started) and time.monotonic() < end:
            time.sleep(0.05)
        assert not [pid for pid in started if alive(pid)]
        log = (tmp_path / number.name / "ros" / "altitude_controller.log").read_text("utf-8")
        assert "mode disarmed" in log.splitlines()[-1], number


def in_auto(run: Path) -> bool:
    """Return True if the controller of a flight has reached mode auto, by its log."""
    [*logs] = run.glob("ros/altitude_controller.log")
    return any("mode auto" in log.read_text("utf-8") for log in logs)


def alive(pid: int) -> bool:
    """Return True if a process runs; ended processes that are not yet reaped do not count."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def children(pid: int) -> list[int]:
    """Return the child processes of `pid`."""
    pids = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                stat = Path(f"/proc/{entry}/stat").read_text()
            except OSError:
                continue
            if int(stat.rpartition(")")[2].split()[1]) == pid:
                pids.append(int(entry))
    return pids


def test_a_refused_node_is_reported_at_once(tmp_path: Path) -> None:
    started = time.monotonic()
    with pytest.raises(RunError, match=r"blimp_simulator .*Did you mean: `clean`"):
        run_simulated(BusRun("pid", preset="claen"), tmp_path)
    assert time.monotonic() - started < 15.0


@pytest.mark.parametrize(
    ("run", "error", "message"),
    [
        (BusRun("blimp-altitud"), UnknownNameError, "Did you mean: `blimp-altitude`"),
        (BusRun("swimmer", preset="clean"), ConfigError, "the swimmer has neither"),
    ],
)
def test_an_invalid_run_starts_no_node(
    run: BusRun, error: type[Exception], message: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=message):
        run_simulated(run, tmp_path)
    assert not list(tmp_path.iterdir())


def test_an_unreadable_bag_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="not a readable bag"):
        read_ticks(tmp_path)
