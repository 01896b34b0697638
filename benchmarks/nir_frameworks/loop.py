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


def run_mapped(
    graph: Any, make_cell: Callable[[Any, float], Cell], x: np.ndarray, dtype: torch.dtype
) -> Result:
    """Run a graph written by this package.

    Args:
        graph: `nir.NIRGraph`.
        make_cell: function of a node and the tick in s that makes a cell.
        x: inputs, shape (n_ticks, n_inputs).
        dtype: numbers of weights and cells.
    """
    nodes = flattened(graph)
    dt = float(graph.metadata["dt"])
    order = evaluation_order(nodes, [name.decode() for name in graph.metadata["order"]])
    steps = {name: _step(node, dt, make_cell, dtype) for name, node in nodes.nodes.items()}
    sources = {name: nodes.sources(name) for name in order}
    outputs: dict[str, Tensor] = {}
    spiking = [name for name in order if kind_of(nodes.nodes[name]) in ("LIF", "IF")]
    readouts, spikes = [], []
    for row in torch.as_tensor(x, dtype=dtype):
        for name in order:
            if kind_of(nodes.nodes[name]) == "Input":
                outputs[name] = row
                continue
            present = [outputs[source] for source in sources[name] if source in outputs]
            outputs[name] = steps[name](sum(present) if present else torch.zeros((), dtype=dtype))
        (output,) = [outputs[n] for n in order if kind_of(nodes.nodes[n]) == "Output"]
        readouts.append(output.numpy())
        spikes.append(np.concatenate([np.zeros(0), *(outputs[name].numpy() for name in spiking)]))
    return Result(np.array(readouts), np.array(spikes))


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
