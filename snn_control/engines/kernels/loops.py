"""Loops over ticks and networks."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from snn_control.compiled import kernel
from snn_control.engines.kernels.state import State, aligned_copy, new_state, rest
from snn_control.engines.kernels.tick import control_tick, read_out

Array = Any


@kernel(_nrt=False, nogil=True)
def run_network(
    program: Array, weights: Array, c: Array, state: State, inputs: Array, outputs: Array,
    spikes: Array,
) -> None:  # fmt: skip
    """Run one network: `inputs` (n_ticks, n_inputs), `outputs` (n_ticks, n_readouts), written."""
    for t in range(inputs.shape[0]):
        start = control_tick(program, weights, c, state, inputs, t, spikes, t)
        read_out(program, state, start, outputs, t)


@kernel(parallel=True, nogil=True)
def run_population(
    program: Array, weights: Array, c: Array, inputs: Array, outputs: Array, spikes: Array
) -> None:
    """Run many networks of one structure from the initial state, in parallel.

    Args:
        program: common program of the networks.
        weights: weights, shape (n_networks, n_weights).
        c: coefficients, shape (n_networks, n_coefficients).
        inputs: inputs, shape (1 or n_networks, n_ticks, n_inputs); 1 for all networks.
        outputs: read-outs, shape (n_networks, n_ticks, n_readouts), written.
        spikes: number of spikes, shape (n_networks,), written.
    """
    for index in numba.prange(weights.shape[0]):
        g = np.int64(index)
        state = new_state(program, weights)
        fired = np.empty((1, 1), np.int64)
        w, k = aligned_copy(weights[g]), aligned_copy(c[g])
        rest(program, k, state)
        network_inputs = inputs[g if inputs.shape[0] > 1 else 0]
        total = 0
        for t in range(inputs.shape[1]):
            start = control_tick(program, w, k, state, network_inputs, t, fired, 0)
            total += fired[0, 0]
            read_out(program, state, start, outputs[g], t)
        spikes[g] = total
