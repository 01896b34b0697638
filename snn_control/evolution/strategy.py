"""Interface of evolutionary strategies with the methods `ask` and `tell`.

Genomes are rows of a float64 matrix in the unit box [0, 1]^n_genes; a codec maps them to parameters
in SI units. Fitness is minimised. The complete state, including the random generator, can be
exported as plain arrays and restored; the run then continues bit for bit.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from snn_control.copies import Copied
from snn_control.errors import ConfigError, NotFiniteError, ParameterError
from snn_control.evolution.random_state import (
    generator_words,
    make_generator,
    set_generator_words,
)

__all__ = ["Strategy"]

ConfigT = TypeVar("ConfigT")


class Strategy(Copied, abc.ABC, Generic[ConfigT]):
    """Abstract strategy with checks, best genome, generation counter and state.

    Subclasses implement six methods: `_sizes`, `_init`, `_ask`, `_tell`, `_state`, `_restore`.

    Args:
        n_genes: length of a genome, at least 1.
        config: instance of `config_type`.
        seed: seed, at least 0; equal seeds give bit-identical runs.
        initial: initial mean genome, shape (n_genes,), in [0, 1]; None for the default of the
            strategy.

    Raises:
        ParameterError: an argument is out of range or has a wrong shape.
        ConfigError: `config` is not a `config_type`.
    """

    config_type: ClassVar[type[Any]]
    """Frozen dataclass of the configuration."""

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
        self._pending = False
        self._best_genome = np.full(n_genes, 0.5) if start is None else start.copy()
        self._best_fitness = np.full(self.n_objectives, np.inf)
        self._init(start)

    @property
    def generation(self) -> int:
        """Number of completed generations."""
        return self._generation

    @property
    def best_genome(self) -> np.ndarray:
        """Best genome so far, shape (n_genes,); before the first generation `initial`, or 0.5.

        With several objectives, the first one counts; the next ones break ties.
        """
        return self._best_genome.copy()

    @property
    def best_fitness(self) -> np.ndarray:
        """Fitness of `best_genome`, shape (n_objectives,); +inf before the first generation."""
        return self._best_fitness.copy()

    def ask(self) -> np.ndarray:
        """Return the genomes to evaluate: float64 in [0, 1], shape (population, n_genes).

        The array is a copy. Until `tell`, further calls return the same genomes.
        """
        if not self._pending:
            self._ask(self._genomes)
            self._pending = True
        return self._genomes.copy()

    def tell(self, fitness: ArrayLike) -> None:
        """Update the strategy with the fitness of the genomes and advance by one generation.

        Args:
            fitness: values to minimise, shape (population, n_objectives), or (population,) for one
                objective. +inf marks a failed genome.

        Raises:
            ParameterError: `ask` was not called, or the shape is wrong.
            NotFiniteError: a value is NaN or -inf; the message names the first such individual.
                The state is unchanged.
        """
        if not self._pending:
            raise ParameterError("no genomes to evaluate; call `ask` before `tell`")
        costs = self._checked_fitness(fitness)
        best = np.lexsort(costs.T[::-1])[0]
        if self._generation == 0 or tuple(costs[best]) < tuple(self._best_fitness):
            self._best_genome = self._genomes[best].copy()
            self._best_fitness = costs[best].copy()
        self._tell(self._genomes, costs)
        self._pending = False
        self._generation += 1

    def state(self) -> dict[str, np.ndarray]:
        """Return the complete state as copies of plain arrays, suitable for `numpy.savez`."""
        common = {
            "generation": np.array(self._generation, dtype=np.int64),
            "generator": generator_words(self._generator),
            "asked": self._genomes if self._pending else self._genomes[:0],
            "best_genome": self._best_genome,
            "best_fitness": self._best_fitness,
        }
        return {name: np.array(value) for name, value in {**common, **self._state()}.items()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Restore the `state` of a strategy of the same class, size and config.

        Raises:
            ConfigError: an array is missing, unknown or of a wrong shape; nothing is changed.
        """
        current = self.state()
        if set(state) != set(current):
            raise ConfigError(
                f"not a checkpoint of {type(self).__name__}: it holds {sorted(state)}, "
                f"expected {sorted(current)}"
            )
        new = {name: np.array(state[name], dtype=value.dtype) for name, value in current.items()}
        pending_shapes = {(0, self.n_genes), (self.population, self.n_genes)}
        for name, value in new.items():
            shape = current[name].shape
            if value.shape != shape and not {value.shape, shape} <= pending_shapes:
                raise ConfigError(
                    f"`{name}` of the checkpoint has shape {value.shape}, expected {shape}; "
                    "resume with the same number of genes and objectives and the same config"
                )
        self._generation = int(new["generation"])
        set_generator_words(self._generator, new["generator"])
        self._pending = len(new["asked"]) > 0
        if self._pending:
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
                f"fitness has shape {np.shape(fitness)}, expected {expected}"
                + (f" or ({self.population},)" if self.n_objectives == 1 else "")
            )
        bad = np.isnan(costs) | np.isneginf(costs)
        if bad.any():
            individual = int(np.flatnonzero(bad.any(axis=1))[0])
            raise NotFiniteError(
                f"fitness of individual {individual} in generation {self._generation} is "
                f"{costs[individual].tolist()}; use +inf for a failed genome"
            )
        return costs

    @abc.abstractmethod
    def _sizes(self) -> tuple[int, int]:
        """Return (population, n_objectives) from `self.config` and `self.n_genes`."""

    @abc.abstractmethod
    def _init(self, start: np.ndarray | None) -> None:
        """Initialise the state; `start` is the initial mean genome, or None."""

    @abc.abstractmethod
    def _ask(self, genomes: np.ndarray) -> None:
        """Write new genomes to `genomes`, shape (population, n_genes), in [0, 1]."""

    @abc.abstractmethod
    def _tell(self, genomes: np.ndarray, fitness: np.ndarray) -> None:
        """Update with `genomes` (population, n_genes) and `fitness` (population, n_objectives).

        The fitness is finite or +inf.
        """

    @abc.abstractmethod
    def _state(self) -> dict[str, np.ndarray]:
        """Return the state arrays, without those of the base class.

        An array of shape (population, n_genes) that is used only between `ask` and `tell` has
        shape (0, n_genes) while `self._pending` is False.
        """

    @abc.abstractmethod
    def _restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Set the arrays of `_state`, whose shapes have been checked."""


def _checked_start(initial: ArrayLike, n_genes: int) -> np.ndarray:
    start = np.array(initial, dtype=np.float64)
    if start.shape != (n_genes,):
        raise ParameterError(f"initial has shape {start.shape}, expected ({n_genes},)")
    if not np.all((start >= 0) & (start <= 1)):
        gene = int(np.flatnonzero(~((start >= 0) & (start <= 1)))[0])
        raise ParameterError(f"initial[{gene}] is {start[gene]}; genes must be in [0, 1]")
    return start
