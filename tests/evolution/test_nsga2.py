"""NSGA-II against DEAP on problems with a known front."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any

import moocore
import numpy as np
import pytest
from deap import base, tools

from snn_control.evolution import Nsga2, Nsga2Config
from tests.evolution.problems import dtlz2, zdt1

Problem = Callable[[np.ndarray], np.ndarray]
POPULATION = 52


FITNESS = {m: type("Fitness", (base.Fitness,), {"weights": (-1.0,) * m}) for m in (2, 3)}


class Genome(list[float]):
    def __init__(self, genes: Iterable[float], n_objectives: int) -> None:
        super().__init__(genes)
        self.fitness = FITNESS[n_objectives]()


def deap_front(
    problem: Problem, n_objectives: int, n_genes: int, n_generations: int, seed: int
) -> np.ndarray:
    """Return the front of DEAP with its tournament, crossover and polynomial mutation."""
    random.seed(seed)

    def evaluate(genomes: list[Genome]) -> None:
        for genome, values in zip(genomes, problem(np.array(genomes)), strict=True):
            genome.fitness.values = tuple(values)

    parents = [
        Genome((random.random() for _ in range(n_genes)), n_objectives) for _ in range(POPULATION)
    ]
    evaluate(parents)
    parents = tools.selNSGA2(parents, POPULATION, nd="log")
    for _ in range(n_generations - 1):
        children = [Genome(p, n_objectives) for p in tools.selTournamentDCD(parents, POPULATION)]
        for a, b in zip(children[::2], children[1::2], strict=True):
            if random.random() < 0.9:
                tools.cxSimulatedBinaryBounded(a, b, 15.0, 0.0, 1.0)
            tools.mutPolynomialBounded(a, 20.0, 0.0, 1.0, 1 / n_genes)
            tools.mutPolynomialBounded(b, 20.0, 0.0, 1.0, 1 / n_genes)
        evaluate(children)
        parents = tools.selNSGA2(parents + children, POPULATION, nd="log")
    return np.array([p.fitness.values for p in parents])


def our_front(
    problem: Problem, config: Nsga2Config, n_genes: int, generations: int, seed: int
) -> np.ndarray:
    strategy = Nsga2(n_genes, config, seed)
    for _ in range(generations):
        strategy.tell(problem(strategy.ask()))
    genomes, fitness = strategy.front()
    assert np.array_equal(problem(genomes), fitness)
    return fitness


@pytest.mark.parametrize("mutation", ["polynomial", "gaussian"])
@pytest.mark.parametrize(("problem", "n_objectives"), [(zdt1, 2), (dtlz2, 3)])
def test_hypervolume_equals_that_of_deap(
    problem: Problem, n_objectives: int, mutation: Any
) -> None:
    """Mean over five seeds, with the reference point 2 in every objective."""
    config = Nsga2Config(n_objectives=n_objectives, population=POPULATION, mutation=mutation)
    reference = np.full(n_objectives, 2.0)
    ours = [
        moocore.hypervolume(our_front(problem, config, 12, 100, seed), ref=reference)
        for seed in range(5)
    ]
    deap = [
        moocore.hypervolume(deap_front(problem, n_objectives, 12, 100, seed), ref=reference)
        for seed in range(5)
    ]
    ideal = 4 - 1 / 3 if n_objectives == 2 else 8 - np.pi / 6
    assert np.mean(ours) > 0.995 * np.mean(deap)
    assert 0.96 * ideal < np.mean(ours) < ideal


def test_best_genome_is_lowest_in_the_first_objective() -> None:
    strategy = Nsga2(5, Nsga2Config(population=11), seed=1)
    history = np.empty((0, 2))
    for _ in range(6):
        fitness = np.round(zdt1(strategy.ask()), 1)
        strategy.tell(fitness)
        history = np.concatenate((history, fitness))
    assert tuple(strategy.best_fitness) == min(map(tuple, history))
