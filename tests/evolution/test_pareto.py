"""Fronts and crowding against DEAP's."""

from __future__ import annotations

import numpy as np
import pytest
from deap import base
from deap.tools import emo

from snn_control.evolution.pareto import crowding_distances, non_dominated_ranks

FITNESS = {m: type("Fitness", (base.Fitness,), {"weights": (-1.0,) * m}) for m in (1, 2, 3)}


class Individual:
    def __init__(self, index: int, values: np.ndarray) -> None:
        self.index = index
        self.fitness = FITNESS[len(values)](values)


def deap_fronts(fitness: np.ndarray) -> list[list[Individual]]:
    people = [Individual(index, values) for index, values in enumerate(fitness)]
    return emo.sortNondominated(people, len(people))


@pytest.mark.parametrize("n_objectives", [2, 3])
@pytest.mark.parametrize("levels", [3, 20, None])
@pytest.mark.parametrize("seed", range(3))
def test_fronts_equal_those_of_deap(n_objectives: int, levels: int | None, seed: int) -> None:
    """Few levels make many ties and duplicates."""
    generator = np.random.default_rng(seed)
    fitness = generator.random((120, n_objectives))
    if levels is not None:
        fitness = np.floor(levels * fitness)
    fitness[:5] = np.inf
    expected = np.empty(len(fitness), dtype=int)
    for rank, front in enumerate(deap_fronts(fitness)):
        expected[[individual.index for individual in front]] = rank
    ranks = non_dominated_ranks(fitness)
    assert np.array_equal(ranks, expected)
    enough = non_dominated_ranks(fitness, 40)
    known = enough < len(fitness)
    assert known.sum() >= 40
    assert np.array_equal(enough[known], ranks[known])


@pytest.mark.parametrize("n_objectives", [1, 2, 3])
def test_crowding_equals_that_of_deap(n_objectives: int) -> None:
    fitness = np.random.default_rng(1).random((150, n_objectives))
    ours = crowding_distances(fitness, non_dominated_ranks(fitness))
    for front in deap_fronts(fitness):
        emo.assignCrowdingDist(front)
        for individual in front:
            theirs = individual.fitness.crowding_dist  # type: ignore[attr-defined]
            assert ours[individual.index] == pytest.approx(theirs, rel=1e-12)


def test_a_chain_has_one_genome_a_front() -> None:
    values = np.arange(50.0)[::-1]
    assert np.array_equal(non_dominated_ranks(np.stack((values, values), axis=1)), values)


def test_crowding_with_failed_genomes_is_a_number() -> None:
    fitness = np.array([[0.0, np.inf], [np.inf, 0.0], [np.inf, np.inf], [1.0, 1.0]])
    assert not np.isnan(crowding_distances(fitness, non_dominated_ranks(fitness))).any()
