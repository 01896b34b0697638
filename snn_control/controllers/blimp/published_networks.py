"""Networks with the topology of Burgers, Stroobants and de Croon (2023).

arXiv:2309.12937 and the first author's public code (github.com/timburgers/SNN_Workspace at
93fdf3b). Neurons come in pairs, one for each sign of the error, that share bias, leaks and
threshold.

    input -> encode    weights [w, -w]; LIF, soft reset
    encode -> hidden   one to one; LIF, or IWTA adapted by its own and its input's spikes
    hidden -> output   weights [w, -w]; leaky integrator with complementary leak

All neurons start at rest and advance one step per control tick. Parameters are the middles of
the published bounds, to be evolved (`snn_control.training.blimp.designs`); the untrained network
is useless.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from snn_control.controllers.blimp.thermometer_pd import CONTROL_PERIOD_S, INPUT_NAME
from snn_control.network import Connection, Network, Population, Readout, Shared
from snn_control.network.neurons import IWTA, LIF, LeakyIntegrator, NeuronParams
from snn_control.units import time_constant

__all__ = ["PAIRS", "published_network"]

PAIRS = 20
"""Pairs of neurons in each layer."""


def published_network(
    hidden: Literal["lif", "iwta"], name: str = "pd", pairs: int = PAIRS
) -> Network:
    """Build the network; its one read-out has the name of the network.

    Args:
        hidden: neuron model of the hidden layer.
        name: name of the network and its read-out.
        pairs: pairs of neurons in each of the two spiking layers.
    """
    n = 2 * pairs
    to_trace = Connection("encode", "hidden", np.ones(n), "diagonal", port="adaptation")
    return Network(
        name,
        CONTROL_PERIOD_S,
        (INPUT_NAME,),
        (
            Population("encode", n, _lif(pairs)),
            Population("hidden", n, _lif(pairs) if hidden == "lif" else _iwta(pairs)),
            Population("output", 1, LeakyIntegrator(tau_mem_s=_tau(0.75), normalised=True)),
        ),
        (
            Connection("input", "encode", Shared.mirrored(np.ones(pairs)).reshaped(1, n)),
            Connection("encode", "hidden", np.ones(n), "diagonal"),
            *((to_trace,) if hidden == "iwta" else ()),
            Connection("hidden", "output", Shared.mirrored(np.full(pairs, 0.5)).reshaped(n, 1)),
        ),
        (Readout(name, "output"),),
    )


def _tau(decay: float) -> float:
    return float(time_constant(decay, CONTROL_PERIOD_S))


def _lif(pairs: int) -> NeuronParams:
    return LIF(
        threshold=Shared.paired(np.full(pairs, 2.0)),
        bias=Shared.paired(np.zeros(pairs)),
        tau_syn_s=Shared.paired(np.full(pairs, _tau(0.5))),
        tau_mem_s=Shared.paired(np.full(pairs, _tau(0.5))),
        reset="soft",
    )


def _iwta(pairs: int) -> NeuronParams:
    adaptation = np.zeros(pairs)
    return IWTA(
        threshold=Shared.paired(np.ones(pairs)),
        adaptation=Shared.paired(adaptation),
        partner_adaptation=Shared.paired(adaptation),
        tau_adaptation_s=Shared.paired(np.full(pairs, _tau(0.5))),
        tau_syn_s=Shared.paired(np.full(pairs, _tau(0.5))),
        tau_mem_s=Shared.paired(np.full(pairs, _tau(0.5))),
        own_spikes=True,
    )
