"""Whole episode of the swimmer by the verb: nodes as processes, replay of the bag, report."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.ros.conftest import NEEDS_ROS

pytest.importorskip("rclpy", reason=NEEDS_ROS)
pytest.importorskip("rosbags", reason='needs rosbags: pip install "snn_control[logs]"')

from snn_control import load
from snn_control.envs.swimmer.start import draw_start
from snn_control.ros.bags.ticks import read_ticks, replay

DURATION_S, RATE = 9.0, 3.0


@pytest.fixture(scope="module")
def swum(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    run = tmp_path_factory.mktemp("a swim") / "run"
    words = ("swimmer", "--sim", "--duration", f"{DURATION_S:g}", "--rate", f"{RATE:g}")
    done = subprocess.run(
        [sys.executable, "-m", "snn_control", "fly", *words, "--json", "--out", str(run)],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    [line] = done.stdout.splitlines()
    return run, json.loads(line)


def test_it_swims_as_in_process(swum: tuple[Path, dict]) -> None:
    run, summary = swum
    in_process = json.loads((run / "eval" / "swimmer-in-process-default.json").read_text())["mean"]
    assert summary["return"] == pytest.approx(in_process["total_reward"], rel=0.15)
    assert summary["mean_speed_m_s"] == pytest.approx(in_process["mean_speed_m_s"], rel=0.15)
    over_bus = json.loads((run / "eval" / "swimmer-default.json").read_text())["mean"]
    assert over_bus["total_reward"] == summary["return"]
    assert over_bus["spikes_per_s"] == pytest.approx(in_process["spikes_per_s"], rel=0.1)
    assert summary["ticks"] == DURATION_S / 0.03
    assert summary["lost_ticks"] == summary["missed_ticks"] == 0
    assert 0.0 < summary["latency_p50_ms"] <= summary["latency_p99_ms"] < 30.0 / RATE


def test_efforts_reach_the_body_in_their_control_period(
    swum: tuple[Path, dict],
) -> None:
    sent = read_ticks(swum[0] / "ros" / "bag").commands
    with np.load(swum[0] / "ros" / "flight.npz") as episode:
        held = episode["effort"]
    assert sent.shape == held.shape
    late = np.array([(held[3:] == sent[3 - k : len(sent) - k]).all(axis=1) for k in range(4)])
    assert late[0].mean() > 0.8
    assert late.any(axis=0).all(), "late efforts leave the previous ones in force"


def test_the_bag_replays_bit_for_bit(swum: tuple[Path, dict]) -> None:
    assert swum[1]["replay_identical"]
    ticks = read_ticks(swum[0] / "ros" / "bag")
    swimmer = load("swimmer-spiking")
    np.testing.assert_array_equal(replay(ticks, swimmer), ticks.outputs)
    assert ticks.outputs.shape == (len(ticks.stamp_ns), 5)
    assert ticks.order_names == ("speed", "turn", "frozen")
    assert (ticks.orders == [1.0, 0.0, 0.0]).all()
    assert ticks.observation_names == swimmer.observation_names
    start = draw_start(6, 0, round(DURATION_S / 0.03))
    np.testing.assert_array_equal(ticks.observations[0], start.joint_rad)
    assert len(ticks.spikes) == ticks.stepped.sum()
    untrained = replay(ticks, load("swimmer-spiking", untrained=True))
    assert not np.array_equal(untrained, ticks.outputs), "another circuit differs"


def test_the_report_shows_the_episode(swum: tuple[Path, dict]) -> None:
    page = (swum[0] / "report" / "index.html").read_text("utf-8")
    for text in ("Latency", "swimmer-in-process", "Spikes", "Total reward"):
        assert text in page
    assert json.loads((swum[0] / "manifest.json").read_text())["status"] == "finished"
