"""Network of fully connected layers for any environment, with weights drawn from a seed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from snn_control.errors import ParameterError
from snn_control.network import Connection, Network, Population, Readout
from snn_control.network.neurons import LIF, LeakyIntegrator

__all__ = ["layered_network"]


def layered_network(
    inputs: Sequence[str],
    outputs: Sequence[str],
    control_period_s: float,
    hidden: Sequence[int] = (32,),
    recurrent: bool = False,
    sub_ticks: int = 1,
    seed: int = 0,
) -> Network:
    """Return layers of LIF neurons and one leaky integrator for each output.

    Populations are `hidden_1`, `hidden_2` ... and `output`. The input reaches the first layer, each
    layer the next; with `recurrent` each layer also itself, one tick later.

    Args:
        inputs: names of the observations.
        outputs: names of the actions.
        control_period_s: control period, s.
        hidden: neurons of each layer.
        recurrent: True for all-to-all connections within each layer.
        sub_ticks: network ticks in a control period.
        seed: seed of the weights, normal with a standard deviation of 1 / sqrt(sources), and of the
            biases, uniform in [-1, 1].

    Raises:
        ParameterError: no layer, or one without neurons.
    """
    sizes = [int(size) for size in hidden]
    if not sizes or min(sizes) < 1:
        raise ParameterError(f"hidden is {list(hidden)}; expected at least one neuron a layer")
    rng = np.random.default_rng(seed)

    def weights(n_source: int, n_target: int) -> np.ndarray:
        return rng.normal(0.0, 1.0 / np.sqrt(n_source), (n_source, n_target))

    dt_s = control_period_s / sub_ticks
    populations, connections = [], []
    source, width = "input", len(inputs)
    for k, size in enumerate(sizes, 1):
        name = f"hidden_{k}"
        neurons = LIF(
            threshold=np.ones(size),
            bias=rng.uniform(-1.0, 1.0, size),
            tau_syn_s=np.full(size, dt_s),
            tau_mem_s=np.full(size, 2.0 * dt_s),
            reset="hard",
        )
        populations.append(Population(name, size, neurons))
        connections.append(Connection(source, name, weights(width, size)))
        if recurrent:
            connections.append(Connection(name, name, weights(size, size), delay_ticks=1))
        source, width = name, size
    readout = LeakyIntegrator(
        bias=np.zeros(len(outputs)), tau_mem_s=np.full(len(outputs), 2.0 * dt_s)
    )
    populations.append(Population("output", len(outputs), readout))
    connections.append(Connection(source, "output", weights(width, len(outputs))))
    return Network(
        name="layered",
        control_period_s=control_period_s,
        sub_ticks=sub_ticks,
        inputs=tuple(inputs),
        populations=tuple(populations),
        connections=tuple(connections),
        readouts=tuple(Readout(name, "output", k) for k, name in enumerate(outputs)),
    )
