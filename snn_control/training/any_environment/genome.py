"""Genomes of an environment task: free parameters of a network, or arguments of its function."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.controllers.controller import Controller
from snn_control.controllers.network_controller import NetworkController
from snn_control.engines.native import NativeEngine
from snn_control.errors import ConfigError, UnknownNameError
from snn_control.evolution.codec import NumbersCodec
from snn_control.evolution.parameter_codec import (
    ParameterCodec,
    ParameterRange,
    filled,
    with_parameters,
)
from snn_control.network import Network
from snn_control.training.evolution.design import ParametersDesign

__all__ = ["ArgumentGenome", "EnvironmentGenome", "ParameterGenome", "Runner", "as_controller"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Runner:
    """Controller of one genome, without checks of each tick."""

    reset: Callable[[int], None]
    """Return to the state before the first tick; the argument is a seed."""
    step: Callable[[FloatArray], FloatArray]
    """Advance one tick: inputs to outputs, which the next step may overwrite."""
    spikes: Callable[[], FloatArray]
    """Return the spikes of each neuron in the last tick."""


class EnvironmentGenome(ABC):
    """Mapping of a genome to a controller."""

    @property
    @abstractmethod
    def n_genes(self) -> int:
        """Length of a genome."""

    @abstractmethod
    def start(self, numbers: Mapping[str, Any], rng: np.random.Generator) -> FloatArray:
        """Return the start genome, shape (n_genes,).

        Raises:
            UnknownNameError: a name among `numbers` is not evolved; with the closest names.
        """

    @abstractmethod
    def controller(self, genome: FloatArray) -> Controller:
        """Build the controller of a genome."""

    @abstractmethod
    def runners(self, genomes: FloatArray) -> Iterator[Runner]:
        """Yield the runner of each genome, valid until the next one."""


class ParameterGenome(EnvironmentGenome):
    """Genome with a gene for each free value of the evolved parameters of a network.

    A genome is loaded into one engine: neither a network nor an engine is made for it.
    """

    def __init__(self, template: Network, ranges: tuple[ParameterRange, ...]) -> None:
        self._design = ParametersDesign(template, ranges, {})
        self._engine = NativeEngine(template)

    @property
    def codec(self) -> ParameterCodec:
        """Mapping of a genome to the free values of the parameters."""
        return self._design.codec

    @property
    def n_genes(self) -> int:
        """Length of a genome."""
        return self._design.n_genes

    def start(self, numbers: Mapping[str, Any], rng: np.random.Generator) -> FloatArray:
        """Return the genome of the network itself, with `numbers` in all entries they name."""
        codec = self._design.codec
        for name in numbers:
            if name not in codec.genes_of:
                raise UnknownNameError("gene", name, codec.genes_of)
        template = codec.template
        return codec.encode(with_parameters(template, filled(template, numbers)))

    def controller(self, genome: FloatArray) -> Controller:
        """Build the controller of a genome."""
        return NetworkController(self._design.network(genome))

    def runners(self, genomes: FloatArray) -> Iterator[Runner]:
        """Yield the engine, loaded with each genome in turn."""
        engine = self._engine
        runner = Runner(lambda seed: engine.reset(), engine.step, lambda: engine.spikes)
        _, weights, coefficients = self._design.rows(genomes)
        for row in zip(weights, coefficients, strict=True):
            engine.load(*row)
            yield runner


class ArgumentGenome(EnvironmentGenome):
    """Genome with a gene for each evolved argument of a function that makes a network.

    Args:
        make: function of the arguments by name; returns a network or a controller.
        codec: codec of the arguments.
        defaults: values of arguments that the start does not name.
    """

    def __init__(
        self, make: Callable[..., Any], codec: NumbersCodec, defaults: Mapping[str, Any]
    ) -> None:
        self._make, self._codec, self._defaults = make, codec, dict(defaults)

    @property
    def n_genes(self) -> int:
        """Length of a genome."""
        return self._codec.n_genes

    def start(self, numbers: Mapping[str, Any], rng: np.random.Generator) -> FloatArray:
        """Return the genome of `numbers`, of the function's defaults, and others at random."""
        return self._codec.start(self._defaults | dict(numbers), rng)

    def controller(self, genome: FloatArray) -> Controller:
        """Build the controller of a genome."""
        return as_controller(self._make(**self._codec.decode(genome)))

    def runners(self, genomes: FloatArray) -> Iterator[Runner]:
        """Yield the controller of each genome."""
        for genome in genomes:
            controller = self.controller(genome)
            yield Runner(
                controller.reset,
                controller.step,
                lambda own=controller: own.spikes,  # type: ignore[misc]
            )


def as_controller(made: Any) -> Controller:
    """Return a controller, or the controller of a network.

    Raises:
        ConfigError: an object of another type.
    """
    if isinstance(made, Network):
        return NetworkController(made)
    if isinstance(made, Controller):
        return made
    raise ConfigError(
        f"controller: the function returned a {type(made).__name__}; expected a Network or a "
        "Controller"
    )
