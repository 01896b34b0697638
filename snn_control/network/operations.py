"""Number of synaptic operations of networks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.network.network import Connection, Network
from snn_control.network.shared import expand

__all__ = ["synaptic_operations"]


def synaptic_operations(
    networks: Sequence[Network], spike_counts: npt.ArrayLike, n_ticks: int
) -> float:
    """Return the number of additions and multiply-accumulates of an episode.

    A spike costs one operation for each outgoing synapse. An input, a leaky integrator or a graded
    neuron costs one operation for each outgoing synapse in every network tick. Weights of 0 do not
    count.

    Args:
        networks: networks in the order of `spike_counts`.
        spike_counts: number of spikes of each spiking neuron in the episode, shape (n_spiking,).
        n_ticks: number of control ticks of the episode.
    """
    counts = np.asarray(spike_counts)
    total, first = 0.0, 0
    for network in networks:
        fan_out = {p.name: np.zeros(p.size) for p in network.populations}
        fan_out["input"] = np.zeros(len(network.inputs))
        for connection in network.connections:
            fan_out[connection.source] += _fan_out(connection, network)
        total += fan_out["input"].sum() * n_ticks * network.sub_ticks
        for population in network.populations:
            if population.params.spiking:
                own = counts[first : first + population.size]
                total += float(own @ fan_out[population.name])
                first += population.size
            else:
                total += fan_out[population.name].sum() * n_ticks * network.sub_ticks
    return float(total)


def _fan_out(connection: Connection, network: Network) -> npt.NDArray[Any]:
    """Return the number of synapses of each source neuron, shape (n_source,)."""
    present = expand(connection.weights) != 0
    match connection.kind:
        case "dense":
            return present.sum(axis=1)
        case "block2":
            return present.sum(axis=2).ravel()
        case "sparse":
            n_source = network.size_of(connection.source)
            return np.bincount(connection.synapses[0], present, minlength=n_source)
    return present.astype(np.int64)
