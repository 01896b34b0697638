"""Operations against a count by hand; traces of one episode side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest

from snn_control.controllers import PID, Altitude
from snn_control.network import Connection, Network, Population, Readout
from snn_control.network.neurons import LIF, Graded, LeakyIntegrator
from snn_control.report import render_report
from snn_control.training.evaluate import evaluate, run_episode, write_evaluation
from tests.report.run_folder import bare_run

SUB_TICKS, N_TICKS = 3, 10


class Held(gymnasium.Env):
    """Environment with an error of 1 m for ten ticks, and no clock."""

    observation_names = ("height_error_m",)
    action_names = ("motor_command",)
    observation_space = gymnasium.spaces.Box(-1.0, 1.0, (1,), np.float64)
    action_space = gymnasium.spaces.Box(-10.0, 10.0, (1,), np.float64)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.tick = 0
        return np.ones(1), {}

    def step(self, action: Any) -> Any:
        self.tick += 1
        return np.ones(1), 0.0, False, self.tick == N_TICKS, {}


def small() -> Network:
    """Return a network of two spiking neurons, of which only the first spikes, in every tick.

    It has synapses to three of four neurons and itself; the second one has a single synapse.
    """
    return Network(
        "pd",
        0.1,
        ("height_error_m",),
        (
            Population("cells", 2, LIF(threshold=np.array([0.5, 9.0]), reset="hard")),
            Population("cover", 4, Graded(ceiling=5.0)),
            Population("pd", 1, LeakyIntegrator()),
        ),
        (
            Connection("input", "cells", np.ones((1, 2))),
            Connection(
                "cells", "cover", np.ones(4), "sparse",
                pre=np.array([0, 0, 0, 1]), post=np.array([0, 1, 2, 3]),
            ),
            Connection("cover", "pd", np.array([[1.0], [1.0], [0.0], [1.0]])),
            Connection("cells", "cells", np.zeros((1, 2, 2)), "block2", delay_ticks=1),
            Connection("cells", "cells", np.array([-0.1, 0.0]), "diagonal", delay_ticks=2),
        ),
        (Readout("pd", "pd"),),
        sub_ticks=SUB_TICKS,
    )  # fmt: skip


def test_operations_equal_a_count_by_hand_without_a_clock() -> None:
    episode = run_episode(Altitude([small()]), Held(), seed=0)
    assert episode.trace["spikes"].tolist() == [SUB_TICKS] * N_TICKS
    assert episode.trace["spike_tick"].tolist() == np.repeat(range(N_TICKS), SUB_TICKS).tolist()
    assert set(episode.trace["spike_neuron"]) == {0}
    inputs, spikes, graded = 2, 4, 3
    expected = SUB_TICKS * (inputs + spikes + graded)
    assert episode.metrics["synaptic_ops_per_decision"] == pytest.approx(expected)
    assert "synaptic_ops_per_s" not in episode.metrics


def test_the_page_reports_traces_of_different_episodes(tmp_path: Path) -> None:
    run = bare_run(tmp_path / "run")
    run.close()
    for name, seed, preset in (("a", 1, "clean"), ("b", 1, "clean"), ("pid", 2, "clean")):
        evaluation = evaluate(PID(), name, seeds=[seed], preset=preset, duration_s=80.0)
        write_evaluation(evaluation, run.folder, PID())
    page = render_report(run.folder)
    assert "recorded in another episode: pid." in page
    evaluation = evaluate(PID(), "pid", seeds=[1], preset="clean", duration_s=80.0)
    write_evaluation(evaluation, run.folder, PID())
    assert "recorded in another episode" not in render_report(run.folder)
    evaluation = evaluate(PID(), "pid", seeds=[1], preset="leak", duration_s=80.0)
    write_evaluation(evaluation, run.folder, PID(), trace=False)
    assert "recorded in another episode" not in render_report(run.folder)
    write_evaluation(evaluation, run.folder, PID())
    assert "recorded in another episode: pid." in render_report(run.folder)
    assert not list(run.folder.rglob(".partial-*"))
