"""Interface of executors, which evaluate a fitness function on a population.

A fitness function accepts a genome, float64 of shape (n_genes,), and a seed, an integer in
[0, 2^64). It returns a number, or a sequence with one number per objective, to be minimised. All
its random numbers must depend only on the seed: then the result is independent of the number of
workers and the kind of executor. Results are returned in the order of the genomes.

A `PopulationFitness` receives the genomes of a chunk at once.
"""

from __future__ import annotations

import abc
import itertools
import os
import traceback
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np

from snn_control.errors import FitnessError, ParameterError, SnnControlError

Fitness = Callable[[np.ndarray, int], float | Sequence[float] | np.ndarray]


@runtime_checkable
class PopulationFitness(Protocol):
    """Fitness that receives several genomes at once."""

    def rows(self, genomes: np.ndarray, seeds: np.ndarray) -> Iterable[Any]:
        """Return the fitness of each genome, in order; may be a generator.

        Args:
            genomes: shape (n_genomes, n_genes).
            seeds: uint64 of shape (n_genomes,).
        """


LOCAL = "local"
"""Address of workers on this machine."""
CHUNKS_PER_WORKER = 4
"""Chunks of a population per worker: balances transfer overhead and idle workers."""


class Executor(abc.ABC):
    """Abstract executor and context manager that stops its workers on exit.

    Args:
        fitness: fitness function, see the module docstring.
        workers: number of workers, at least 1; None means one per available core.
        address: cluster of the workers; only `RayExecutor` uses it.

    Raises:
        ParameterError: `workers` is below 1.
    """

    def __init__(
        self,
        fitness: Fitness | PopulationFitness,
        workers: int | None = None,
        address: str = LOCAL,
    ) -> None:
        if workers is not None and workers < 1:
            raise ParameterError(f"workers is {workers}; it must be at least 1")
        self.fitness = fitness
        self.workers = usable_cores() if workers is None else workers
        self.address = address
        self._start()

    def evaluate(self, genomes: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        """Return the fitness, float64 of shape (population,) or (population, n_objectives).

        Args:
            genomes: genomes, shape (population, n_genes).
            seeds: result of `individual_seeds`, uint64 of shape (population,).

        Raises:
            ParameterError: the shapes do not match.
            FitnessError: the fitness function raised, or a worker died repeatedly; the message
                names the individual.
            SnnControlError: rows with different numbers of objectives.
        """
        genomes = np.ascontiguousarray(genomes, dtype=np.float64)
        seeds = np.asarray(seeds, dtype=np.uint64)
        if genomes.ndim != 2 or not len(genomes) or seeds.shape != genomes.shape[:1]:
            raise ParameterError(
                f"genomes of shape {genomes.shape} and seeds of shape {seeds.shape}; expected "
                "(population, n_genes) and (population,)"
            )
        parts = self._evaluate(genomes, seeds, self._chunks(len(genomes)))
        if len({part.shape[1:] for part in parts}) > 1:
            raise SnnControlError(
                "the fitness function returned different numbers of objectives: "
                f"{sorted({part.shape[1:] for part in parts})}"
            )
        return np.concatenate(parts)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @abc.abstractmethod
    def close(self) -> None:
        """Stop the workers; further calls have no effect."""

    def _chunks(self, population: int) -> list[slice]:
        """Return the slices of a population that workers receive at a time."""
        return chunks(population, self.workers)

    @abc.abstractmethod
    def _start(self) -> None:
        """Start the workers."""

    @abc.abstractmethod
    def _evaluate(
        self, genomes: np.ndarray, seeds: np.ndarray, chunks: list[slice]
    ) -> list[np.ndarray]:
        """Return the result of `evaluate_chunk` for each chunk, in order."""


def individual_seeds(seed: int, generation: int, population: int) -> np.ndarray:
    """Return one seed per individual of a generation, uint64 of shape (population,).

    Source: `numpy.random.SeedSequence`, after O'Neill, Developing a seed_seq Alternative, 2015.
    """
    sequence = np.random.SeedSequence(seed, spawn_key=(generation,))
    return sequence.generate_state(population, np.uint64)


def evaluate_chunk(
    fitness: Fitness | PopulationFitness, genomes: np.ndarray, seeds: np.ndarray, first: int
) -> np.ndarray:
    """Return the fitness of a chunk of genomes that begins with individual `first`.

    Raises:
        FitnessError: the fitness function raised or returned a wrong shape.
    """
    rows: list[np.ndarray] = []
    try:
        for value in _values(fitness, genomes, seeds):
            row = np.asarray(value, dtype=np.float64)
            if row.ndim > 1 or (rows and row.shape != rows[0].shape):
                raise ParameterError(
                    f"the fitness has shape {row.shape}; expected a number, or the same number "
                    "of objectives for all individuals"
                )
            rows.append(row)
    except Exception as error:
        k = len(rows)
        raise FitnessError(
            f"the fitness of individual {first + k} (seed {seeds[k]}) raised "
            f"{type(error).__name__}: {error}",
            first + k,
            first + k + 1,
            "".join(traceback.format_exception(error)),
        ) from error
    return np.array(rows)


def _values(
    fitness: Fitness | PopulationFitness, genomes: np.ndarray, seeds: np.ndarray
) -> Iterable[Any]:
    if isinstance(fitness, PopulationFitness):
        return fitness.rows(genomes, seeds)
    return (fitness(g, seed) for g, seed in zip(genomes, seeds.tolist(), strict=True))


def chunks(population: int, workers: int) -> list[slice]:
    """Return slices of nearly equal length that cover the population in order."""
    return equal_chunks(population, workers * CHUNKS_PER_WORKER if workers > 1 else 1)


def equal_chunks(population: int, count: int) -> list[slice]:
    """Return `count` slices of nearly equal length, or one for each genome if that is fewer."""
    edges = np.linspace(0, population, min(population, count) + 1).astype(int).tolist()
    return [slice(start, stop) for start, stop in itertools.pairwise(edges)]


def usable_cores() -> int:
    """Return the number of processor cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1
