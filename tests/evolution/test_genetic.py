from __future__ import annotations

import numpy as np

from snn_control.evolution import Genetic, GeneticConfig
from tests.evolution.problems import shifted_ellipsoid


def test_survivors_are_the_best_genomes_so_far() -> None:
    strategy = Genetic(4, GeneticConfig(population=20, parents=7), seed=1)
    genomes, fitness = np.empty((0, 4)), np.empty(0)
    for _ in range(15):
        children = strategy.ask()
        child_fitness = shifted_ellipsoid(children)
        strategy.tell(child_fitness)
        genomes = np.concatenate((genomes, children))
        fitness = np.concatenate((fitness, child_fitness))
        state = strategy.state()
        best = np.argsort(fitness)[:7]
        assert np.array_equal(state["parent_fitness"][state["order"]], fitness[best])
        assert np.array_equal(state["parents"][state["order"]], genomes[best])


def test_ties_prefer_the_younger_genome() -> None:
    strategy = Genetic(4, GeneticConfig(population=10, parents=10), seed=1)
    for _ in range(3):
        children = strategy.ask()
        strategy.tell(np.ones(10))
        state = strategy.state()
        assert np.array_equal(state["parents"][state["order"]], children)


def test_mutation_decays_to_its_minimum() -> None:
    config = GeneticConfig(
        crossover_rate=0, mutation_rate=1, sigma=0.2, sigma_decay=0.5, sigma_min=0.01, parents=1
    )
    strategy = Genetic(500, config, seed=1, initial=np.full(500, 0.5))
    spread = []
    for _ in range(8):
        children = strategy.ask()
        spread.append(float(np.std(children[1:] - 0.5)))
        strategy.tell(np.arange(len(children)) - 1000.0 * (strategy.generation == 0))
    assert abs(spread[0] / 0.2 - 1) < 0.05
    np.testing.assert_allclose(spread[1:], [0.1, 0.05, 0.025, 0.0125, 0.01, 0.01, 0.01], rtol=0.02)
    assert np.array_equal(strategy.best_genome, np.full(500, 0.5))


def test_uniform_crossover_converges() -> None:
    strategy = Genetic(8, GeneticConfig(crossover="uniform"), seed=1)
    for _ in range(150):
        strategy.tell(shifted_ellipsoid(strategy.ask()))
    assert strategy.best_fitness[0] < 1e-2
