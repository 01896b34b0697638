"""A circuit as data: named cells, and edges with shared strengths of fixed sign.

`Circuit.network` returns its network, which every engine runs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from snn_control.errors import ParameterError, UnknownNameError
from snn_control.network.network import INPUT, Connection, Network, Population, Readout
from snn_control.network.neurons import NeuronParams
from snn_control.network.shared import Shared

__all__ = ["Cell", "Circuit", "Edge", "Strength"]


@dataclass(frozen=True)
class Cell:
    """Cell of a circuit."""

    name: str
    layer: str
    """Name of its layer. All cells of a layer have the same neuron model."""
    side: Literal["", "dorsal", "ventral", "left", "right"] = ""
    """Side of the body; empty for neither."""
    segment: int | None = None
    """Index of its joint, 0 next to the head; None for no joint."""


@dataclass(frozen=True)
class Strength:
    """Strength that edges share."""

    value: float
    sign: Literal[-1, 0, 1] = 0
    """Required sign, by Dale's law or by design; 0 allows both."""

    def allows(self, value: float) -> bool:
        """Return True if `value` is finite and has the required sign."""
        return math.isfinite(value) and value * self.sign >= 0.0


@dataclass(frozen=True)
class Edge:
    """Synapse from a cell or an input to a cell."""

    source: str
    target: str
    strength: str
    """Name of its strength."""
    delay_ticks: int = 0


@dataclass(frozen=True, eq=False)
class Circuit:
    """Cells and edges of a circuit.

    Raises:
        UnknownNameError: a cell, edge or read-out refers to an unknown layer, cell or strength.
        ParameterError: a name is used twice, or a strength contradicts its sign.
    """

    name: str
    control_period_s: float
    inputs: tuple[str, ...]
    layers: Mapping[str, NeuronParams]
    """Neuron parameters of each layer, in the order of evaluation."""
    cells: tuple[Cell, ...]
    edges: tuple[Edge, ...]
    strengths: Mapping[str, Strength]
    readouts: tuple[str, ...]
    """Names of the cells that are read out."""
    sub_ticks: int = 1
    """Network ticks in one control period."""

    def __post_init__(self) -> None:
        names = [*self.inputs, *(cell.name for cell in self.cells)]
        for name in names:
            if names.count(name) > 1:
                raise ParameterError(
                    f"circuit {self.name!r}: duplicate cell or input name {name!r}"
                )
        for cell in self.cells:
            _require("layer", cell.layer, self.layers)
        for edge in self.edges:
            _require("cell", edge.source, names)
            _require("cell", edge.target, names[len(self.inputs) :])
            _require("strength", edge.strength, self.strengths)
        for cell_name in self.readouts:
            _require("cell", cell_name, names[len(self.inputs) :])
        self._resolved({})

    def network(
        self, strengths: Mapping[str, float] | None = None, dead_cells: Iterable[str] = ()
    ) -> Network:
        """Return the network of the circuit.

        Args:
            strengths: values by name that replace those of the circuit.
            dead_cells: names of cells whose outgoing edges are removed.

        Raises:
            UnknownNameError: a strength or cell is unknown.
            ParameterError: a strength is not finite or contradicts its sign.
        """
        values, dead = self._resolved(strengths or {}), set(dead_cells)
        location, sizes = self._locations()
        for name in dead:
            _require("cell", name, [cell.name for cell in self.cells])
        bundles = _bundles([edge for edge in self.edges if edge.source not in dead], location)
        return Network(
            self.name,
            self.control_period_s,
            self.inputs,
            tuple(Population(name, sizes[name], p) for name, p in self.layers.items()),
            tuple(_bundle(key, edges, location, values) for key, edges in bundles.items()),
            tuple(Readout(name, *location[name]) for name in self.readouts),
            self.sub_ticks,
        )

    def with_strengths(self, strengths: Mapping[str, float]) -> Circuit:
        """Return the circuit with new values of the named strengths; their signs stay the same.

        Raises:
            UnknownNameError: a strength is unknown.
            ParameterError: a strength is not finite or contradicts its sign.
        """
        values = self._resolved(strengths)
        changed = {name: replace(s, value=values[name]) for name, s in self.strengths.items()}
        return replace(self, strengths=changed)

    def connection_strengths(self) -> tuple[tuple[str, ...], ...]:
        """Return the names of the strengths of each connection of the network."""
        bundles = _bundles(self.edges, self._locations()[0])
        return tuple(_strengths_of(edges) for edges in bundles.values())

    def unshared(self, names: Iterable[str]) -> Circuit:
        """Return the circuit with a separate strength `NAME_CELL` for each target cell of `names`.

        Raises:
            UnknownNameError: a strength is unknown.
        """
        names = set(names)
        for name in names:
            _require("strength", name, self.strengths)
        strengths = {name: s for name, s in self.strengths.items() if name not in names}
        edges = []
        for edge in self.edges:
            if edge.strength in names:
                separate = f"{edge.strength}_{edge.target}"
                strengths[separate] = self.strengths[edge.strength]
                edge = replace(edge, strength=separate)
            edges.append(edge)
        return replace(self, edges=tuple(edges), strengths=strengths)

    def _locations(self) -> tuple[dict[str, tuple[str, int]], dict[str, int]]:
        """Return population and index of each input and cell, and the size of each layer."""
        location = {name: (INPUT, k) for k, name in enumerate(self.inputs)}
        sizes = dict.fromkeys(self.layers, 0)
        for cell in self.cells:
            location[cell.name] = (cell.layer, sizes[cell.layer])
            sizes[cell.layer] += 1
        return location, sizes

    def _resolved(self, changes: Mapping[str, float]) -> dict[str, float]:
        for name in changes:
            _require("strength", name, self.strengths)
        values = {name: changes.get(name, s.value) for name, s in self.strengths.items()}
        for name, value in values.items():
            if not self.strengths[name].allows(value):
                sign = self.strengths[name].sign
                expected = {-1: "at most 0", 0: "a finite number", 1: "at least 0"}[sign]
                raise ParameterError(f"strength {name!r} is {value:g}; expected {expected}")
        return values


def _bundles(
    edges: Iterable[Edge], location: Mapping[str, tuple[str, int]]
) -> dict[tuple[str, str, int], list[Edge]]:
    """Group edges into connections, by source, target and delay."""
    bundles: dict[tuple[str, str, int], list[Edge]] = {}
    for edge in edges:
        key = (location[edge.source][0], location[edge.target][0], edge.delay_ticks)
        bundles.setdefault(key, []).append(edge)
    return bundles


def _strengths_of(edges: Iterable[Edge]) -> tuple[str, ...]:
    return tuple(sorted({edge.strength for edge in edges}))


def _bundle(
    key: tuple[str, str, int],
    edges: list[Edge],
    location: Mapping[str, tuple[str, int]],
    values: Mapping[str, float],
) -> Connection:
    edges = sorted(edges, key=lambda edge: (location[edge.source][1], location[edge.target][1]))
    names = _strengths_of(edges)
    weights = Shared(
        np.array([values[name] for name in names]),
        np.array([names.index(edge.strength) for edge in edges]),
        np.ones(len(edges), np.int8),
    )
    return Connection(
        key[0],
        key[1],
        weights,
        "sparse",
        key[2],
        pre=np.array([location[edge.source][1] for edge in edges]),
        post=np.array([location[edge.target][1] for edge in edges]),
    )


def _require(kind: str, name: str, known: Iterable[str]) -> None:
    if name not in known:
        raise UnknownNameError(kind, name, known)
