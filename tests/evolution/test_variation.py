"""Operators against their published distributions (closed forms)."""

from __future__ import annotations

import numpy as np
import pytest

from snn_control.evolution import variation


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


def test_simulated_binary_crossover_has_the_published_distribution(
    generator: np.random.Generator,
) -> None:
    """P(beta <= b) = b^(eta + 1) / 2 for b < 1, else 1 - b^-(eta + 1) / 2."""
    eta, n_pairs = 3.0, 400
    mothers, fathers = np.zeros((n_pairs, 500)), np.ones((n_pairs, 500))
    factors = variation.spread_factors(eta)
    children = variation.simulated_binary(generator, mothers, fathers, 1.0, factors)
    first, second = children[:n_pairs], children[n_pairs:]
    np.testing.assert_allclose(first + second, 1.0, atol=1e-12)
    beta = second - first
    assert abs((beta == 1).mean() - 0.5) < 0.005
    crossed = beta[beta != 1]
    assert abs((crossed < 0).mean() - 0.5) < 0.005
    for b in (0.5, 0.8, 1.0, 1.2, 2.0):
        expected = b ** (eta + 1) / 2 if b < 1 else 1 - b ** -(eta + 1) / 2
        assert abs((np.abs(crossed) <= b).mean() - expected) < 0.006


def test_pairs_without_crossover_are_unchanged(generator: np.random.Generator) -> None:
    mothers, fathers = np.zeros((3, 50)), np.ones((3, 50))
    factors = variation.spread_factors(10.0)
    children = variation.simulated_binary(generator, mothers, fathers, 0.0, factors)
    assert np.array_equal(children, np.concatenate((mothers, fathers)))
    assert np.array_equal(variation.blend(generator, mothers, fathers, 0.0, 0.5), mothers)
    assert np.array_equal(variation.uniform(generator, mothers, fathers, 0.0), mothers)


def test_blend_is_uniform_over_the_extended_interval(generator: np.random.Generator) -> None:
    u = variation.blend(generator, np.zeros((100, 1000)), np.ones((100, 1000)), 1.0, 0.25)
    assert u.min() >= -0.25
    assert u.max() <= 1.25
    counts, _ = np.histogram(u, bins=10, range=(-0.25, 1.25))
    assert np.abs(counts / u.size - 0.1).max() < 0.005


def test_uniform_crossover_takes_half_of_the_genes(generator: np.random.Generator) -> None:
    children = variation.uniform(generator, np.zeros((100, 1000)), np.ones((100, 1000)), 1.0)
    assert abs(children.mean() - 0.5) < 0.005


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
