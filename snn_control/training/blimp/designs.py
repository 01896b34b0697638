"""Designs of altitude networks: each maps a genome to a network.

A design of few shared numbers (`thermometer`, `counter`) fixes the code and evolves its tuning; a
published design evolves the parameters of every neuron.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from snn_control.controllers.blimp.counter_integral import CounterIntegral, counter_integral
from snn_control.controllers.blimp.published_networks import published_network
from snn_control.controllers.blimp.thermometer_pd import ThermometerPD, thermometer_pd
from snn_control.engines.layout import Layout, lay_out
from snn_control.errors import ConfigError, UnknownNameError, did_you_mean
from snn_control.evolution.codec import Gene, NumbersCodec
from snn_control.evolution.parameter_codec import (
    ParameterCodec,
    ParameterRange,
    filled,
    with_parameters,
)
from snn_control.network import Network

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

    def rows(self, genomes: FloatArray) -> tuple[Layout, FloatArray, FloatArray]:
        """Lay out the networks of genomes, shape (n_genomes, n_genes): structure and rows."""
        networks = [self.network(genome) for genome in genomes]
        layout = lay_out(networks[0])
        return layout, *layout.rows(networks)

    @abstractmethod
    def start(self, numbers: Mapping[str, float], rng: np.random.Generator) -> FloatArray:
        """Return the start genome: `numbers` for the genes they name, others at random."""


class NumbersDesign(Design):
    """Network described by few numbers.

    Args:
        defaults: frozen dataclass of the network's numbers.
        build: function that builds the network from such a dataclass.
        genes: numbers that may be evolved.
        fixed: values of numbers that are not evolved; those of other designs are ignored.
    """

    def __init__(
        self,
        defaults: Any,
        build: Callable[[Any], Network],
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
        self._defaults, self._build = defaults, build
        self._codec = NumbersCodec([gene for gene in genes if gene.name not in fixed])
        self.n_genes = self._codec.n_genes

    def network(self, genome: FloatArray) -> Network:
        """Build the network of a genome."""
        numbers = self._codec.decode(genome) | self._fixed
        return self._build(dataclasses.replace(self._defaults, **numbers))

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
    """

    def __init__(
        self, template: Network, ranges: Sequence[ParameterRange], fixed: Mapping[str, float]
    ) -> None:
        self.numbers = frozenset(r.parameter for r in ranges)
        held = {name: value for name, value in fixed.items() if name in self.numbers}
        template = with_parameters(template, filled(template, held))
        self._codec = ParameterCodec(template, [r for r in ranges if r.parameter not in held])
        self._layout = lay_out(template)
        self.n_genes = self._codec.n_genes

    def network(self, genome: FloatArray) -> Network:
        """Build the network of a genome."""
        return self._codec.decode(genome)

    def rows(self, genomes: FloatArray) -> tuple[Layout, FloatArray, FloatArray]:
        """Lay out the networks of all genomes at once, without building them."""
        values = self._codec.expanded_values(genomes)
        return self._layout, *self._layout.rows_with(values, len(genomes))

    def start(self, numbers: Mapping[str, float], rng: np.random.Generator) -> FloatArray:
        """Return a random genome, with `numbers` in all entries of the parameters they name."""
        template = self._codec.template
        held = {name: value for name, value in numbers.items() if name in self.numbers}
        encoded = self._codec.encode(with_parameters(template, filled(template, held)))
        genome = rng.random(self.n_genes)
        for name, genes in self._codec.genes_of.items():
            if name in held:
                genome[genes] = encoded[genes]
        return genome


