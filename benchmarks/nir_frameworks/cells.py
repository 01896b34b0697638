"""Nodes of NIR as cells of Norse, snnTorch and Sinabs.

With `a = dt / tau` a tick is `v = (1 - a) v + a r i`; a spike sets the potential to 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.nir_frameworks.loop import Cell
from snn_control.export.nir.nodes import kind_of


def cell_maker(framework: str, dtype: torch.dtype) -> Callable[[Any, float], Cell]:
    """Return the function that makes cells of a framework from a node and the tick in s."""
    make = {"norse": _norse, "snntorch": _snntorch, "sinabs": _sinabs}[framework]
    return lambda node, dt: make(node, dt, dtype)


def _tensor(values: Any, dtype: torch.dtype) -> Tensor:
    return torch.as_tensor(np.asarray(values, np.float64), dtype=dtype)


def _require_reset_to_zero(node: Any) -> None:
    if np.any(getattr(node, "v_reset", 0.0)):
        raise ValueError("the cell resets to 0 only")


def _share(node: Any, dt: float) -> tuple[Any, Any]:
    """Return the part of the potential that remains, and the gain of the input."""
    if kind_of(node) in ("I", "IF"):
        return np.ones_like(node.r), node.r * dt
    return 1.0 - dt / node.tau, node.r * dt / node.tau


def _norse(node: Any, dt: float, dtype: torch.dtype) -> Cell:
    import norse.torch as norse

    if kind_of(node) in ("I", "IF"):
        return _norse_perfect(node, dt, dtype)
    r, zeros = _tensor(node.r, dtype), torch.zeros(node.r.shape, dtype=dtype)
    inverse = 1.0 / _tensor(node.tau, dtype)
    if kind_of(node) == "LI":
        cell: Any = norse.LIBoxCell(norse.LIBoxParameters(inverse, zeros), dt=dt)
    else:
        v_th, v_reset = _tensor(node.v_threshold, dtype), _tensor(node.v_reset, dtype)
        cell = norse.LIFBoxCell(
            norse.LIFBoxParameters(inverse, v_leak=zeros, v_th=v_th, v_reset=v_reset), dt=dt
        )
    return _Stateful(lambda x, state: cell(r * x, state))


def _norse_perfect(node: Any, dt: float, dtype: torch.dtype) -> Cell:
    """Return a sum in torch for `I`, which Norse does not have."""
    if kind_of(node) == "IF":
        raise ValueError("IF is not mapped")
    gain = _tensor(node.r * dt, dtype)

    def add(x: Tensor, state: Any) -> tuple[Tensor, Tensor]:
        total = gain * x if state is None else state + gain * x
        return total, total

    return _Stateful(add)


def _snntorch(node: Any, dt: float, dtype: torch.dtype) -> Cell:
    import snntorch

    _require_reset_to_zero(node)
    beta, gain = (_tensor(values, dtype) for values in _share(node, dt))
    if kind_of(node) in ("LI", "I"):
        integrator = snntorch.Leaky(beta=beta, reset_mechanism="none")
        return _Stateful(lambda x, v: (integrator(gain * x, v)[1],) * 2)
    threshold = _tensor(node.v_threshold, dtype)
    cell = snntorch.Leaky(beta=beta, threshold=threshold, reset_mechanism="zero", reset_delay=False)
    return _Stateful(lambda x, v: cell(gain * x, v))


def _sinabs(node: Any, dt: float, dtype: torch.dtype) -> Cell:
    import sinabs.layers as layers
    from sinabs.activation import MembraneReset, SingleSpike

    _require_reset_to_zero(node)
    decay, gain = (np.asarray(values, np.float64) for values in _share(node, dt))
    with np.errstate(divide="ignore"):
        tau = _tensor(-1.0 / np.log(decay), dtype)  # in ticks; 0 for no memory, inf for no leak
    tau = torch.where(tau == 0.0, torch.full_like(tau, 1e-3), tau)
    factor = _tensor(gain, dtype)
    if kind_of(node) in ("LI", "I"):
        cell: Any = layers.ExpLeak(tau_mem=tau, norm_input=False)
    else:
        # Sinabs spikes at the threshold, this package above it.
        threshold = torch.nextafter(
            _tensor(node.v_threshold, dtype), torch.tensor(torch.inf, dtype=dtype)
        )
        cell = layers.LIF(
            tau_mem=tau, spike_threshold=threshold, spike_fn=SingleSpike,
            reset_fn=MembraneReset(), min_v_mem=None, norm_input=False,
        )  # fmt: skip
    return lambda x: cell((factor * x)[None, None, :])[0, 0]


class _Stateful:
    """Cell whose function takes and returns its state."""

    def __init__(self, function: Callable[[Tensor, Any], tuple[Tensor, Any]]) -> None:
        self._function, self._state = function, None

    def __call__(self, drive: Tensor) -> Tensor:
        output, self._state = self._function(drive, self._state)
        return output
