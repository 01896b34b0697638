"""NIR graph of a network.

| network | graph |
|---|---|
| population | neuron node, see `neurons` |
| connection | `Linear`, or `Scale` for a diagonal one |
| bias | `Affine` in place of the first connection |
| delay | an edge to an earlier population takes one tick; each other tick is in a `Delay` |
| read-outs | `Linear` that selects neurons, to the node `output` |

The metadata of the graph hold the tick `dt` in s, `start`, the name, the names of inputs and
read-outs, and `order`: the order of evaluation of all nodes, which the file format does not keep.
"""

from __future__ import annotations

import itertools
import re
from types import ModuleType
from typing import Any

import numpy as np

from snn_control.errors import ParameterError, require
from snn_control.export.nir.neurons import inexpressible, neuron_node
from snn_control.network import INPUT, Connection, Network, Population, expand
from snn_control.network.matrices import weight_matrix

__all__ = ["nir_graph", "nir_package", "require_expressible"]

OUTPUT = "output"


def nir_package() -> ModuleType:
    """Import the package `nir`.

    Raises:
        MissingExtraError: it is not installed.
    """
    return require("nir", "nir")


def require_expressible(networks: tuple[Network, ...]) -> None:
    """Refuse networks with parts that NIR cannot express.

    Raises:
        ParameterError: the message names each part.
    """
    parts = [part for network in networks for part in _inexpressible(network)]
    if parts:
        raise ParameterError(f"NIR cannot express {'; '.join(parts)}: export to c or onnx instead")


def _inexpressible(network: Network) -> list[str]:
    parts = [f"{network.sub_ticks} sub-ticks"] if network.sub_ticks > 1 else []
    for population in network.populations:
        if missing := inexpressible(population, network.dt_s):
            parts.append(f"{', '.join(missing)} of population {population.name!r}")
    return [f"{part} of network {network.name!r}" for part in parts]


def nir_graph(network: Network) -> Any:
    """Return the graph of a network, a `nir.NIRGraph`.

    Raises:
        ParameterError: NIR cannot express a part; the message names it.
        MissingExtraError: the package `nir` is not installed.
    """
    require_expressible((network,))
    return _Writer(network, nir_package()).graph()


class _Writer:
    """Nodes and edges of a network in the order of evaluation."""

    def __init__(self, network: Network, nir: ModuleType) -> None:
        self.network, self.nir = network, nir
        self.nodes: dict[str, Any] = {INPUT: nir.Input(np.array([len(network.inputs)]))}
        self.edges: list[tuple[str, str]] = []
        self.names = {INPUT: INPUT}
        for population in network.populations:
            self.names[population.name] = self._free(population.name)

    def graph(self) -> Any:
        for population in self.network.populations:
            self._add_population(population)
        self._add_readouts()
        network = self.network
        metadata = {
            "name": network.name,
            "dt": network.dt_s,
            "start": network.start,
            "inputs": list(network.inputs),
            "readouts": [readout.name for readout in network.readouts],
            "order": list(self.nodes),
        }
        return self.nir.NIRGraph(self.nodes, self.edges, metadata, type_check=False)

    def _add_population(self, population: Population) -> None:
        name, network = self.names[population.name], self.network
        bias = population.params.expanded("bias", population.size)
        incoming = [c for c in network.connections if c.target == population.name]
        if bias.any() and not incoming:
            silent = np.zeros((len(network.inputs), population.size))
            incoming = [Connection(INPUT, population.name, silent)]
        for k, connection in enumerate(incoming):
            source = self._delayed(connection)
            node = self._weights(connection, bias if k == 0 and bias.any() else None)
            self._chain(source, self._add(f"{source}_to_{name}", node), name)
        self.nodes[name] = neuron_node(population, network.dt_s, self.nir)

    def _weights(self, connection: Connection, bias: Any) -> Any:
        if bias is None and connection.kind == "diagonal":
            return self.nir.Scale(expand(connection.weights).copy())
        weights = np.ascontiguousarray(weight_matrix(connection, self.network).T)
        return self.nir.Linear(weights) if bias is None else self.nir.Affine(weights, bias)

    def _delayed(self, connection: Connection) -> str:
        """Return the node whose output a connection weights: its source, or a delay after it."""
        source, network = self.names[connection.source], self.network
        order = [INPUT, *(p.name for p in network.populations)]
        backward = order.index(connection.source) >= order.index(connection.target)
        ticks = connection.delay_ticks - backward
        if not ticks:
            return source
        delay = np.full(network.size_of(connection.source), ticks * network.dt_s)
        name = self._add(f"{source}_delayed", self.nir.Delay(delay))
        self.edges.append((source, name))
        return name

    def _add_readouts(self) -> None:
        readouts = self.network.readouts
        for population in self.network.populations:
            rows = [
                k for k, readout in enumerate(readouts) if readout.population == population.name
            ]
            if not rows:
                continue
            selection = np.zeros((len(readouts), population.size))
            selection[rows, [readouts[k].neuron for k in rows]] = 1.0
            name = self.names[population.name]
            if np.array_equal(selection, np.eye(population.size)):
                self.edges.append((name, OUTPUT))
            else:
                node = self.nir.Linear(selection)
                self._chain(name, self._add(f"{name}_to_{OUTPUT}", node), OUTPUT)
        self.nodes[OUTPUT] = self.nir.Output(np.array([len(readouts)]))

    def _add(self, base: str, node: Any) -> str:
        name = self._free(base)
        self.nodes[name] = node
        return name

    def _free(self, base: str) -> str:
        """Return an identifier that no node has."""
        taken = {OUTPUT, *self.nodes, *self.names.values()}
        base = re.sub(r"[^0-9A-Za-z]+", "_", base).strip("_") or "part"
        name, k = base, 2
        while name in taken:
            name, k = f"{base}_{k}", k + 1
        return name

    def _chain(self, *names: str) -> None:
        self.edges += itertools.pairwise(names)
