"""Minimal blimp: plant and network in one compiled loop, and in NumPy with Norse.

    z' = v      v' = 4 f - 0.5 v |v| - 0.3      f' = (u - f) / 0.2      Euler steps of 0.02 s

Each step runs one network tick on the state before the step: with e = reference - z the inputs are
ten triangular receptive fields of q = clip(e - 0.5 v, -1, 1), centres -1 + 2 k / 9, half-width
1 / 4.5; u is the output clipped to [-1, 1]. The reference is 1, then 0.5 from half-time; the cost
is the sum of |e|.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from snn_control.bench.agreement import Exact
from snn_control.bench.norse_peer import Batch
from snn_control.bench.workload import N_INPUTS, FloatArray, Genomes
from snn_control.compiled import kernel
from snn_control.engines.kernels import aligned_copy, control_tick, new_state, rest
from snn_control.engines.layout import HEADER

DT_S = 0.02
CENTRES = -1 + 2 * np.arange(N_INPUTS) / 9
SLOPE = 4.5

Array = Any


@kernel(parallel=True, nogil=True)
def fly(
    program: Array, weights: Array, coefficients: Array, reference: Array, centres: Array,
    costs: Array, spikes: Array,
) -> None:  # fmt: skip
    """Run an episode of every network; write costs and numbers of spikes, each of shape (n,)."""
    real = weights.dtype.type
    for index in numba.prange(weights.shape[0]):
        g = np.int64(index)
        state = new_state(program, weights)
        fired = np.empty((1, 1), np.int64)
        fields = np.empty((1, centres.size), weights.dtype)
        w, c = aligned_copy(weights[g]), aligned_copy(coefficients[g])
        rest(program, c, state)
        zero, one, slope = real(0), real(1), real(SLOPE)
        dt, half, pull, lag = real(DT_S), real(0.5), real(0.3), real(DT_S / 0.2)
        z = v = f = cost = zero
        total = 0
        for t in range(reference.size):
            e = reference[t] - z
            cost += abs(e)
            q = min(max(e - half * v, -one), one)
            for k in range(centres.size):
                fields[0, k] = max(zero, one - slope * abs(q - centres[k]))
            start = control_tick(program, w, c, state, fields, 0, fired, 0)
            total += fired[0, 0]
            u = min(max(state.values[start + program[HEADER]], -one), one)
            acceleration = real(4) * f - half * v * abs(v) - pull
            z += dt * v
            v += dt * acceleration
            f += lag * (u - f)
        costs[g] = cost
        spikes[g] = total


def fly_batch(batch: Batch, reference: FloatArray) -> FloatArray:
    """Run the episodes with NumPy plant and Norse networks; return the costs, shape (n,)."""
    real = reference.dtype.type
    torch, n = batch.torch, batch.n
    centres = CENTRES.astype(real)
    z, v, f, cost = (np.zeros(n, real) for _ in range(4))
    batch.reset()
    with torch.inference_mode():
        for target in reference:
            e = target - z
            cost += np.abs(e)
            q = np.clip(e - real(0.5) * v, -1, 1)
            fields = np.maximum(0, 1 - real(SLOPE) * np.abs(q[:, None] - centres))
            u = np.clip(batch.step(torch.from_numpy(fields)[:, None]).numpy()[:, 0, 0], -1, 1)
            acceleration = 4 * f - real(0.5) * v * np.abs(v) - real(0.3)
            z = z + real(DT_S) * v
            v = v + real(DT_S) * acceleration
            f = f + real(DT_S / 0.2) * (u - f)
    return cost


def closest_approach(pool: Genomes, index: int, reference: FloatArray) -> tuple[float, int]:
    """Run an episode of one network in float64.

    Returns:
        Smallest distance of a potential to the threshold, ulps of float32, and its tick.
    """
    network = Exact(pool, index)
    z = v = f = 0.0
    closest, when = np.inf, 0
    for tick, target in enumerate(reference.tolist()):
        q = np.clip(target - z - 0.5 * v, -1.0, 1.0)
        fields = np.maximum(0.0, 1.0 - SLOPE * np.abs(q - CENTRES))
        u = min(max(network.step(fields), -1.0), 1.0)
        if network.ulps < closest:
            closest, when = network.ulps, tick
        acceleration = 4.0 * f - 0.5 * v * abs(v) - 0.3
        z, v, f = z + DT_S * v, v + DT_S * acceleration, f + DT_S / 0.2 * (u - f)
    return closest, when


def reference_m(n_ticks: int, dtype: Any = np.float32) -> FloatArray:
    """Return the reference height, m: 1, then 0.5 from half-time."""
    return np.where(np.arange(n_ticks) < n_ticks // 2, 1.0, 0.5).astype(dtype)
