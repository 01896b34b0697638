"""Task of an evolution: genomes, their controllers and the minimised objectives."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from snn_control.controllers.controller import Controller
from snn_control.errors import ConfigError
from snn_control.evolution.executor import individual_seeds

__all__ = ["Fitness", "Task"]

FloatArray = npt.NDArray[np.float64]


def accept_former_names(cls: type) -> None:
    """Give `recordings` and `with_recordings` to a class that defines their former names."""
    own = vars(cls)
    if "with_flights" not in own or "with_recordings" in own:
        return
    message = f"{cls.__name__}: rename flights to recordings, with_flights to with_recordings"
    warnings.warn(message, DeprecationWarning, stacklevel=3)
    cls.with_recordings = own["with_flights"]  # type: ignore[attr-defined]
    if "recordings" not in own:
        cls.recordings = property(lambda self: self.flights)  # type: ignore[attr-defined]


class Task(ABC):
    """Settings of an evolution; the task of a system is a frozen dataclass derived from it."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        accept_former_names(cls)

    objectives: tuple[str, ...] = ("cost",)
    """Names of the minimised quantities, in the order of the columns of `Fitness`."""
    data: ClassVar[str] = "not stated"
    """Origin of the data apart from the recordings, for the provenance of models."""

    @property
    def in_environment(self) -> bool:
        """Return True if candidates act in the environment, False if they imitate."""
        return True

    @property
    def recordings(self) -> tuple[str, ...]:
        """Files of recorded data to imitate; none by default."""
        return ()

    @abstractmethod
    def fitness(self, seed: int) -> Fitness:
        """Return the fitness; `seed` is that of data and scenarios."""

    def with_recordings(self, recordings: tuple[str, ...], *, alone: bool) -> Self:
        """Return the task with recordings added, see `MethodConfig.with_recordings`.

        Raises:
            ConfigError: the task imitates no data.
        """
        raise ConfigError(
            f"{type(self).__name__} imitates no data and takes no recordings; name a "
            "configuration with `system: blimp`"
        )

    def smallest(self) -> Self:
        """Return a task like this one that is quick to set up."""
        return self


class Fitness(ABC):
    """Objectives of genomes; equal for equal genomes and any number of threads."""

    holds_interpreter: ClassVar[bool] = False
    """True if evaluations run in Python and need processes to run in parallel."""

    @property
    @abstractmethod
    def n_genes(self) -> int:
        """Length of a genome."""

    @property
    @abstractmethod
    def steps_per_genome(self) -> int:
        """Control periods in the environment for each genome; 0 if it only imitates."""

    @abstractmethod
    def start(self, numbers: Mapping[str, float], seed: int) -> FloatArray:
        """Return the start genome, shape (n_genes,), each gene in [0, 1].

        Args:
            numbers: start values by gene name.
            seed: seed of the genes that are not named, if they are drawn.

        Raises:
            UnknownNameError: no such gene; with the closest names.
        """

    @abstractmethod
    def controller(self, genome: FloatArray) -> Controller:
        """Build the controller of a genome, shape (n_genes,); `save` must accept it."""

    @abstractmethod
    def __call__(self, genomes: FloatArray) -> FloatArray:
        """Return the objectives of genomes; lower is better.

        Args:
            genomes: shape (n_genomes, n_genes), in [0, 1].

        Returns:
            Shape (n_genomes, n_objectives); finite. NaN stops the evolution with an error.
        """

    def prepare(self, genome: FloatArray) -> None:
        """Evaluate a genome before the clock starts, which compiles kernels."""
        self(genome[None])

    def generation_seed(self, seed: int, generation: int) -> int:
        """Return the seed that `rows` receives for every genome of a generation."""
        return int(individual_seeds(seed, generation, 1)[0])

    def rows(self, genomes: FloatArray, seeds: npt.NDArray[np.uint64]) -> Iterable[FloatArray]:
        """Return the objectives of each genome, one row each, for an executor.

        A further column, if there is one, has the control periods in the environment.

        Args:
            genomes: shape (n_genomes, n_genes), in [0, 1].
            seeds: seed of each genome, shape (n_genomes,); used if scenarios differ between
                generations.
        """
        return self(genomes)
