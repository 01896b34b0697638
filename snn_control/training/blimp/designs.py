"""Designs of altitude networks: each maps a genome to a network.

A design of few shared numbers (`thermometer`, `counter`) fixes the code and evolves its tuning; a
published design evolves the parameters of every neuron.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from snn_control.controllers.blimp.counter_integral import (
    CounterIntegral,
    counter_integral,
    counter_values,
)
from snn_control.controllers.blimp.published_networks import published_network
from snn_control.controllers.blimp.thermometer_pd import (
    ThermometerPD,
    thermometer_pd,
    thermometer_values,
)
from snn_control.errors import ConfigError, UnknownNameError, did_you_mean
from snn_control.evolution.codec import Gene
from snn_control.evolution.parameter_codec import ParameterRange
from snn_control.training.evolution.design import Design, NumbersDesign, ParametersDesign

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
    return NumbersDesign(defaults, thermometer_pd, thermometer_values, genes, fixed)


def _counter(fixed: Mapping[str, float], sizes: Sizes) -> Design:
    return NumbersDesign(CounterIntegral(), counter_integral, counter_values, COUNTER_GENES, fixed)


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
