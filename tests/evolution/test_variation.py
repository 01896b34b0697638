"""Operators against their published distributions (closed forms)."""

from __future__ import annotations

import numpy as np
import pytest

from snn_control.evolution import variation
from snn_control.evolution.counter_random import normal_quantiles

KEY = np.uint64(0x5EED)


def crossed(
    operator: str,
    parents: np.ndarray,
    mothers: np.ndarray,
    fathers: np.ndarray,
    *,
    rate: float = 1.0,
    alpha: float = 0.5,
    mutation_rate: float = 0.0,
    sigma: float = 0.1,
) -> np.ndarray:
    children = np.empty((len(mothers), parents.shape[1]))
    arrays = parents, mothers, fathers, children, KEY
    mutation = mutation_rate, sigma, normal_quantiles()
    if operator == "blend":
        variation.blend(*arrays, rate, alpha, *mutation)
    else:
        variation.uniform(*arrays, rate, *mutation)
    return children


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(5)


@pytest.mark.parametrize("rate", [0.0, 1e-3, 0.2, 0.5, 0.7, 1.0])
def test_each_gene_is_mutated_with_the_given_rate(
    generator: np.random.Generator, rate: float
) -> None:
    hits = np.zeros(1000)
    for _ in range(400):
        hits[variation.mutated_genes(generator, 1000, rate)] += 1
    assert abs(hits.sum() / 400_000 - rate) <= 4 * np.sqrt(rate * (1 - rate) / 400_000)
    assert abs(hits.var() - 400 * rate * (1 - rate)) <= 0.2 * 400 * rate * (1 - rate)


def test_gaussian_mutation_has_the_given_deviation(generator: np.random.Generator) -> None:
    genomes = np.zeros((100, 1000))
    variation.mutate_gaussian(generator, genomes, 0.2, 0.3)
    assert abs(genomes[genomes != 0].std() / 0.3 - 1) < 0.02


def test_polynomial_mutation_has_the_published_distribution(
    generator: np.random.Generator,
) -> None:
    """P(step <= s) = (1 - (1 - s)^(eta + 1)) / (1 - (1 - distance)^(eta + 1)) on either side."""
    genomes = np.full((200, 1000), 0.25)
    variation.mutate_polynomial(generator, genomes, 1.0, 4.0)
    for step, distance in (
        (genomes[genomes > 0.25] - 0.25, 0.75),
        (0.25 - genomes[genomes < 0.25], 0.25),
    ):
        assert abs(len(step) / genomes.size - 0.5) < 0.005
        assert step.max() <= distance + 1e-12
        for s in (0.05, 0.1, 0.2, 0.24):
            expected = (1 - (1 - s) ** 5) / (1 - (1 - distance) ** 5)
            assert abs((step <= s).mean() - expected) < 0.006


def test_simulated_binary_crossover_has_the_published_distribution() -> None:
    """P(beta <= b) = b^(eta + 1) / 2 for b < 1, else 1 - b^-(eta + 1) / 2."""
    eta, n_pairs = 3.0, 400
    parents = np.array([[0.4] * 500, [0.6] * 500])
    mothers, fathers = np.zeros(n_pairs, int), np.ones(n_pairs, int)
    children = np.empty((2 * n_pairs, 500))
    factors = variation.spread_factors(eta)
    variation.simulated_binary(parents, mothers, fathers, children, KEY, 1.0, factors)
    first, second = children[::2], children[1::2]
    inside = (children.reshape(n_pairs, 2, 500) % 1.0 != 0).all(axis=1)
    np.testing.assert_allclose((first + second)[inside], 1.0, atol=1e-12)
    beta = np.where(inside, (second - first) / 0.2, 5.0)
    unchanged = np.isclose(beta, 1.0, atol=1e-12)
    assert abs(unchanged.mean() - 0.5) < 0.005
    crossed = beta[inside & ~unchanged]
    assert abs((crossed < 0).mean() - 0.5) < 0.01
    for b in (0.5, 0.8, 1.0, 1.2, 2.0):
        expected = b ** (eta + 1) / 2 if b < 1 else 1 - b ** -(eta + 1) / 2
        assert abs((np.abs(beta[~unchanged]) <= b).mean() - expected) < 0.006


