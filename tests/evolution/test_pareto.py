"""Fronts and crowding distance against DEAP."""

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
    individuals = [Individual(index, values) for index, values in enumerate(fitness)]
    return emo.sortNondominated(individuals, len(individuals))


@pytest.mark.parametrize("n_objectives", [1, 2, 3])
@pytest.mark.parametrize("levels", [3, 20, None])
@pytest.mark.parametrize("seed", range(3))
def test_fronts_equal_those_of_deap(n_objectives: int, levels: int | None, seed: int) -> None:
    """Test with ties and duplicates, which few levels produce."""
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


@pytest.mark.parametrize("n_objectives", [1, 2, 3])
def test_crowding_equals_that_of_deap(n_objectives: int) -> None:
    fitness = np.random.default_rng(1).random((150, n_objectives))
    ours = crowding_distances(fitness, non_dominated_ranks(fitness))
    for front in deap_fronts(fitness):
        emo.assignCrowdingDist(front)
        for individual in front:
            expected = individual.fitness.crowding_dist  # type: ignore[attr-defined]
            assert ours[individual.index] == pytest.approx(expected, rel=1e-12)


def test_totally_ordered_rows_have_one_row_per_front() -> None:
    values = np.arange(50.0)[::-1]
    assert np.array_equal(non_dominated_ranks(np.stack((values, values), axis=1)), values)


def test_crowding_with_failed_genomes_is_not_nan() -> None:
    fitness = np.array([[0.0, np.inf], [np.inf, 0.0], [np.inf, np.inf], [1.0, 1.0]])
    assert not np.isnan(crowding_distances(fitness, non_dominated_ranks(fitness))).any()
