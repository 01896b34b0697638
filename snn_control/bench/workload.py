"""Reference network of the benchmark: 10 inputs, 160 LIF neurons, 1 leaky integrator.

One tick, with A = 0.1 and B = 0.2 (Norse's defaults: dt 1 ms, tau_mem 10 ms, tau_syn 5 ms):

    a = i + x W_in + z W_rec      v = v + A (a - v)      z = v > 1      v = v (1 - z)
    j = i_o + z w_out             v_o = v_o + A (j - v_o)
    i = (1 - B) a                 i_o = (1 - B) j        output: v_o

Norse uses Euler steps, this package exact integration; with the time constants below both are the
same equations. Without recurrence ("ff") there is no W_rec.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from snn_control.engines.layout import Layout, lay_out
from snn_control.network import Connection, Network, Population, Readout
from snn_control.network.neurons import LIF, LeakyIntegrator

N_INPUTS, N_NEURONS = 10, 160
DT_S = 1e-3
TAU_MEM_S = -DT_S / np.log(0.9)
TAU_SYN_S = -DT_S / np.log(0.8)

FloatArray = npt.NDArray[Any]


class Genomes(NamedTuple):
    """Weights of n networks in float32; rows are presynaptic."""

    w_in: FloatArray
    """Input weights, shape (n, 10, 160)."""
    w_rec: FloatArray | None
    """Recurrent weights, shape (n, 160, 160), or None without recurrence."""
    w_out: FloatArray
    """Output weights, shape (n, 160)."""


def genomes(n: int, recurrent: bool, seed: int = 0, n_neurons: int = N_NEURONS) -> Genomes:
    """Draw the weights of n random networks.

    The weights of spikes are scaled for other numbers of neurons, so that they spike as often.
    """
    scale = np.sqrt(N_NEURONS / n_neurons)
    rng = np.random.default_rng(seed)
    w_in = rng.normal(0.05, 0.20, (n, N_INPUTS, n_neurons)).astype(np.float32)
    w_out = rng.normal(0.0, 0.05 * scale, (n, n_neurons)).astype(np.float32)
    shape = (n, n_neurons, n_neurons)
    w_rec = rng.normal(-0.01 * scale**2, 0.11 * scale, shape) if recurrent else None
    return Genomes(w_in, None if w_rec is None else w_rec.astype(np.float32), w_out)


def inputs(n_ticks: int, seed: int = 1) -> FloatArray:
    """Return ten sinusoids in [0, 1] of 1 to 8 Hz, random phases, float32 (n_ticks, 10)."""
    rng = np.random.default_rng(seed)
    frequency, phase = rng.uniform(1, 8, N_INPUTS), rng.uniform(0, 2 * np.pi, N_INPUTS)
    t_s = DT_S * np.arange(n_ticks)[:, None]
    return (0.5 + 0.5 * np.sin(2 * np.pi * frequency * t_s + phase)).astype(np.float32)


def reference_network(pool: Genomes, index: int = 0) -> Network:
    """Return one network of the pool as data."""
    connections = [Connection("input", "hidden", pool.w_in[index].astype(float))]
    if pool.w_rec is not None:
        recurrence = pool.w_rec[index].astype(float)
        connections.append(Connection("hidden", "hidden", recurrence, delay_ticks=1))
    connections.append(Connection("hidden", "output", pool.w_out[index, :, None].astype(float)))
    taus = {"tau_mem_s": TAU_MEM_S, "tau_syn_s": TAU_SYN_S, "normalised": True}
    return Network(
        name="benchmark",
        control_period_s=DT_S,
        inputs=tuple(f"x{k}" for k in range(N_INPUTS)),
        populations=(
            Population("hidden", pool.w_out.shape[1], LIF(reset="hard", **taus)),
            Population("output", 1, LeakyIntegrator(**taus)),
        ),
        connections=tuple(connections),
        readouts=(Readout("output", "output"),),
    )


def rows(pool: Genomes, dtype: npt.DTypeLike) -> tuple[Layout, FloatArray, FloatArray]:
    """Return the layout of the networks with their weight and coefficient rows."""
    layout = lay_out(reference_network(pool))
    n = len(pool.w_in)
    coefficients = np.tile(layout.row()[1].astype(dtype), (n, 1))
    parts = [part.reshape(n, -1) for part in pool if part is not None]
    return layout, np.concatenate(parts, axis=1).astype(dtype), coefficients
