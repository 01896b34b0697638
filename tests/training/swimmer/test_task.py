"""Evolution of the swimmer's strengths, from the configuration to the model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snn_control.controllers import Swimmer, load
from snn_control.controllers.swimmer.circuit import strengths_of
from snn_control.engines.layout import lay_out
from snn_control.envs.swimmer.batch import SwimmerPool
from snn_control.envs.swimmer.start import draw_start
from snn_control.errors import ConfigError, ParameterError, UnknownNameError
from snn_control.evolution import CmaEs, CmaEsConfig
from snn_control.runs import Run
from snn_control.training.blimp.task import AltitudeTask
from snn_control.training.budget import Budget
from snn_control.training.environment import make_environment
from snn_control.training.evaluate import run_episode
from snn_control.training.evolve import EvolveConfig, evolve
from snn_control.training.optimisation import read_optimisation
from snn_control.training.swimmer.closed_loop import swim
from snn_control.training.swimmer.task import FIRST_TRAINING_SEED, METRICS, SwimmerTask

HEAD = {"method": "evolve", "system": "swimmer", "name": "x"}


def test_the_system_selects_the_task() -> None:
    for name, kind in (("swimmer-spiking", SwimmerTask), ("blimp-altitude", AltitudeTask)):
        config = read_optimisation(name)
        assert isinstance(config, EvolveConfig)
        assert isinstance(config.task, kind)
    with pytest.raises(UnknownNameError, match=r"swimer.*swimmer"):
        EvolveConfig.read(HEAD | {"system": "swimer"}, "file")
    with pytest.raises(ConfigError, match=r"file: no system; add the line `system: NAME`"):
        EvolveConfig.read({"method": "evolve", "name": "x"}, "file")
    with pytest.raises(ConfigError, match=r"remove it and write `system: swimmer`"):
        EvolveConfig.read(HEAD | {"task": {"robot": "swimmer"}}, "file")
    with pytest.raises(ConfigError, match=r"n_link.*n_links"):
        EvolveConfig.read(HEAD | {"task": {"n_link": 3}}, "file")


@pytest.mark.parametrize(
    "wrong",
    [
        {"n_links": 2},
        {"n_links": 31},
        {"starts": 0},
        {"genes": ("propriception",)},
        {"genes": ()},
        {"widest": 1.0},
        {"cells": "graded"},
        {"period_ticks": 1},
        {"clock_free": True},
    ],
)
def test_wrong_tasks_are_errors(wrong: dict) -> None:
    with pytest.raises((ConfigError, ParameterError, UnknownNameError)):
        SwimmerTask(**wrong)


def test_the_start_of_the_search_is_the_untrained_circuit() -> None:
    fitness = SwimmerTask(n_links=4).fitness(3)
    own = fitness.strengths(fitness.start({}, 0))
    assert own == pytest.approx(
        {"proprioception": 1.0, "oscillator": 1.0, "ipsilateral": 1.0, "contralateral": -1.0}
    )
    assert fitness.strengths(fitness.start({"contralateral": -2.0}, 0))[
        "contralateral"
    ] == pytest.approx(-2.0)
    with pytest.raises(UnknownNameError, match="ipsilateral"):
        fitness.start({"ipsilatral": 1.0}, 0)


def test_costs_are_equal_for_equal_genomes() -> None:
    fitness = SwimmerTask(n_links=4, starts=2).fitness(5)
    genomes = np.random.default_rng(0).random((3, fitness.n_genes))
    costs = fitness(genomes)
    assert costs.shape == (3, 1)
    np.testing.assert_array_equal(fitness(genomes[1:2])[0], costs[1])
    assert isinstance(fitness.controller(genomes[0]), Swimmer)


def test_evolution_improves_the_untrained_circuit(tmp_path: Path) -> None:
    content = HEAD | {
        "strategy_config": {"population": 6, "sigma": 0.15},
        "task": {"n_links": 4, "sub_ticks": 1},
    }
    config = EvolveConfig.read(content, "test")
    run = Run.create(tmp_path / "run", command="", config=config, seed=1)
    model = evolve(config, run, seed=1, budget=Budget(environment_steps=35_500))
    run.finish()
    swimmer = load(model)
    assert isinstance(swimmer, Swimmer)
    assert strengths_of(swimmer.networks[0])["contralateral"] < 0.0
    fitness = config.task.fitness(1)
    own = fitness(fitness.start({}, 1)[None])[0, 0]
    rows = run.metrics()
    assert [row["environment_steps"] for row in rows] == [6000 * k for k in range(1, 7)]
    assert rows[-1]["best"] < own - 0.1


@pytest.mark.slow
def test_thirty_generations_reach_the_published_return() -> None:
    returns = []
    starts = [draw_start(6, seed, 1000) for seed in range(5)]
    for seed in range(5):
        fitness = SwimmerTask().fitness(seed)
        config = CmaEsConfig(population=6, sigma=0.15)
        strategy = CmaEs(fitness.n_genes, config, seed, fitness.start({}, seed))
        for _ in range(30):
            strategy.tell(fitness(strategy.ask()))
        network = fitness.controller(strategy.best_genome).networks[0]
        layout = lay_out(network)
        rows = [row[None] for row in layout.row()]
        swims = swim(layout, rows[0], rows[1], SwimmerPool(6), starts, posture_start=True)
        returns.append(swims.returns.mean())
    assert np.mean(returns) >= 940.0


def test_every_metric_of_the_environment_is_an_objective() -> None:
    """Metrics of a population equal those of the same episodes in the environment."""
    task = SwimmerTask(n_links=4, starts=2)
    fitness = task.fitness(3)
    genome = fitness.start({}, 0)
    controller = fitness.controller(genome)
    env: Any = make_environment("Swim-v0", n_links=4)
    drawn = np.random.default_rng(3).integers(FIRST_TRAINING_SEED, 2**31, 2).tolist()
    episodes = [run_episode(controller, env, seed).metrics for seed in drawn]
    for name in (*METRICS, "reward", "spikes_per_decision"):
        objective = replace(task, objectives=(f"min {name}",)).fitness(3)
        (value,) = objective(genome[None])[0]
        key = {"reward": "total_reward"}.get(name, name)
        expected = np.mean([metrics[key] for metrics in episodes])
        assert value == pytest.approx(expected, rel=1e-12), name
    assert set(METRICS) == {*env.unwrapped.metrics()}
    with pytest.raises(UnknownNameError, match=r"Did you mean: .*`straightness`"):
        replace(task, objectives=("straigtness",))


def test_fresh_starts_depend_only_on_the_seed_of_the_generation() -> None:
    fixed = SwimmerTask(n_links=3, starts=2)
    fresh = replace(fixed, fresh_starts=True)
    genomes = np.array([fixed.fitness(1).start({}, 0)])
    five, six = (np.full(1, seed, np.uint64) for seed in (5, 6))
    fitness = fresh.fitness(1)
    first, second, again = (fitness.rows(genomes, seeds) for seeds in (five, six, five))
    assert first == again == fresh.fitness(2).rows(genomes, five)
    assert first != second
    assert first == fixed.fitness(5)(genomes)
    assert fixed.fitness(1).rows(genomes, five) == fixed.fitness(1).rows(genomes, six)
