"""Random networks of thermometer codes between leaky integrators, with loops and delays."""

from __future__ import annotations

from typing import Literal

import numpy as np

from snn_control.network import INPUT, Connection, Network, Population, Readout
from snn_control.network.neurons import LIF, LeakyIntegrator


def code_network(seed: int) -> Network:
    """Return a network whose spiking neurons fire in the order of their thresholds."""
    rng = np.random.default_rng(seed)
    populations, connections = [], []
    names = [INPUT]
    for k in range(int(rng.integers(1, 4))):
        size, code, sink = int(rng.choice([1, 2, 7, 40])), f"code{k}", f"sum{k}"
        mirror = bool(rng.integers(2)) and size > 1
        signs = np.where(np.arange(size) % 2 == 1, -1.0, 1.0) if mirror else np.ones(size)
        thresholds = rng.permutation(rng.normal(0.2, 0.5, size))
        populations.append(Population(code, size, LIF(thresholds, bias=0.1, reset="hard")))
        for source in rng.choice(names, min(len(names), 2), replace=False).tolist():
            weights = np.asarray(rng.normal(0.0, 2.0) * signs[None], np.float64)
            connections.append(Connection(source, code, weights, delay_ticks=int(rng.integers(2))))
        tau = [0.0, 0.02, np.inf][int(rng.integers(3))]
        populations.append(Population(sink, 1, LeakyIntegrator(tau, normalised=tau == 0.02)))
        weights = rng.normal(0.0, 0.2, (size, 1)) * (rng.random((size, 1)) < 0.9)
        connections.append(Connection(code, sink, weights))
        if rng.random() < 0.5:
            last = np.array(rng.random(size) < 0.3, np.float64)[:, None]
            stop = -1000.0 * last * np.array(signs > 0, np.float64)[None]
            connections.append(Connection(code, code, stop, delay_ticks=int(rng.integers(1, 3))))
        if rng.random() < 0.5:
            connections.append(Connection(sink, sink, np.array([[-0.3]]), delay_ticks=1))
        names.append(sink)
    readouts = tuple(Readout(p.name, p.name, p.size - 1) for p in populations)
    start: Literal["rest", "steady"] = "steady" if rng.random() < 0.5 else "rest"
    return Network("codes", 0.01, ("x",), tuple(populations), tuple(connections), readouts, 1,
                   start)  # fmt: skip
