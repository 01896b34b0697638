"""A circuit as data: named cells, and edges whose strengths they share and whose signs are fixed.

`Circuit.network` turns it into a network, which every engine runs.
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
    """One cell."""

    name: str
    layer: str
    """Cells of a layer are of one model; layers are evaluated in their order."""
    side: Literal["", "dorsal", "ventral", "left", "right"] = ""
    """Side of the body it belongs to."""
    segment: int | None = None
    """Joint it belongs to, 0 next to the head."""


@dataclass(frozen=True)
class Strength:
    """A strength that edges share."""

    value: float
    sign: Literal[-1, 0, 1] = 0
    """Sign that it must have, by Dale's law or by design; 0: any."""

    def allows(self, value: float) -> bool:
        """Whether a strength may have this value."""
        return math.isfinite(value) and value * self.sign >= 0.0


@dataclass(frozen=True)
class Edge:
    """A synapse from a cell, or an input, to a cell."""

    source: str
    target: str
    strength: str
    """Name of its strength."""
    delay_ticks: int = 0


@dataclass(frozen=True, eq=False)
class Circuit:
    """Cells and edges.

    Raises:
        UnknownNameError: an edge or read-out names a cell, layer or strength that is not there.
        ParameterError: a name twice, or a strength that contradicts its sign.
    """

    name: str
    control_period_s: float
    inputs: tuple[str, ...]
    layers: Mapping[str, NeuronParams]
    """Parameters of the cells of each layer, in the order of evaluation."""
    cells: tuple[Cell, ...]
    edges: tuple[Edge, ...]
    strengths: Mapping[str, Strength]
    readouts: tuple[str, ...]
    """Cells that are read out."""
    sub_ticks: int = 1
    """Network ticks in a control period."""

    def __post_init__(self) -> None:
        names = [*self.inputs, *(cell.name for cell in self.cells)]
        for name in names:
            if names.count(name) > 1:
                raise ParameterError(f"circuit {self.name!r}: {name!r} is the name of two cells")
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
            strengths: values other than those of the circuit, by name.
            dead_cells: cells that reach nobody.

        Raises:
            UnknownNameError: no such strength or cell.
            ParameterError: a strength is not finite or contradicts its sign.
        """
        values, dead = self._resolved(strengths or {}), set(dead_cells)
        place, sizes = self._places()
        for name in dead:
            _require("cell", name, [cell.name for cell in self.cells])
        bundles = _bundles([edge for edge in self.edges if edge.source not in dead], place)
        return Network(
            self.name,
            self.control_period_s,
            self.inputs,
            tuple(Population(name, sizes[name], p) for name, p in self.layers.items()),
            tuple(_bundle(key, edges, place, values) for key, edges in bundles.items()),
            tuple(Readout(name, *place[name]) for name in self.readouts),
            self.sub_ticks,
        )

    def with_strengths(self, strengths: Mapping[str, float]) -> Circuit:
        """Return the circuit with other values of the named strengths; signs stay.

        Raises:
            UnknownNameError: no such strength.
            ParameterError: a strength is not finite or contradicts its sign.
        """
        values = self._resolved(strengths)
        changed = {name: replace(s, value=values[name]) for name, s in self.strengths.items()}
        return replace(self, strengths=changed)

    def connection_strengths(self) -> tuple[tuple[str, ...], ...]:
        """Return the names of the strengths that each connection of the network shares."""
        bundles = _bundles(self.edges, self._places()[0])
        return tuple(_strengths_of(edges) for edges in bundles.values())

    def unshared(self, names: Iterable[str]) -> Circuit:
        """Return the circuit with a strength of its own, `NAME_CELL`, for each target of `names`.

        Raises:
            UnknownNameError: no such strength.
        """
        names = set(names)
        for name in names:
            _require("strength", name, self.strengths)
        strengths = {name: s for name, s in self.strengths.items() if name not in names}
        edges = []
        for edge in self.edges:
            if edge.strength in names:
                own = f"{edge.strength}_{edge.target}"
                strengths[own] = self.strengths[edge.strength]
                edge = replace(edge, strength=own)
            edges.append(edge)
        return replace(self, edges=tuple(edges), strengths=strengths)

    def _places(self) -> tuple[dict[str, tuple[str, int]], dict[str, int]]:
        """Population and number of each input and cell, and the size of each layer."""
        place = {name: (INPUT, k) for k, name in enumerate(self.inputs)}
        sizes = dict.fromkeys(self.layers, 0)
        for cell in self.cells:
            place[cell.name] = (cell.layer, sizes[cell.layer])
            sizes[cell.layer] += 1
        return place, sizes

    def _resolved(self, changes: Mapping[str, float]) -> dict[str, float]:
        for name in changes:
            _require("strength", name, self.strengths)
        values = {name: changes.get(name, s.value) for name, s in self.strengths.items()}
        for name, value in values.items():
            if not self.strengths[name].allows(value):
                sign = self.strengths[name].sign
                wanted = {-1: "at most 0", 0: "a finite number", 1: "at least 0"}[sign]
                raise ParameterError(f"strength {name!r} is {value:g}; expected {wanted}")
        return values


def _bundles(
    edges: Iterable[Edge], place: Mapping[str, tuple[str, int]]
) -> dict[tuple[str, str, int], list[Edge]]:
    """Group edges into connections, by source, target and delay."""
    found: dict[tuple[str, str, int], list[Edge]] = {}
    for edge in edges:
        key = (place[edge.source][0], place[edge.target][0], edge.delay_ticks)
        found.setdefault(key, []).append(edge)
    return found


def _strengths_of(edges: Iterable[Edge]) -> tuple[str, ...]:
    return tuple(sorted({edge.strength for edge in edges}))


def _bundle(
    key: tuple[str, str, int],
    edges: list[Edge],
    place: Mapping[str, tuple[str, int]],
    values: Mapping[str, float],
) -> Connection:
    edges = sorted(edges, key=lambda edge: (place[edge.source][1], place[edge.target][1]))
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
        pre=np.array([place[edge.source][1] for edge in edges]),
        post=np.array([place[edge.target][1] for edge in edges]),
    )


def _require(kind: str, name: str, known: Iterable[str]) -> None:
    if name not in known:
        raise UnknownNameError(kind, name, known)
