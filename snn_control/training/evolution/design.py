"""Designs: mappings of a genome to a network.

A `NumbersDesign` builds a network from few numbers; a `ParametersDesign` has a gene for each free
number of a network.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.engines.layout import Layout, lay_out
from snn_control.errors import ConfigError
from snn_control.evolution.codec import Gene, NumbersCodec
from snn_control.evolution.parameter_codec import (
    ParameterCodec,
    ParameterRange,
    expanded,
    filled,
    parameters_of,
    with_parameters,
)
from snn_control.network import Network

__all__ = ["Design", "NumbersDesign", "ParametersDesign"]

FloatArray = npt.NDArray[np.float64]


class Design(ABC):
    """Mapping of a genome to a network."""

    n_genes: int
    """Length of a genome."""
    numbers: frozenset[str]
    """Names of the numbers that can have a start value or be fixed."""

    @abstractmethod
    def network(self, genome: FloatArray) -> Network:
        """Build the network of a genome of shape (n_genes,), each gene in [0, 1]."""

    @abstractmethod
    def rows(self, genomes: FloatArray) -> tuple[Layout, FloatArray, FloatArray]:
        """Lay out the networks of genomes, shape (n_genomes, n_genes): structure and rows."""

    @abstractmethod
    def start(self, numbers: Mapping[str, float], rng: np.random.Generator) -> FloatArray:
        """Return the start genome: `numbers` for the genes they name, others at random."""


class NumbersDesign(Design):
    """Network described by few numbers.

    Args:
        defaults: frozen dataclass of the network's numbers.
        build: function that builds the network from such a dataclass.
        values: function of the defaults and of the numbers of several genomes that returns the free
            values of the parameters that depend on them, see `thermometer_values`.
        genes: numbers that may be evolved.
        fixed: values of numbers that are not evolved; those of other designs are ignored.
    """

    def __init__(
        self,
        defaults: Any,
        build: Callable[[Any], Network],
        values: Callable[[Any, Mapping[str, FloatArray]], dict[str, FloatArray]],
        genes: Sequence[Gene],
        fixed: Mapping[str, float],
    ) -> None:
        self.numbers = frozenset(gene.name for gene in genes)
        self._fixed = {name: value for name, value in fixed.items() if name in self.numbers}
        for gene in genes:
            value = fixed.get(gene.name)
            if value is not None and not gene.low <= value <= gene.high:
                raise ConfigError(
                    f"fixed: {gene.name} is {value:g}, expected {gene.low:g} to {gene.high:g}"
                )
        self._defaults = dataclasses.replace(defaults, **self._fixed)
        self._build, self._values = build, values
        self._codec = NumbersCodec([gene for gene in genes if gene.name not in fixed])
        self.n_genes = self._codec.n_genes
        template = self.network(np.full(self.n_genes, 0.5))
        self._layout, self._parameters = lay_out(template), parameters_of(template)

    def network(self, genome: FloatArray) -> Network:
        """Build the network of a genome."""
        return self._build(dataclasses.replace(self._defaults, **self._codec.decode(genome)))

    def rows(self, genomes: FloatArray) -> tuple[Layout, FloatArray, FloatArray]:
        """Lay out the networks of all genomes at once, without building them."""
        free = self._values(self._defaults, self._codec.columns(genomes))
        n = len(genomes)
        free = {name: np.broadcast_to(rows, (n, rows.shape[1])) for name, rows in free.items()}
        return self._layout, *self._layout.rows_with(expanded(self._parameters, free), n)

    def start(self, numbers: Mapping[str, float], rng: np.random.Generator) -> FloatArray:
        """Return the genome of `numbers`, with random values of the other genes."""
        own = {gene.name for gene in self._codec.genes}
        return self._codec.start({n: v for n, v in numbers.items() if n in own}, rng)


class ParametersDesign(Design):
    """Network with a gene for each free number.

    Args:
        template: network with the structure.
        ranges: parameters that may be evolved, with their bounds.
        fixed: values of parameters that are not evolved, one for all entries of a parameter; those
            of other designs are ignored.

    Attributes:
        codec: mapping of a genome to the free values of the parameters.
    """

    def __init__(
        self, template: Network, ranges: Sequence[ParameterRange], fixed: Mapping[str, float]
    ) -> None:
        self.numbers = frozenset(r.parameter for r in ranges)
        held = {name: value for name, value in fixed.items() if name in self.numbers}
        template = with_parameters(template, filled(template, held))
        self.codec = ParameterCodec(template, [r for r in ranges if r.parameter not in held])
        self._layout = lay_out(template)
        self.n_genes = self.codec.n_genes

    def network(self, genome: FloatArray) -> Network:
        """Build the network of a genome."""
        return self.codec.decode(genome)

    def rows(self, genomes: FloatArray) -> tuple[Layout, FloatArray, FloatArray]:
        """Lay out the networks of all genomes at once, without building them."""
        values = self.codec.expanded_values(genomes)
        return self._layout, *self._layout.rows_with(values, len(genomes))

    def start(self, numbers: Mapping[str, float], rng: np.random.Generator) -> FloatArray:
        """Return a random genome, with `numbers` in all entries of the parameters they name."""
        template = self.codec.template
        held = {name: value for name, value in numbers.items() if name in self.numbers}
        encoded = self.codec.encode(with_parameters(template, filled(template, held)))
        genome = rng.random(self.n_genes)
        for name, genes in self.codec.genes_of.items():
            if name in held:
                genome[genes] = encoded[genes]
        return genome
