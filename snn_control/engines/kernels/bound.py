"""One tick of a network whose arrays are bound once.

Numba spends about 40 ns on each array argument of a call, more than many networks need for a tick.
`bind` writes the addresses of a network's arrays down; a call then takes two arguments.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.addresses import array_at
from snn_control.compiled import kernel
from snn_control.engines.kernels.state import State
from snn_control.engines.kernels.tick import control_tick, read_out
from snn_control.engines.layout import N_INPUTS

Array = Any


def bind(
    program: Array, weights: Array, c: Array, state: State, spikes: Array
) -> npt.NDArray[np.int64]:
    """Return address and size of every array; the caller keeps the arrays alive and in place."""
    arrays: Sequence[Array] = (program, weights, c, *state, spikes)
    return np.array([[a.ctypes.data, a.size] for a in arrays], np.int64).ravel()


@kernel(forceinline=True)
def _array(bound: Array, k: int, dtype: Any) -> Array:
    return array_at(bound[2 * k], bound[2 * k + 1], dtype)


@kernel()
def step_bound(bound: Array, exchange: Array) -> None:
    """One network, one control tick.

    Args:
        bound: what `bind` returned; all arrays but the integers in the precision of `exchange`.
        exchange: the inputs, then the read-outs, which are written.
    """
    real = exchange.dtype
    program = _array(bound, 0, np.int64)
    state = State(
        _array(bound, 3, real), _array(bound, 4, np.int32), _array(bound, 5, np.int64),
        _array(bound, 6, real), _array(bound, 7, real), _array(bound, 8, np.int64),
    )  # fmt: skip
    spikes = _array(bound, 9, real).reshape(1, -1)
    weights, c = _array(bound, 1, real), _array(bound, 2, real)
    n_inputs = program[N_INPUTS]
    inputs, outputs = exchange[:n_inputs].reshape(1, -1), exchange[n_inputs:].reshape(1, -1)
    start = control_tick(program, weights, c, state, inputs, 0, spikes, 0)
    read_out(program, state, start, outputs, 0)
