"""Loop of this package around the cells of another framework.

The nodes of a file are evaluated in its order; an edge to an earlier node transmits the output of
the last tick. Weights and delays are tensors of torch, each population is a cell of the framework.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from snn_control.export.nir.nodes import evaluation_order, flattened, kind_of

POPULATIONS = ("LIF", "IF", "LI", "I")


class Cell(Protocol):
    """Population that holds its state."""

    def __call__(self, drive: Tensor) -> Tensor:
        """Advance one tick; return the output, shape (n,)."""
        ...


class Result(NamedTuple):
    """Results of all ticks."""

    readouts: np.ndarray
    """Values of the node Output, shape (n_ticks, n)."""
    spikes: np.ndarray
    """Outputs of LIF and IF nodes in their order, shape (n_ticks, n_spiking)."""


class MappedNetwork:
    """Network of a file on the cells of a framework, from rest.

    Args:
        graph: `nir.NIRGraph` written by this package.
        make_cell: function of a node and the tick in s that makes a cell.
        dtype: numbers of weights and cells.
    """

    def __init__(
        self, graph: Any, make_cell: Callable[[Any, float], Cell], dtype: torch.dtype
    ) -> None:
        nodes, dt = flattened(graph), float(graph.metadata["dt"])
        stated = [name.decode() for name in graph.metadata["order"]]
        self._kinds = {name: kind_of(nodes.nodes[name]) for name in evaluation_order(nodes, stated)}
        self._steps = {n: _step(nodes.nodes[n], dt, make_cell, dtype) for n in self._kinds}
        self._sources = {name: nodes.sources(name) for name in self._kinds}
        self._outputs: dict[str, Tensor] = {}
        self._dtype = dtype

    def step(self, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Advance one tick.

        Args:
            inputs: shape (n_inputs,).

        Returns:
            Values of the node Output, and outputs of LIF and IF nodes in their order.
        """
        outputs = self._outputs
        for name, kind in self._kinds.items():
            if kind == "Input":
                outputs[name] = torch.as_tensor(inputs, dtype=self._dtype)
                continue
            present = [outputs[source] for source in self._sources[name] if source in outputs]
            total = sum(present) if present else torch.zeros((), dtype=self._dtype)
            outputs[name] = self._steps[name](total)
        (readouts,) = self._of_kinds("Output")
        spikes = np.concatenate([np.zeros(0), *self._of_kinds("LIF", "IF")])
        return readouts, spikes

    def _of_kinds(self, *kinds: str) -> list[np.ndarray]:
        return [self._outputs[n].numpy() for n, kind in self._kinds.items() if kind in kinds]


def run_mapped(
    graph: Any, make_cell: Callable[[Any, float], Cell], x: np.ndarray, dtype: torch.dtype
) -> Result:
    """Run a graph from rest, see `MappedNetwork`, over inputs of shape (n_ticks, n_inputs)."""
    network = MappedNetwork(graph, make_cell, dtype)
    ticks = [network.step(row) for row in x]
    return Result(np.array([r for r, _ in ticks]), np.array([s for _, s in ticks]))


def _step(
    node: Any, dt: float, make_cell: Callable[[Any, float], Cell], dtype: torch.dtype
) -> Callable[[Any], Any]:
    """Return the function of one tick of a node."""
    match kind_of(node):
        case "Linear" | "Affine":
            weight = torch.as_tensor(node.weight, dtype=dtype)
            bias = torch.as_tensor(getattr(node, "bias", 0.0), dtype=dtype)
            zeros = torch.zeros(weight.shape[1], dtype=dtype)
            return lambda x: weight @ (x if x.ndim else zeros) + bias
        case "Scale":
            scale = torch.as_tensor(node.scale, dtype=dtype)
            return lambda x: scale * x
        case "Delay":
            return _Delay(round(float(node.delay[0]) / dt))
        case kind if kind in POPULATIONS:
            cell = make_cell(node, dt)
            return lambda x: cell(x).to(dtype)  # spikes of some cells are float32
    return lambda x: x


class _Delay:
    def __init__(self, ticks: int) -> None:
        self._values: deque[Tensor] = deque(maxlen=ticks)

    def __call__(self, x: Tensor) -> Tensor:
        full = len(self._values) == self._values.maxlen
        oldest = self._values[0] if full else torch.zeros_like(x)
        self._values.append(x)
        return oldest
