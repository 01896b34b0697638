"""Contract of all registered strategies."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from snn_control.errors import ConfigError, NotFiniteError, ParameterError
from snn_control.evolution import STRATEGIES, CmaEsConfig, GeneticConfig, Strategy, make_strategy
from tests.evolution.problems import shifted_ellipsoid, sphere

Problem = Callable[[np.ndarray], np.ndarray]
N_GENES = 8


@pytest.fixture(params=sorted(STRATEGIES))
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def make(name: str, seed: int = 1, n_genes: int = N_GENES, **kwargs: Any) -> Strategy[Any]:
    """Return a strategy with one objective, also if it supports several."""
    config = STRATEGIES[name].config_type
    single = config(n_objectives=1) if "n_objectives" in config.__dataclass_fields__ else None
    return make_strategy(name, n_genes, seed, single, **kwargs)


def advance(strategy: Strategy[Any], problem: Problem, n_generations: int) -> list[np.ndarray]:
    generations = []
    for _ in range(n_generations):
        generations.append(strategy.ask())
        strategy.tell(problem(generations[-1]))
    return generations


def save_and_load(state: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    file = io.BytesIO()
    np.savez(file, **state)  # type: ignore[arg-type]
    file.seek(0)
    with np.load(file, allow_pickle=False) as stored:
        return dict(stored)


def same(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> bool:
    return a.keys() == b.keys() and all(a[key].tobytes() == b[key].tobytes() for key in a)


def test_equal_seeds_give_equal_runs(name: str) -> None:
    runs = [advance(make(name, seed), sphere, 6) for seed in (3, 3, 4)]
    assert np.array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])


def test_global_random_state_is_neither_used_nor_changed(name: str) -> None:
    first = advance(make(name), sphere, 4)
    np.random.seed(0)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # type: ignore[index, union-attr]  # noqa: NPY002
    second = advance(make(name), sphere, 4)
    assert np.array_equal(first, second)
    assert np.array_equal(before, np.random.get_state()[1])  # type: ignore[index]  # noqa: NPY002


@pytest.mark.parametrize("optimum", [0.0, 1.0, -3.0, 4.0])
def test_genomes_lie_in_the_box(name: str, optimum: float) -> None:
    strategy = make(name)
    for genomes in advance(strategy, lambda x: ((x - optimum) ** 2).sum(axis=1), 60):
        assert genomes.shape == (strategy.population, N_GENES)
        assert genomes.dtype == np.float64
        assert genomes.min() >= 0
        assert genomes.max() <= 1


@pytest.mark.parametrize("generation", [0, 1, 2, 7, 30])
@pytest.mark.parametrize("between_ask_and_tell", [False, True])
def test_resume_is_bit_identical(name: str, generation: int, between_ask_and_tell: bool) -> None:
    uninterrupted = make(name)
    advance(uninterrupted, sphere, generation)
    if between_ask_and_tell:
        uninterrupted.ask()
    stored = save_and_load(uninterrupted.state())
    resumed = make(name, seed=99)
    advance(resumed, sphere, 3)
    resumed.ask()
    resumed.restore(stored)
    assert same(resumed.state(), stored)
    assert np.array_equal(advance(uninterrupted, sphere, 5), advance(resumed, sphere, 5))
    assert same(uninterrupted.state(), resumed.state())


def test_state_is_a_copy(name: str) -> None:
    strategy = make(name)
    advance(strategy, sphere, 2)
    state, untouched = strategy.state(), strategy.state()
    for value in state.values():
        value[...] = 0
    assert same(strategy.state(), untouched)


def test_a_checkpoint_of_another_size_is_refused(name: str) -> None:
    strategy = make(name)
    before = strategy.state()
    with pytest.raises(ConfigError, match="same number of genes"):
        strategy.restore(make(name, n_genes=3).state())
    with pytest.raises(ConfigError, match="not a checkpoint"):
        strategy.restore({"mean": np.zeros(8)})
    assert same(strategy.state(), before)


def test_repeated_calls_of_ask_return_the_same_genomes(name: str) -> None:
    strategy = make(name)
    first = strategy.ask()
    first[:] = -1
    assert np.array_equal(strategy.ask(), strategy.ask())
    assert strategy.ask().min() >= 0


@pytest.mark.parametrize("problem", [sphere, shifted_ellipsoid])
@pytest.mark.parametrize("n_genes", [1, N_GENES])
def test_converges(name: str, problem: Problem, n_genes: int) -> None:
    """Final fitness of at most 1e-3 of the best of equally many random genomes, for five seeds."""
    for seed in range(5):
        strategy = make(name, seed, n_genes)
        n_generations = (2000 if n_genes == 1 else 8000) // strategy.population
        advance(strategy, problem, n_generations)
        n_random = n_generations * strategy.population
        random = problem(np.random.default_rng(seed).random((n_random, n_genes))).min()
        assert strategy.generation == n_generations
        assert strategy.best_fitness[0] < (1e-3 * random if n_genes > 1 else 1e-7)
        assert problem(strategy.best_genome[None])[0] == strategy.best_fitness[0]


def test_best_so_far_never_gets_worse(name: str) -> None:
    strategy, best = make(name), np.inf
    assert strategy.best_fitness[0] == np.inf
    for _ in range(20):
        fitness = shifted_ellipsoid(strategy.ask())
        strategy.tell(fitness)
        best = min(best, fitness.min())
        assert strategy.best_fitness[0] == best


def test_constant_and_infinite_fitness_are_accepted(name: str) -> None:
    strategy = make(name)
    for value in (1.0, np.inf):
        for _ in range(200):
            genomes = strategy.ask()
            assert np.isfinite(genomes).all()
            strategy.tell(np.full(strategy.population, value))
    advance(strategy, lambda x: np.where(x[:, 0] > 0.5, np.inf, sphere(x)), 30)
    assert np.isfinite(strategy.best_fitness).all()


def test_continues_after_convergence(name: str) -> None:
    strategy = make(name, n_genes=2)
    for genomes in advance(strategy, sphere, 800):
        assert np.isfinite(genomes).all()
    assert strategy.best_fitness[0] < 1e-8


def test_starts_around_the_initial_genome(name: str) -> None:
    start = np.linspace(0.3, 0.7, N_GENES)
    genomes = np.concatenate([make(name, seed, initial=start).ask() for seed in range(50)])
    assert np.abs(np.median(genomes, axis=0) - start).max() < 0.1
    assert np.array_equal(make(name, initial=start).best_genome, start)


@pytest.mark.parametrize("value", [np.nan, -np.inf])
def test_not_finite_fitness_names_the_individual(name: str, value: float) -> None:
    strategy = make(name)
    fitness = sphere(strategy.ask())
    before = strategy.state()
    fitness[2] = value
    with pytest.raises(NotFiniteError, match="individual 2 in generation 0"):
        strategy.tell(fitness)
    assert same(strategy.state(), before)


def test_invalid_calls_are_errors(name: str) -> None:
    strategy = make(name)
    with pytest.raises(ParameterError, match="call `ask`"):
        strategy.tell(np.zeros(strategy.population))
    strategy.ask()
    with pytest.raises(ParameterError, match="fitness has shape"):
        strategy.tell(np.zeros(strategy.population + 1))
    with pytest.raises(ParameterError, match="fitness has shape"):
        strategy.tell(np.zeros((strategy.population, 2)))
    with pytest.raises(ParameterError, match="n_genes"):
        make(name, n_genes=0)
    with pytest.raises(ParameterError, match="seed"):
        make(name, seed=-1)
    with pytest.raises(ParameterError, match="shape"):
        make(name, initial=np.zeros(N_GENES + 1))
    with pytest.raises(ParameterError, match=r"initial\[3\]"):
        make(name, initial=[0.5, 0.5, 0.5, np.nan, 0.5, 0.5, 0.5, 0.5])
    other = CmaEsConfig() if name != "cma_es" else GeneticConfig()
    with pytest.raises(ConfigError, match="takes a"):
        make_strategy(name, N_GENES, 1, other)
