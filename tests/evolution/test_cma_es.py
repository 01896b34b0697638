"""CMA-ES against pycma, and the bounds of its mean."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import deap.cma
import numpy as np
import pytest

from snn_control.evolution import CmaEs, CmaEsConfig, SepCmaEs, SepCmaEsConfig, make_strategy
from snn_control.evolution.box import fold, fold_signs
from tests.evolution.problems import rosenbrock

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import cma

SEEDS = range(5)


def evaluations_to(strategy: CmaEs | SepCmaEs, target: float) -> int:
    evaluations = 0
    while strategy.best_fitness[0] > target and evaluations < 30_000:
        genomes = strategy.ask()
        strategy.tell(rosenbrock(genomes))
        evaluations += len(genomes)
    return evaluations


def evaluations_of_pycma(seed: int, target: float) -> int:
    options = {"seed": seed + 1, "bounds": [0, 1], "verbose": -9, "ftarget": target}
    reference = cma.CMAEvolutionStrategy([0.5] * 10, 0.1, {**options, "maxfevals": 30_000})
    while not reference.stop():
        genomes = reference.ask()
        reference.tell(genomes, rosenbrock(np.array(genomes)).tolist())
    assert reference.result.fbest <= target
    return reference.result.evaluations


def test_rosenbrock_needs_about_as_many_evaluations_as_pycma() -> None:
    ours = [evaluations_to(CmaEs(10, CmaEsConfig(sigma=0.1), seed), 1e-8) for seed in SEEDS]
    reference = [evaluations_of_pycma(seed, 1e-8) for seed in SEEDS]
    assert max(ours) < 30_000
    assert np.median(ours) < 1.5 * np.median(reference)


def sphere_outside(x: np.ndarray) -> np.ndarray:
    """Return a sphere with optimum at 1.5, thus at the corner 1 of the box."""
    return ((x - 1.5) ** 2).sum(axis=1)


def test_without_reflection_the_mean_leaves_the_box() -> None:
    """DEAP's strategy with genomes clipped only for evaluation, as in the published training."""
    strategy = deap.cma.Strategy(np.full(10, 0.5), 0.3)
    generator = np.random.default_rng(1)

    class Genome(np.ndarray):
        fitness: float

    for _ in range(300):
        steps = generator.standard_normal((strategy.lambda_, 10)) @ strategy.BD.T
        genomes = [row.view(Genome) for row in strategy.centroid + strategy.sigma * steps]
        for genome in genomes:
            genome.fitness = -float(sphere_outside(np.clip(np.asarray(genome), 0, 1)[None])[0])
        strategy.update(genomes)
    assert np.abs(strategy.centroid - 0.5).max() > 2


@pytest.mark.parametrize("name", ["cma_es", "sep_cma_es"])
@pytest.mark.parametrize(
    ("problem", "minimum"),
    [(sphere_outside, 2.5), (lambda x: x.sum(axis=1), 0.0), (lambda x: np.abs(x).max(axis=1), 0.0)],
)
def test_the_mean_stays_in_the_box_and_converges_to_the_corner(
    name: str, problem: Callable[[np.ndarray], np.ndarray], minimum: float
) -> None:
    for seed in range(5):
        strategy = make_strategy(name, 10, seed)
        for _ in range(500):
            strategy.tell(problem(strategy.ask()))
            mean = strategy.state()["mean"]
            assert mean.min() >= 0
            assert mean.max() <= 1
        assert strategy.best_fitness[0] < minimum + 1e-6


@pytest.mark.parametrize("name", ["cma_es", "sep_cma_es"])
def test_a_random_fitness_keeps_the_distribution_bounded(name: str) -> None:
    strategy, generator = make_strategy(name, 5, 1), np.random.default_rng(2)
    for _ in range(500):
        strategy.ask()
        strategy.tell(generator.random(strategy.population))
    state = strategy.state()
    spread = state["covariance"].diagonal() if "covariance" in state else state["variances"]
    assert state["sigma"] * np.sqrt(spread.max()) <= 1 + 1e-12


def test_folding_the_mean_keeps_the_distribution() -> None:
    """Folded samples around a mean outside of the box equal those around the folded mean."""
    generator = np.random.default_rng(3)
    mean = generator.uniform(-4, 5, 6)
    steps = generator.standard_normal((1000, 6)) @ generator.standard_normal((6, 6))
    mirrored = fold(mean) + steps * fold_signs(mean)
    np.testing.assert_allclose(fold(mean + steps), fold(mirrored), atol=1e-12)


def test_fold_keeps_the_box_and_reflects_the_outside() -> None:
    x = np.array([0.0, 0.3, 1.0, 1.2, 2.0, 2.3, -0.25, -1.1, 1e-300])
    expected = [0.0, 0.3, 1.0, 0.8, 0.0, 0.3, 0.25, 0.9, 1e-300]
    np.testing.assert_allclose(fold(x), expected, atol=1e-15)
    inside = np.random.default_rng(4).random(1000)
    assert np.array_equal(fold(inside), inside)


def test_separable_cma_is_faster_on_separable_problems() -> None:
    """Separable ellipsoid of axis ratio 1000, 20 genes, equal populations, median of three seeds.

    Ros and Hansen, 2008: separable CMA-ES adapts the scales about n / 3 times faster.
    """
    weights = 1e6 ** np.linspace(0, 1, 20)

    def evaluations(strategy: CmaEs | SepCmaEs) -> int:
        count = 0
        while strategy.best_fitness[0] > 1e-6 and count < 60_000:
            genomes = strategy.ask()
            strategy.tell((weights * (genomes - 0.4) ** 2).sum(axis=1))
            count += len(genomes)
        return count

    separable = [evaluations(SepCmaEs(20, SepCmaEsConfig(), seed)) for seed in range(3)]
    full = [evaluations(CmaEs(20, CmaEsConfig(), seed)) for seed in range(3)]
    assert np.median(separable) < 0.5 * np.median(full)