THERMOMETER_GENES = (
    Gene("kp", 3.0, 18.0, log=True),
    Gene("kd", 3.0, 40.0, log=True),
    Gene("tau_change_s", 0.03, 1.0, log=True),
    Gene("first_step", 0.01, 0.4, log=True),
    Gene("top", 4.0, 15.0),
    Gene("readout_gain", 0.7, 1.4),
    Gene("dither", 0.01, 0.2, log=True),
)
COUNTER_GENES = (
    Gene("ki", 0.1, 2.0, log=True),
    Gene("quantum", 0.041, 0.06, log=True),  # limits of 7.5 to 11 motor units; the PID has 7.5
    Gene("finest_m", 0.002, 0.02, log=True),
)
PUBLISHED_RANGES = (
    ParameterRange("encode.bias", -1.0, 1.0),
    ParameterRange("encode.tau_syn_s", 0.0, 0.99),
    ParameterRange("encode.tau_mem_s", 0.0, 1.0),
    ParameterRange("encode.threshold", 0.8, 10.0),
    ParameterRange("input->encode.weights", -1.5, 1.5),
    ParameterRange("hidden.tau_syn_s", 0.0, 0.99),
    ParameterRange("hidden.tau_mem_s", 0.0, 1.0),
    ParameterRange("encode->hidden.weights", -1.5, 1.5),
    ParameterRange("output.tau_mem_s", 0.15, 0.99),
    ParameterRange("hidden->output.weights", -1.0, 1.0),
)
"""Bounds of the public configurations of Burgers, Stroobants and de Croon (arXiv:2309.12937)."""
PUBLISHED_LIF_RANGES = (*PUBLISHED_RANGES, ParameterRange("hidden.threshold", 0.8, 10.0))
PUBLISHED_IWTA_RANGES = (
    *PUBLISHED_RANGES,
    ParameterRange("hidden.threshold", 0.0, 2.0),
    ParameterRange("hidden.adaptation", -1.0, 1.0),
    ParameterRange("hidden.partner_adaptation", -1.0, 1.0),
    ParameterRange("hidden.tau_adaptation_s", 0.0, 0.99),
)


@dataclass(frozen=True)
class Sizes:
    """Sizes of the designs of few numbers; not evolved."""

    pairs: int = 40
    """Pairs of the thermometer."""
    taps: int = 0
    """Delayed synapses of the thermometer's derivative; 0: a decaying derivative without delay."""


def _thermometer(fixed: Mapping[str, float], sizes: Sizes) -> Design:
    unused = {"tau_change_s"} if sizes.taps else set()
    genes = [gene for gene in THERMOMETER_GENES if gene.name not in unused]
    defaults = ThermometerPD(pairs=sizes.pairs, taps=sizes.taps)
    return NumbersDesign(defaults, thermometer_pd, genes, fixed)


def _counter(fixed: Mapping[str, float], sizes: Sizes) -> Design:
    return NumbersDesign(CounterIntegral(), counter_integral, COUNTER_GENES, fixed)


def _published(hidden: Literal["lif", "iwta"], part: str) -> Callable[..., Design]:
    ranges = PUBLISHED_LIF_RANGES if hidden == "lif" else PUBLISHED_IWTA_RANGES

    def make(fixed: Mapping[str, float], sizes: Sizes) -> Design:
        return ParametersDesign(published_network(hidden, part), ranges, fixed)

    return make


DESIGNS: dict[str, dict[str, Callable[..., Design]]] = {
    "pd": {
        "thermometer": _thermometer,
        "published_lif": _published("lif", "pd"),
        "published_iwta": _published("iwta", "pd"),
    },
    "i": {"counter": _counter, "published_iwta": _published("iwta", "i")},
}
"""Designs of each part of the controller by name: `make(fixed, sizes)`."""


def make_designs(
    names: Mapping[str, str], fixed: Mapping[str, float], sizes: Sizes
) -> dict[str, Design]:
    """Make the design of each part.

    Args:
        names: part (`pd`, `i`) -> name of its design.
        fixed: values of numbers that are not evolved.
        sizes: sizes of the designs of few numbers.

    Raises:
        UnknownNameError: no such design; with the closest names.
        ConfigError: a fixed number belongs to none of the designs.
    """
    made = {}
    for part, name in names.items():
        if name not in DESIGNS[part]:
            raise UnknownNameError(f"design of {part}", name, DESIGNS[part])
        made[part] = DESIGNS[part][name](fixed, sizes)
    known = set().union(*(design.numbers for design in made.values()))
    for name in fixed:
        if name not in known:
            raise ConfigError(f"fixed: unknown gene {name!r}{did_you_mean(name, known)}")
    return made
