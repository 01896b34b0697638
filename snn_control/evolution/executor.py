"""The interface of an executor: evaluate a fitness function on a population.

A fitness function takes a genome, float64 of shape (n_genes,), and a seed, an integer in
[0, 2^64), and returns a number or a sequence of numbers, one an objective, to be minimised. It
must draw all its random numbers from the seed: then the result depends neither on the number of
workers nor on the kind of executor. Results are gathered in the order of the genomes.

A compiled evaluator that takes the whole population at once needs no executor.
"""

from __future__ import annotations

import abc
import itertools
import os
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

import numpy as np

from snn_control.errors import ParameterError, SnnControlError

Fitness = Callable[[np.ndarray, int], float | Sequence[float] | np.ndarray]

CHUNKS_PER_WORKER = 4
"""Portions a worker gets of a population: few hand-overs, yet no long wait for the slowest."""


class Executor(abc.ABC):
    """Abstract executor; a context manager that ends its workers.

    Args:
        fitness: see above.
        workers: at least 1; None means the processor cores this process may use.

    Raises:
        ParameterError: if `workers` is below 1.
    """

    def __init__(self, fitness: Fitness, workers: int | None = None) -> None:
        if workers is not None and workers < 1:
            raise ParameterError(f"workers is {workers}; it must be at least 1")
        self.fitness = fitness
        self.workers = usable_cores() if workers is None else workers
        self._start()

    def evaluate(self, genomes: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        """Return the fitness, float64 of shape (population,) or (population, n_objectives).

        Args:
            genomes: shape (population, n_genes).
            seeds: uint64 of shape (population,), as `individual_seeds` returns them.

        Raises:
            ParameterError: if the shapes do not match.
            SnnControlError: if the fitness function raised, naming the individual, or if a worker
                died.
        """
        genomes = np.ascontiguousarray(genomes, dtype=np.float64)
        seeds = np.asarray(seeds, dtype=np.uint64)
        if genomes.ndim != 2 or not len(genomes) or seeds.shape != genomes.shape[:1]:
            raise ParameterError(
                f"genomes of shape {genomes.shape} and seeds of shape {seeds.shape}; expected are "
                "(population, n_genes) and (population,)"
            )
        parts = self._evaluate(genomes, seeds, portions(len(genomes), self.workers))
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
        """End the workers; may be called again."""

    @abc.abstractmethod
    def _start(self) -> None:
        """Start the workers."""

    @abc.abstractmethod
    def _evaluate(
        self, genomes: np.ndarray, seeds: np.ndarray, portions: list[slice]
    ) -> list[np.ndarray]:
        """Return `evaluate_portion` of each portion, in their order."""


def individual_seeds(seed: int, generation: int, population: int) -> np.ndarray:
    """Return a seed for each individual of a generation, uint64 of shape (population,).

    Source: `numpy.random.SeedSequence`, after O'Neill, Developing a seed_seq Alternative, 2015.
    """
    sequence = np.random.SeedSequence(seed, spawn_key=(generation,))
    return sequence.generate_state(population, np.uint64)


def evaluate_portion(
    fitness: Fitness, genomes: np.ndarray, seeds: np.ndarray, first: int
) -> np.ndarray:
    """Return the fitness of a few genomes, the first of which is individual `first`.

    Raises:
        SnnControlError: if the fitness function raised or returned something of a wrong shape.
    """
    rows: list[np.ndarray] = []
    for genome, seed in zip(genomes, seeds.tolist(), strict=True):
        individual = first + len(rows)
        try:
            row = np.asarray(fitness(genome, seed), dtype=np.float64)
        except Exception as error:
            raise SnnControlError(
                f"the fitness of individual {individual} (seed {seed}) raised "
                f"{type(error).__name__}: {error}"
            ) from error
        if row.ndim > 1 or (rows and row.shape != rows[0].shape):
            raise SnnControlError(
                f"the fitness of individual {individual} has shape {row.shape}; expected is a "
                "number or the same number of objectives for every individual"
            )
        rows.append(row)
    return np.array(rows)


def portions(population: int, workers: int) -> list[slice]:
    """Return slices of nearly equal length that cover the population in order."""
    count = min(population, workers * CHUNKS_PER_WORKER if workers > 1 else 1)
    edges = np.linspace(0, population, count + 1).astype(int).tolist()
    return [slice(start, stop) for start, stop in itertools.pairwise(edges)]


def usable_cores() -> int:
    """Return the number of processor cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1
