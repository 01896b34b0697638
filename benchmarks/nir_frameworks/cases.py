"""Networks and inputs of the comparison."""

from __future__ import annotations

import numpy as np

from snn_control import load
from snn_control.network import INPUT, Connection, Network, Population, Readout
from snn_control.network.neurons import LIF, NeuronParams

DT_S = 0.1
N_TICKS = 1824


def cases() -> dict[str, Network]:
    """Return the networks by name: two layers, and the networks of two controllers."""
    rng = np.random.default_rng(7)
    levels = np.repeat(np.sort(rng.uniform(0.01, 1.5, 40)), 2)
    leaky = LIF(
        rng.uniform(0.2, 1.0, 80), 0.0, rng.uniform(0.15, 0.9, 80), reset="hard", normalised=True
    )
    networks = {
        "thermometer": _layer("thermometer", LIF(levels, reset="hard")),
        "leaky": _layer("leaky", leaky, 3.0),
    }
    for model, prefix in (("blimp-altitude", ""), ("blimp-altitude-delay", "delayed ")):
        networks |= {f"{prefix}{network.name}": network for network in load(model).networks}
    return networks


def _layer(name: str, params: NeuronParams, gain: float = 1.0) -> Network:
    """Return 80 neurons on one input, alternately of positive and negative weight."""
    weights = gain * np.tile([1.0, -1.0], 40)[None, :]
    return Network(
        name, DT_S, ("x",), (Population("code", 80, params),),
        (Connection(INPUT, "code", weights),),
        tuple(Readout(f"y{k}", "code", k) for k in range(80)),
    )  # fmt: skip


def inputs() -> np.ndarray:
    """Return steps, swings, noise and extremes after a start at 0, float32, shape (n_ticks, 1)."""
    rng, time = np.random.default_rng(11), np.arange(N_TICKS)
    x = 0.4 * np.sin(0.03 * time) + 0.5 * np.sign(np.sin(0.011 * time))
    x += rng.normal(0.0, 0.08, N_TICKS)
    x[:50] = 0.0
    x[900:920] *= 30.0
    return x.astype(np.float32)[:, None]
