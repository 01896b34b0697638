"""Metrics of whole populations against those of the environment in the same scenarios."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gymnasium
import numpy as np
import pytest

from snn_control.envs.blimp.presets import blimp_parameters
from snn_control.envs.blimp.scenario import draw_scenario
from snn_control.errors import UnknownNameError
from snn_control.training.blimp.objectives import METRICS
from snn_control.training.blimp.scenarios import scenario_batch
from snn_control.training.blimp.task import OBJECTIVES, AltitudeTask
from snn_control.training.evaluate import run_episode

ENVIRONMENT = "snn_control/BlimpAltitude-v0"
TASK = AltitudeTask(scenarios=3, sequences=1, presets=("default",), duration_s=120.0)
GENOME = np.full(TASK.fitness(0).n_genes, 0.5)


@pytest.fixture(scope="module")
def episodes() -> list[dict[str, float]]:
    """Metrics of episodes with the controller of `GENOME` in the scenarios of the task."""
    scenario_seed = np.random.SeedSequence(5).generate_state(2)[1]
    seeds = np.random.SeedSequence(int(scenario_seed)).generate_state(TASK.scenarios)
    controller = TASK.fitness(5).controller(GENOME)
    metrics = []
    for seed in seeds.tolist():
        env = gymnasium.make(ENVIRONMENT, duration_s=TASK.duration_s)
        metrics.append(run_episode(controller, env, seed).metrics)
    return metrics


def test_every_metric_of_the_environment_is_an_objective(episodes: list[dict[str, float]]) -> None:
    own = {name for name in episodes[0] if not name.startswith(("synaptic", "total", "spikes"))}
    assert own <= set(METRICS)
    assert set(METRICS) <= set(OBJECTIVES)


@pytest.mark.parametrize("name", METRICS)
def test_metrics_are_those_of_the_environment(name: str, episodes: list[dict[str, float]]) -> None:
    """Equations of the plant and heights at the control ticks, against MuJoCo in small steps."""
    fitness = replace(TASK, objectives=(f"min {name}",)).fitness(5)
    (value,) = fitness(GENOME[None])[0]
    (negative,) = replace(TASK, objectives=(f"max {name}",)).fitness(5)(GENOME[None])[0]
    assert negative == -value
    if name == "chatter":  # motor units, not among the metrics of the environment
        assert 0.0 < value < 5.0
        return
    key = {"reward": "total_reward"}.get(name, name)
    expected = np.mean([metrics[key] for metrics in episodes])
    bounds: dict[str, Any] = {"rel": 0.05, "abs": 0.005}
    if name in ("reward", "spikes_per_s"):
        bounds = {"rel": 0.005}
    elif name.startswith("overshoot"):
        bounds = {"abs": 0.012}
    elif name == "rise_time_s":
        bounds = {"abs": 0.2}
    assert value == pytest.approx(expected, **bounds)


def test_the_reward_is_maximised_and_an_unknown_name_is_an_error() -> None:
    (value,) = replace(TASK, objectives=("reward",)).fitness(5)(GENOME[None])[0]
    assert value < 0.0
    with pytest.raises(UnknownNameError, match=r"Did you mean: .*`overshoot_m`"):
        replace(TASK, objectives=("overshot_m",))


def test_scenarios_are_those_of_the_environment() -> None:
    batch = scenario_batch(("default",), 1, 120.0, seed=7)
    (seed,) = np.random.SeedSequence(7).generate_state(1).tolist()
    scenario = draw_scenario(blimp_parameters("default"), seed, 120.0)
    assert np.array_equal(batch.reference_m[0], scenario.reference_m)