def test_an_odd_population_ends_with_one_child_of_the_last_pair() -> None:
    parents = np.linspace(0.2, 0.8, 3)[:, None] + np.zeros((3, 40))
    mothers, fathers = np.array([0, 1]), np.array([1, 2])
    factors, even, odd = variation.spread_factors(15.0), np.empty((4, 40)), np.empty((3, 40))
    for children in (even, odd):
        variation.simulated_binary(parents, mothers, fathers, children, KEY, 1.0, factors)
    assert np.array_equal(odd, even[:3])


@pytest.mark.parametrize("operator", ["blend", "uniform", "simulated_binary"])
def test_without_crossover_children_equal_their_parents(operator: str) -> None:
    parents = np.random.default_rng(1).random((3, 50))
    mothers, fathers = np.array([0, 1, 2]), np.array([2, 0, 1])
    if operator == "simulated_binary":
        children = np.empty((6, 50))
        variation.simulated_binary(
            parents, mothers, fathers, children, KEY, 0.0, variation.spread_factors(10.0)
        )
        np.testing.assert_allclose(children, parents[[0, 2, 1, 0, 2, 1]], rtol=1e-15)
    else:
        children = crossed(operator, parents, mothers, fathers, rate=0.0)
        assert np.array_equal(children, parents)


def test_blend_is_uniform_over_the_extended_interval() -> None:
    parents = np.array([[0.25] * 1000, [0.75] * 1000])
    children = crossed("blend", parents, np.zeros(100, int), np.ones(100, int), alpha=0.25)
    u = (children - 0.25) / 0.5
    assert u.min() >= -0.25
    assert u.max() <= 1.25
    counts, _ = np.histogram(u, bins=10, range=(-0.25, 1.25))
    assert np.abs(counts / u.size - 0.1).max() < 0.005


def test_uniform_crossover_takes_half_of_the_genes() -> None:
    parents = np.array([[0.25] * 1000, [0.75] * 1000])
    children = crossed("uniform", parents, np.zeros(100, int), np.ones(100, int))
    assert set(np.unique(children)) == {0.25, 0.75}
    assert abs(children.mean() - 0.5) < 0.0025


@pytest.mark.parametrize("rate", [0.0, 1e-3, 0.2, 0.5, 1.0])
def test_children_mutate_with_the_given_rate_and_deviation(rate: float) -> None:
    parents = np.full((1, 1000), 0.5)
    zeros = np.zeros(400, int)
    children = crossed("uniform", parents, zeros, zeros, mutation_rate=rate, sigma=0.05)
    mutated = children != 0.5
    assert abs(mutated.mean() - rate) <= 4 * np.sqrt(rate * (1 - rate) / children.size)
    spread = 400 * rate * (1 - rate)
    assert abs(mutated.sum(axis=0).var() - spread) <= 0.2 * spread
    if rate >= 0.2:
        assert abs(children[mutated].std() / 0.05 - 1) < 0.02


def test_children_are_clipped_to_the_box() -> None:
    parents, zeros = np.array([[0.0, 1.0]]), np.zeros(200, int)
    children = crossed("blend", parents, zeros, zeros, mutation_rate=1.0, sigma=0.3)
    assert children.min() == 0.0
    assert children.max() == 1.0
    assert 0.3 < (children[:, 0] == 0.0).mean() < 0.7


def test_tournament_winners_follow_their_rank(generator: np.random.Generator) -> None:
    """P(winner is among the best k of n) = 1 - (1 - k / n)^size."""
    order = np.array([4, 2, 0, 1, 3])
    winners = variation.select_pairs(generator, order, 50_000, 3).ravel()
    for k in range(1, 6):
        fraction = np.isin(winners, order[:k]).mean()
        assert abs(fraction - (1 - (1 - k / 5) ** 3)) < 0.01


def test_parents_are_replaced_in_place() -> None:
    parents = np.arange(4.0)[:, None] + np.zeros((4, 2))
    children = 10 + np.arange(3.0)[:, None] + np.zeros((3, 2))
    order = variation.replace_parents(parents, children, np.array([2, 4, 0, 6]))
    assert parents[order, 0].tolist() == [12, 1, 10, 3]
    assert parents[1, 0] == 1
    assert parents[3, 0] == 3
