"""Networks from NIR files, those of this package and those of other tools.

Readable are populations `LIF`, `CubaLIF`, `LI`, `CubaLI`, `IF`, `I` and `Threshold` of one axis,
`Linear`, `Affine`, `Scale` and `Delay` between them, and subgraphs. The equations of a tick are
those of `neurons`. An edge to an earlier population takes one tick, the length of which a file of
another tool does not have: it is an argument.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

import numpy as np

from snn_control.errors import ModelFileError, ParameterError
from snn_control.export.nir.hdf5 import read_graph
from snn_control.export.nir.neurons import PARAMETERS, neurons_of
from snn_control.export.nir.nodes import Nodes, evaluation_order, flattened, kind_of
from snn_control.export.nir.signals import READ, Signal, Signals, Term
from snn_control.network import INPUT, Connection, Network, Population, Readout
from snn_control.network.document import MAX_BUFFERED, MAX_NEURONS
from snn_control.network.neurons import LeakyIntegrator

__all__ = ["read_nir"]


def read_nir(path: str | Path, dt_s: float | None = None) -> Network:
    """Read a network from a NIR file.

    Args:
        path: file.
        dt_s: length of a tick, s; required if the metadata of the file have no `dt`.

    Raises:
        ModelFileError: the file is damaged, has no tick, or a node that cannot be read; the message
            names it.
        MissingExtraError: the package `nir` is not installed.
    """
    path = Path(path)
    graph = read_graph(path)
    try:
        return _Reader(graph, _metadata(graph.metadata), dt_s, path.stem).network()
    except (ModelFileError, ParameterError) as exc:
        raise ModelFileError(f"{path}: {exc}") from exc
    except RecursionError as exc:
        raise ModelFileError(f"{path}: too many nodes between two populations") from exc


class _Metadata(NamedTuple):
    """Metadata of a graph; None where the file has none."""

    name: str | None
    dt_s: float | None
    start: str | None
    inputs: list[str] | None
    readouts: list[str] | None
    order: list[str] | None


def _metadata(values: dict[str, Any]) -> _Metadata:
    try:
        dt = values.get("dt")
        return _Metadata(
            _text(values.get("name")),
            None if dt is None else float(dt),
            _text(values.get("start")),
            *(_texts(values.get(key)) for key in ("inputs", "readouts", "order")),
        )
    except (TypeError, ValueError, AttributeError) as exc:
        raise ModelFileError(f"metadata: {exc}") from exc


def _text(value: Any) -> str | None:
    return value.decode("utf-8") if isinstance(value, bytes) else value


def _texts(value: Any) -> list[str] | None:
    return None if value is None else [str(_text(item)) for item in np.ravel(value).tolist()]


class _Reader:
    """Parts of the network of one graph."""

    def __init__(
        self, graph: Any, metadata: _Metadata, dt_s: float | None, default_name: str
    ) -> None:
        self.graph, self.metadata = flattened(graph), metadata
        self.name = metadata.name or default_name
        self.dt_s = _tick(metadata.dt_s, dt_s)
        for name, node in self.graph.nodes.items():
            if kind_of(node) not in READ:
                raise ModelFileError(f"node {name!r} is a {kind_of(node)}: expected {_known()}")
        self.order = evaluation_order(self.graph, metadata.order)
        inner = [name for name in self.order if kind_of(self.graph.nodes[name]) in PARAMETERS]
        self.input = self._only_input()
        self.sizes = {name: _size(self.graph, name) for name in (self.input, *inner)}
        if sum(self.sizes.values()) > MAX_NEURONS:
            raise ModelFileError(f"more than {MAX_NEURONS} neurons and inputs")
        self.names = {self.input: INPUT} | {name: self._population_name(name) for name in inner}
        self.position = {name: k for k, name in enumerate(self.names)}
        self.signals = Signals(self.graph, self.order, self.sizes, self.dt_s)
        self.populations: list[Population] = []
        self.connections: list[Connection] = []
        self.readouts: list[Readout] = []

    def network(self) -> Network:
        """Return the network."""
        for node in list(self.names)[1:]:
            self._add_population(node)
        for name, node in self.graph.nodes.items():
            if kind_of(node) == "Output" and not any(a == name for a, _ in self.graph.edges):
                self._add_readouts(name)
        network = Network(
            self.name,
            self.dt_s,
            self._labels(self.metadata.inputs, self.sizes[self.input], "input"),
            tuple(self.populations),
            tuple(self.connections),
            tuple(self.readouts),
            start=cast(Literal["rest", "steady"], self.metadata.start or "rest"),
        )
        if sum(self.sizes.values()) * (network.max_delay_ticks + 1) > MAX_BUFFERED:
            raise ModelFileError(f"delays need more than {MAX_BUFFERED} buffered numbers")
        return network

    def _only_input(self) -> str:
        targets = {target for _, target in self.graph.edges}
        inputs = [
            name
            for name, node in self.graph.nodes.items()
            if kind_of(node) == "Input" and name not in targets
        ]
        if len(inputs) != 1:
            raise ModelFileError(f"{len(inputs)} inputs {inputs}; expected one node Input")
        return inputs[0]

    def _population_name(self, node: str) -> str:
        name = _text(self.graph.nodes[node].metadata.get("name"))
        return node if name is None else name

    def _labels(self, names: list[str] | None, count: int, stem: str) -> tuple[str, ...]:
        labels = [f"{stem}_{k}" for k in range(count)] if names is None else names
        if len(labels) != count:
            raise ModelFileError(f"metadata: {len(labels)} names of {count} {stem}s")
        return tuple(labels)

    def _add_population(self, node: str) -> None:
        name, size = self.names[node], self.sizes[node]
        neurons = neurons_of(self.graph.nodes[node], node, size, self.dt_s)
        signal = self.signals.into(node)
        if {term.size for term in signal.terms} - {size}:
            raise ModelFileError(f"{node}: {size} neurons; its sources have other sizes")
        bias = neurons.scale * signal.bias + neurons.bias
        changes: dict[str, Any] = {"bias": bias} if bias.any() else {}
        self.populations.append(Population(name, size, replace(neurons.params, **changes)))
        for term in signal.terms:
            self._connect(term.through(neurons.scale), node, name)

    def _connect(self, term: Term, node: str, target: str) -> None:
        if not term.weights.any():
            return
        backward = self.position[term.source] >= self.position.get(node, math.inf)
        diagonal = term.weights.ndim == 1
        self.connections.append(
            Connection(
                self.names[term.source],
                target,
                term.weights.copy() if diagonal else np.ascontiguousarray(term.weights.T),
                "diagonal" if diagonal else "dense",
                term.delay_ticks + backward,
            )
        )

    def _add_readouts(self, output: str) -> None:
        signal = self.signals.into(output)
        selected = _selected(signal)
        if selected is None or any(source == self.input for source, _ in selected):
            size = max((term.size for term in signal.terms), default=0)
            self.populations.append(
                Population(output, size, LeakyIntegrator(bias=signal.bias.copy()))
            )
            for term in signal.terms:
                self._connect(term, output, output)
            chosen = [(output, k) for k in range(size)]
        else:
            chosen = [(self.names[source], neuron) for source, neuron in selected]
        only = self.metadata.readouts if not self.readouts else None
        labels = self._labels(only, len(chosen), output)
        self.readouts += [
            Readout(label, *place) for label, place in zip(labels, chosen, strict=True)
        ]


def _known() -> str:
    return f"one of {', '.join((*READ, 'NIRGraph'))}"


def _tick(stated: float | None, argument: float | None) -> float:
    dt_s = stated if argument is None else argument
    if dt_s is None:
        raise ModelFileError("the file has no tick: pass dt_s, its length in s")
    if not 0.0 < dt_s < math.inf:
        raise ModelFileError(f"a tick of {dt_s:g} s; expected a positive length")
    if stated is not None and not math.isclose(dt_s, stated, rel_tol=1e-9):
        raise ModelFileError(f"the file has a tick of {stated:g} s; dt_s is {dt_s:g}")
    return dt_s if stated is None else stated


def _size(graph: Nodes, name: str) -> int:
    """Return the number of neurons or inputs of a node."""
    node = graph.nodes[name]
    if kind_of(node) == "Input":
        shape = [int(n) for n in np.ravel(node.input_type["input"])]
        longer = [n for n in shape if n != 1]
        if len(longer) > 1 or any(not 1 <= n <= MAX_NEURONS for n in longer):
            raise ModelFileError(f"{name}: shape {shape}; expected one axis")
        return math.prod(longer)
    sizes = [np.size(getattr(node, key)) for key in PARAMETERS[kind_of(node)]]
    around = [graph.nodes[source] for source in graph.sources(name)]
    sizes += [node.weight.shape[0] for node in around if kind_of(node) in ("Linear", "Affine")]
    return max(sizes)


def _selected(signal: Signal) -> list[tuple[str, int]] | None:
    """Return node and neuron of each row of a sum that only selects neurons; None for others."""
    size = max((term.size for term in signal.terms), default=0)
    selected: list[tuple[str, int] | None] = [None] * size
    if signal.bias.any() or any(term.delay_ticks for term in signal.terms):
        return None
    for term in signal.terms:
        matrix = np.diag(term.weights) if term.weights.ndim == 1 else term.weights
        for row, neuron in np.argwhere(matrix).tolist():
            if selected[row] is not None or matrix[row, neuron] != 1.0:
                return None
            selected[row] = (term.source, neuron)
    return None if None in selected else cast("list[tuple[str, int]]", selected)
