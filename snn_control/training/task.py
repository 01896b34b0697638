"""Task of an evolution: the genomes, their controllers and the objectives that are minimised."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from snn_control.controllers.controller import Controller
from snn_control.errors import ConfigError

__all__ = ["Fitness", "Task"]

FloatArray = npt.NDArray[np.float64]


class Task(ABC):
    """Settings of what is evolved; a system's own task is a frozen dataclass of this kind."""

    objectives: tuple[str, ...] = ("cost",)
    """Names of what is minimised, in the order of the columns of `Fitness`."""
    flights: tuple[str, ...] = ()
    """Files of recorded data that it is made from."""
    data: ClassVar[str] = "not stated"
    """Origin of the other data, for the provenance of models."""

    @property
    def in_environment(self) -> bool:
        """Return True where candidates act in the environment, False where they imitate."""
        return True

    @abstractmethod
    def fitness(self, seed: int) -> Fitness:
        """Return the fitness; `seed` draws data and scenarios."""

    def with_flights(self, flights: tuple[str, ...], *, alone: bool) -> Self:
        """Return the task with flight logs added, see `MethodConfig.with_flights`.

        Raises:
            ConfigError: it imitates nothing.
        """
        raise ConfigError(
            f"{type(self).__name__} imitates nothing and takes no flight logs; name a "
            "configuration with `system: blimp`"
        )

    def smallest(self) -> Self:
        """Return a task like this one that is quick to set up."""
        return self


class Fitness(ABC):
    """Objectives of genomes; equal for equal genomes whatever the number of threads."""

    @property
    @abstractmethod
    def n_genes(self) -> int:
        """Length of a genome."""

    @property
    @abstractmethod
    def steps_per_genome(self) -> int:
        """Control periods in the environment that a genome costs; 0 where it only imitates."""

    @abstractmethod
    def start(self, numbers: Mapping[str, float], seed: int) -> FloatArray:
        """Return the genome to start from, shape (n_genes,), each gene in [0, 1].

        Args:
            numbers: values to start from, by the name of the gene.
            seed: of the genes that are not named, where they are drawn.

        Raises:
            UnknownNameError: no such gene; with the closest names.
        """

    @abstractmethod
    def controller(self, genome: FloatArray) -> Controller:
        """Build the controller of a genome, shape (n_genes,); `save` must take it."""

    @abstractmethod
    def __call__(self, genomes: FloatArray) -> FloatArray:
        """Return the objectives of genomes, lower is better.

        Args:
            genomes: shape (n_genomes, n_genes), in [0, 1].

        Returns:
            Shape (n_genomes, n_objectives); finite, or NaN for what the strategy must refuse.
        """
