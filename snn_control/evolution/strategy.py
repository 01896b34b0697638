"""The interface of an evolutionary strategy: ask for genomes, tell their fitness.

Genomes are rows of a float64 matrix in the unit box [0, 1]^n_genes; a codec maps them onto
parameters in SI units. Fitness is minimised. Everything that evolves, the random generator
included, can be taken out as plain arrays and put back, and then goes on bit for bit.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from snn_control.errors import ConfigError, NotFiniteError, ParameterError
from snn_control.evolution.random_state import (
    generator_words,
    make_generator,
    set_generator_words,
)

__all__ = ["Strategy"]

ConfigT = TypeVar("ConfigT")


class Strategy(abc.ABC, Generic[ConfigT]):
    """Abstract strategy: checks, best so far, generation counter and state; six hooks are left.

    Args:
        n_genes: length of a genome, at least 1.
        config: an instance of the class's `config_type`.
        seed: at least 0; equal seeds give bitwise equal runs.
        initial: mean genome to start from, shape (n_genes,), in [0, 1]; None leaves the start to
            the strategy.

    Raises:
        ParameterError: if an argument is out of range or of the wrong shape.
        ConfigError: if `config` is of another class.
    """

    config_type: ClassVar[type[Any]]
    """The frozen dataclass that configures the strategy."""

    def __init__(
        self, n_genes: int, config: ConfigT, seed: int, initial: ArrayLike | None = None
    ) -> None:
        if n_genes < 1:
            raise ParameterError(f"n_genes is {n_genes}; a genome needs at least 1 gene")
        if seed < 0:
            raise ParameterError(f"seed is {seed}; it must be at least 0")
        if not isinstance(config, self.config_type):
            raise ConfigError(
                f"{type(self).__name__} takes a {self.config_type.__name__}, "
                f"not {type(config).__name__}"
            )
        start = None if initial is None else _checked_start(initial, n_genes)
        self.n_genes = n_genes
        self.config = config
        self.population, self.n_objectives = self._sizes()
        self._generator = make_generator(seed)
        self._generation = 0
        self._genomes = np.empty((self.population, n_genes))
        self._asked = False
        self._best_genome = np.full(n_genes, 0.5) if start is None else start.copy()
        self._best_fitness = np.full(self.n_objectives, np.inf)
        self._init(start)

    @property
    def generation(self) -> int:
        """Number of generations told so far."""
        return self._generation

    @property
    def best_genome(self) -> np.ndarray:
        """Best genome told so far, shape (n_genes,); the start (else 0.5) before the first.

        With several objectives: the lowest first objective, ties by the next ones.
        """
        return self._best_genome.copy()

    @property
    def best_fitness(self) -> np.ndarray:
        """Fitness of `best_genome`, shape (n_objectives,); +inf before the first generation."""
        return self._best_fitness.copy()

    def ask(self) -> np.ndarray:
        """Return the genomes to evaluate: float64 in [0, 1], shape (population, n_genes).

        The array is a copy. Until `tell`, asking again returns the same genomes.
        """
        if not self._asked:
            self._ask(self._genomes)
            self._asked = True
        return self._genomes.copy()

    def tell(self, fitness: ArrayLike) -> None:
        """Take the fitness of the genomes asked for, and move on by one generation.

        Args:
            fitness: to be minimised; shape (population, n_objectives), or (population,) for one
                objective. +inf marks a genome that failed.

        Raises:
            ParameterError: if nothing was asked for, or the shape is wrong.
            NotFiniteError: naming the first individual with NaN or -inf; nothing has changed then.
        """
        if not self._asked:
            raise ParameterError("tell() needs genomes to be evaluated: call ask() before it")
        costs = self._checked_fitness(fitness)
        best = np.lexsort(costs.T[::-1])[0]
        if self._generation == 0 or tuple(costs[best]) < tuple(self._best_fitness):
            self._best_genome = self._genomes[best].copy()
            self._best_fitness = costs[best].copy()
        self._tell(self._genomes, costs)
        self._asked = False
        self._generation += 1

    def state(self) -> dict[str, np.ndarray]:
        """Return everything that evolves as copies of plain arrays, fit for `numpy.savez`."""
        common = {
            "generation": np.array(self._generation, dtype=np.int64),
            "generator": generator_words(self._generator),
            "asked": self._genomes if self._asked else self._genomes[:0],
            "best_genome": self._best_genome,
            "best_fitness": self._best_fitness,
        }
        return {name: np.array(value) for name, value in {**common, **self._state()}.items()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from `state`, which a strategy of the same class, size and config returned.

        Raises:
            ConfigError: if an array is missing, unknown or of the wrong shape; nothing has
                changed then.
        """
        now = self.state()
        if set(state) != set(now):
            raise ConfigError(
                f"this is no checkpoint of {type(self).__name__}: it holds {sorted(state)}, "
                f"expected are {sorted(now)}"
            )
        new = {name: np.array(state[name], dtype=value.dtype) for name, value in now.items()}
        asked_or_not = {(0, self.n_genes), (self.population, self.n_genes)}
        for name, value in new.items():
            shape = now[name].shape
            if value.shape != shape and not {value.shape, shape} <= asked_or_not:
                raise ConfigError(
                    f"`{name}` of the checkpoint has shape {value.shape}, expected is {shape}: "
                    "resume with the same number of genes and objectives and the same config"
                )
        self._generation = int(new["generation"])
        set_generator_words(self._generator, new["generator"])
        self._asked = len(new["asked"]) > 0
        if self._asked:
            self._genomes[:] = new["asked"]
        self._best_genome, self._best_fitness = new["best_genome"], new["best_fitness"]
        self._restore(new)

    def _checked_fitness(self, fitness: ArrayLike) -> np.ndarray:
        costs = np.array(fitness, dtype=np.float64)
        if costs.ndim == 1 and self.n_objectives == 1:
            costs = costs[:, None]
        expected = (self.population, self.n_objectives)
        if costs.shape != expected:
            raise ParameterError(
                f"fitness has shape {np.shape(fitness)}, expected is {expected}"
                + (f" or ({self.population},)" if self.n_objectives == 1 else "")
            )
        bad = np.isnan(costs) | np.isneginf(costs)
        if bad.any():
            individual = int(np.flatnonzero(bad.any(axis=1))[0])
            raise NotFiniteError(
                f"fitness of individual {individual} in generation {self._generation} is "
                f"{costs[individual].tolist()}; give +inf for a genome that failed"
            )
        return costs

    @abc.abstractmethod
    def _sizes(self) -> tuple[int, int]:
        """Return (population, n_objectives) from `self.config` and `self.n_genes`."""

    @abc.abstractmethod
    def _init(self, start: np.ndarray | None) -> None:
        """Set up what evolves; `start` is the mean genome, or None."""

    @abc.abstractmethod
    def _ask(self, genomes: np.ndarray) -> None:
        """Write new genomes into `genomes`, shape (population, n_genes), in [0, 1]."""

    @abc.abstractmethod
    def _tell(self, genomes: np.ndarray, fitness: np.ndarray) -> None:
        """Learn from (population, n_genes) and (population, n_objectives), finite or +inf."""

    @abc.abstractmethod
    def _state(self) -> dict[str, np.ndarray]:
        """Return the arrays that evolve, without those of the base class.

        What matters only between `ask` and `tell`, of shape (population, n_genes), has shape
        (0, n_genes) while `self._asked` is false.
        """

    @abc.abstractmethod
    def _restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Take over the arrays of `_state`; their shapes have been checked."""


def _checked_start(initial: ArrayLike, n_genes: int) -> np.ndarray:
    start = np.array(initial, dtype=np.float64)
    if start.shape != (n_genes,):
        raise ParameterError(f"initial has shape {start.shape}, expected is ({n_genes},)")
    if not np.all((start >= 0) & (start <= 1)):
        gene = int(np.flatnonzero(~((start >= 0) & (start <= 1)))[0])
        raise ParameterError(f"initial[{gene}] is {start[gene]}; genes lie in [0, 1]")
    return start
