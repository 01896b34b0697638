"""Evolution of the swimmer's strengths, from the configuration to the model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from snn_control.config import from_mapping, read_config
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
from snn_control.training.evolve import EvolveConfig, evolve
from snn_control.training.swimmer.closed_loop import swim
from snn_control.training.swimmer.task import SwimmerTask


def test_the_task_is_told_by_its_robot() -> None:
    assert isinstance(read_config(EvolveConfig, "swimmer-spiking").task, SwimmerTask)
    assert isinstance(read_config(EvolveConfig, "blimp-altitude").task, AltitudeTask)
    with pytest.raises(ConfigError, match=r"swimer.*swimmer"):
        from_mapping(EvolveConfig, {"name": "x", "task": {"robot": "swimer"}}, "file")
    task = {"robot": "swimmer", "n_link": 3}
    with pytest.raises(ConfigError, match=r"n_link.*n_links"):
        from_mapping(EvolveConfig, {"name": "x", "task": task}, "file")


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
def test_wrong_tasks_are_refused(wrong: dict) -> None:
    with pytest.raises((ConfigError, ParameterError, UnknownNameError)):
        SwimmerTask("swimmer", **wrong)


def test_the_start_of_the_search_is_the_untrained_circuit() -> None:
    fitness = SwimmerTask("swimmer", n_links=4).fitness(3)
    own = fitness.strengths(fitness.start({}, 0))
    assert own == pytest.approx(
        {"proprioception": 1.0, "oscillator": 1.0, "ipsilateral": 1.0, "contralateral": -1.0}
    )
    assert fitness.strengths(fitness.start({"contralateral": -2.0}, 0))[
        "contralateral"
    ] == pytest.approx(-2.0)
    with pytest.raises(UnknownNameError, match="ipsilateral"):
        fitness.start({"ipsilatral": 1.0}, 0)


def test_a_cost_is_the_return_that_the_controller_misses() -> None:
    fitness = SwimmerTask("swimmer", n_links=4, starts=2).fitness(5)
    genomes = np.random.default_rng(0).random((3, fitness.n_genes))
    costs = fitness(genomes)
    assert costs.shape == (3, 1)
    np.testing.assert_array_equal(fitness(genomes[1:2])[0], costs[1])
    assert isinstance(fitness.controller(genomes[0]), Swimmer)


def test_evolution_betters_the_untrained_circuit(tmp_path: Path) -> None:
    content = {
        "name": "short",
        "strategy_config": {"population": 6, "sigma": 0.15},
        "task": {"robot": "swimmer", "n_links": 4, "sub_ticks": 1},
    }
    config = from_mapping(EvolveConfig, content, "test")
    run = Run.create(tmp_path / "run", command="", config=config, seed=1)
    model = evolve(config, run, seed=1, budget=Budget(environment_steps=35_500))
    run.finish()
    found = load(model)
    assert isinstance(found, Swimmer)
    assert strengths_of(found.networks[0])["contralateral"] < 0.0
    fitness = config.task.fitness(1)
    own = fitness(fitness.start({}, 1)[None])[0, 0]
    rows = run.metrics()
    assert [row["environment_steps"] for row in rows] == [6000 * k for k in range(1, 7)]
    assert rows[-1]["best"] < own - 0.1


@pytest.mark.slow
def test_thirty_generations_reach_the_published_bar_on_five_seeds() -> None:
    returns = []
    starts = [draw_start(6, seed, 1000) for seed in range(5)]
    for seed in range(5):
        fitness = SwimmerTask("swimmer").fitness(seed)
        config = CmaEsConfig(population=6, sigma=0.15)
        strategy = CmaEs(fitness.n_genes, config, seed, fitness.start({}, seed))
        for _ in range(30):
            strategy.tell(fitness(strategy.ask()))
        network = fitness.controller(strategy.best_genome).networks[0]
        layout = lay_out(network)
        rows = [row[None] for row in layout.row()]
        found = swim(layout, rows[0], rows[1], SwimmerPool(6), starts, posture_start=True)
        returns.append(found.returns.mean())
    assert np.mean(returns) >= 940.0
