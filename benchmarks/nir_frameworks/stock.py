"""Importers of Norse, snnTorch and Sinabs, used as their documentation shows.

A `Linear` node becomes an `Affine` one without bias first, because Sinabs has no `Linear`.
"""

from __future__ import annotations

from typing import Any

import nir
import numpy as np
import torch

from snn_control.export.nir.nodes import kind_of


def run_stock(framework: str, graph: Any, x: np.ndarray, dt: float) -> np.ndarray:
    """Return the outputs of an imported graph, shape (n_ticks, n)."""
    for name, node in graph.nodes.items():
        if kind_of(node) == "Linear":
            graph.nodes[name] = nir.Affine(node.weight, np.zeros(len(node.weight)))
    rows = torch.as_tensor(x, dtype=torch.float32)
    return {"norse": _norse, "snntorch": _snntorch, "sinabs": _sinabs}[framework](graph, rows, dt)


def _norse(graph: Any, rows: torch.Tensor, dt: float) -> np.ndarray:
    import norse.torch as norse

    module, state, outputs = norse.from_nir(graph, dt=dt), None, []
    for row in rows:
        output, state = module(row[None], state)
        outputs.append(output[0].numpy())
    return np.array(outputs)


def _snntorch(graph: Any, rows: torch.Tensor, dt: float) -> np.ndarray:
    from snntorch.import_nir import import_from_nir

    module, state, outputs = import_from_nir(graph), None, []
    for row in rows:
        output, state = module(row[None], state)
        outputs.append((output[0] if isinstance(output, tuple) else output)[0].numpy())
    return np.array(outputs)


def _sinabs(graph: Any, rows: torch.Tensor, dt: float) -> np.ndarray:
    from sinabs.nir import from_nir

    module, state, outputs = from_nir(graph, batch_size=1), None, []
    for row in rows:
        output = module(row[None], state)
        output, state = output if isinstance(output, tuple) else (output, None)
        outputs.append(output[0].numpy())
    return np.array(outputs)
