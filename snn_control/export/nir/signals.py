"""Weighted sums between the populations of a NIR graph.

Nodes without state (`Linear`, `Affine`, `Scale`, `Delay`, `Flatten`, ends of subgraphs) are
composed, so that each input of a population is a sum of weighted outputs of populations and inputs
of the network, each with a delay, and a constant.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from snn_control.errors import ModelFileError
from snn_control.export.nir.neurons import PARAMETERS
from snn_control.export.nir.nodes import PASS, Nodes, kind_of
from snn_control.network.document import MAX_DELAY_TICKS

__all__ = ["Signal", "Signals", "Term"]

FloatArray = npt.NDArray[np.float64]

READ = (*PARAMETERS, *PASS, "Linear", "Affine", "Scale", "Delay", "Flatten")


class Term(NamedTuple):
    """Weighted output of a population or of the inputs."""

    source: str
    """Name of the node."""
    weights: FloatArray
    """Matrix (n_target, n_source), or factors of shape (n,)."""
    delay_ticks: int

    def through(self, weights: FloatArray) -> Term:
        """Return the term after a node with such weights."""
        if weights.ndim == 2 and self.weights.ndim == 2:
            return self._replace(weights=weights @ self.weights)
        if weights.ndim == 1 and self.weights.ndim == 2:
            return self._replace(weights=weights[:, None] * self.weights)
        return self._replace(weights=weights * self.weights)

    @property
    def size(self) -> int:
        """Number of targets."""
        return len(self.weights)


class Signal(NamedTuple):
    """Sum of terms and a constant."""

    terms: tuple[Term, ...]
    bias: FloatArray
    """Constant, shape (n,), or () for 0."""


class Signals:
    """Signals of a graph.

    Args:
        graph: nodes and edges.
        order: order of evaluation of all nodes, which is that of the terms of a sum.
        sizes: number of neurons or inputs of each node that is a source.
        dt_s: length of a tick, s.
    """

    def __init__(self, graph: Nodes, order: list[str], sizes: dict[str, int], dt_s: float) -> None:
        self._graph, self._sizes, self._dt_s = graph, sizes, dt_s
        self._position = {name: k for k, name in enumerate(order)}
        self._outputs: dict[str, Signal | None] = {}

    def into(self, name: str) -> Signal:
        """Return the sum of all edges to a node.

        Raises:
            ModelFileError: a node on the way cannot be read.
        """
        sources = sorted(self._graph.sources(name), key=self._position.__getitem__)
        signals = [self._output(source) for source in sources]
        bias = sum((signal.bias for signal in signals), np.zeros(()))
        terms = tuple(term for signal in signals for term in signal.terms)
        if len({term.size for term in terms}) > 1:
            raise ModelFileError(f"{name}: edges of different sizes lead to it")
        return Signal(terms, np.asarray(bias))

    def _output(self, name: str) -> Signal:
        if name in self._sizes:
            return Signal((Term(name, np.ones(self._sizes[name]), 0),), np.zeros(()))
        if name not in self._outputs:
            self._outputs[name] = None
            self._outputs[name] = self._weighted(name)
        signal = self._outputs[name]
        if signal is None:
            raise ModelFileError(f"{name}: a loop without a population")
        return signal

    def _weighted(self, name: str) -> Signal:
        node, signal = self._graph.nodes[name], self.into(name)
        if len(self._graph.sources(name)) > 1:
            signal = signal._replace(terms=_added(signal.terms))
        match kind_of(node):
            case "Linear" | "Affine":
                return _transformed(signal, node.weight, getattr(node, "bias", 0.0), name)
            case "Scale":
                return _transformed(signal, node.scale, 0.0, name)
            case "Delay":
                return self._delayed(signal, node, name)
            case "Flatten" if any(np.size(value) > 1 for value in node.input_type.values()):
                raise ModelFileError(f"{name}: Flatten of several axes; expected one axis")
        return signal

    def _delayed(self, signal: Signal, node: Any, name: str) -> Signal:
        ticks = np.unique(np.asarray(node.delay, np.float64) / self._dt_s)
        count = int(np.rint(ticks[0])) if np.all(np.abs(ticks) <= MAX_DELAY_TICKS) else -1
        if count < 0 or not np.allclose(ticks, count, rtol=1e-6, atol=1e-6):
            raise ModelFileError(
                f"{name}: expected one delay of 0 to {MAX_DELAY_TICKS} whole ticks of "
                f"{self._dt_s:g} s"
            )
        if signal.bias.any():
            raise ModelFileError(f"{name}: a delay after an Affine node; put it before")
        later = (term._replace(delay_ticks=term.delay_ticks + count) for term in signal.terms)
        return Signal(tuple(later), signal.bias)


def _transformed(signal: Signal, weights: Any, bias: Any, name: str) -> Signal:
    weights, bias = np.asarray(weights, np.float64), np.asarray(bias, np.float64)
    if weights.ndim not in (1, 2) or any(t.size != weights.shape[-1] for t in signal.terms):
        raise ModelFileError(f"{name}: weights of shape {weights.shape} do not fit its sources")
    before = np.broadcast_to(signal.bias, weights.shape[-1:])
    after = weights @ before if weights.ndim == 2 else weights * before
    return Signal(tuple(term.through(weights) for term in signal.terms), after + bias)


def _added(terms: tuple[Term, ...]) -> tuple[Term, ...]:
    """Return the sum of terms of the same source and delay as one term each."""
    sums: dict[tuple[str, int], FloatArray] = {}
    for source, weights, delay in terms:
        earlier = sums.get((source, delay))
        sums[source, delay] = weights if earlier is None else _matrix(earlier) + _matrix(weights)
    return tuple(Term(source, weights, delay) for (source, delay), weights in sums.items())


def _matrix(weights: FloatArray) -> FloatArray:
    return np.diag(weights) if weights.ndim == 1 else weights
