"""Small networks that together cover all neuron models, connection kinds, delays and variants."""

from __future__ import annotations

import itertools

import numpy as np

from snn_control.network import Connection, Network, Population, Readout, Shared
from snn_control.network.neurons import (
    IWTA,
    LIF,
    Graded,
    IntegrateAndFire,
    LeakyIntegrator,
    NeuronParams,
)

SIZE = 6
DT_S = 0.01
VARIANTS: dict[str, NeuronParams] = {
    "integrate_and_fire-soft": IntegrateAndFire(threshold=1.3, bias=0.05, floor=-2.0),
    "integrate_and_fire-hard": IntegrateAndFire(
        threshold=1.3, reset="hard", reset_potential=0.25, floor=-2.0
    ),
    "lif-soft": LIF(threshold=0.8, tau_syn_s=0.02, tau_mem_s=0.05, bias=0.02),
    "lif-hard": LIF(threshold=0.8, tau_syn_s=0.02, tau_mem_s=0.05, reset="hard"),
    "lif-hard-normalised": LIF(
        threshold=0.3, tau_syn_s=0.02, tau_mem_s=0.04, reset="hard", normalised=True
    ),
    "lif-memoryless": LIF(threshold=np.linspace(0.1, 1.0, SIZE)),
    "iwta-own": IWTA(
        threshold=0.6, adaptation=-0.05, partner_adaptation=0.1, tau_adaptation_s=0.3,
        tau_syn_s=0.01, tau_mem_s=0.03, limit=4.0,
    ),
    "iwta-input": IWTA(
        threshold=0.6, adaptation=0.07, tau_adaptation_s=np.inf, limit=5.0, own_spikes=False,
        tau_mem_s=0.02, bias=0.1,
    ),
    "leaky_integrator": LeakyIntegrator(tau_mem_s=0.01, tau_syn_s=0.002, bias=0.01),
    "leaky_integrator-normalised": LeakyIntegrator(tau_mem_s=0.05, normalised=True),
    "graded": Graded(ceiling=1.0, bias=0.1),
}  # fmt: skip
KINDS = ("dense", "diagonal", "block2", "sparse", "shared")
CASES = list(itertools.product(VARIANTS, KINDS))


def _draw(rng: np.random.Generator, grid: float | None, scale: float, *shape: int) -> np.ndarray:
    values = rng.normal(0.0, scale, shape)
    return np.round(values / grid) * grid if grid else values


def make(
    variant: str,
    kind: str,
    *,
    grid: float | None = None,
    start: str = "rest",
    size: int = SIZE,
) -> Network:
    """Return input -> spiking drivers -> recurrent delayed cells under test -> read-out."""
    rng = np.random.default_rng(abs(hash_of(variant + kind)))
    cells = VARIANTS[variant]
    if variant == "lif-memoryless":
        cells = LIF(threshold=np.linspace(0.1, 1.0, size))
    fan_in = np.sqrt(SIZE / size)

    def connection(source: str, target: str, delay: int, scale: float) -> Connection:
        if kind == "dense":
            return Connection(
                source, target, _draw(rng, grid, scale * fan_in, size, size), delay_ticks=delay
            )
        if kind == "diagonal":
            weights = _draw(rng, grid, 2 * scale, size)
            return Connection(source, target, weights, "diagonal", delay)
        if kind == "block2":
            weights = _draw(rng, grid, scale, size // 2, 2, 2)
            return Connection(source, target, weights, "block2", delay)
        if kind == "shared":
            shared = Shared.mirrored(_draw(rng, grid, 2 * scale, size // 2))
            return Connection(source, target, shared, "diagonal", delay)
        pre = np.sort(rng.integers(0, size, 2 * size))
        post = rng.integers(0, size, 2 * size)
        return Connection(
            source,
            target,
            _draw(rng, grid, scale, 2 * size),
            "sparse",
            delay,
            pre=pre,
            post=post,
        )

    connections = [
        Connection("input", "drivers", _draw(rng, grid, 1.0, 2, size)),
        Connection("input", "cells", _draw(rng, grid, 0.3, 2, size), delay_ticks=3),
        connection("drivers", "cells", 0, 0.8),
        connection("cells", "cells", 1, 0.1),
        connection("drivers", "cells", 2, 0.3),
        Connection("cells", "readout", _draw(rng, grid, 0.5 * fan_in, size, 1)),
    ]
    if cells.model == "iwta":
        connections.append(
            Connection("drivers", "cells", _draw(rng, grid, 0.4, size), "diagonal", 0, "adaptation")
        )
    return Network(
        f"{variant}-{kind}",
        DT_S,
        ("a", "b"),
        (
            Population("drivers", size, LIF(threshold=0.7, tau_mem_s=0.03, tau_syn_s=0.005)),
            Population("cells", size, cells),
            Population("readout", 1, LeakyIntegrator(tau_mem_s=0.02, normalised=True)),
        ),
        tuple(connections),
        (Readout("y", "readout"),),
        start=start,  # type: ignore[arg-type]
    )


def hash_of(text: str) -> int:
    """Return a hash of `text` that is equal in all processes."""
    return int.from_bytes(text.encode()[-8:], "big") % 2**32


def inputs(n_ticks: int, *, grid: float | None = None, seed: int = 7) -> np.ndarray:
    """Return two slowly varying noisy inputs, shape (n_ticks, 2)."""
    rng = np.random.default_rng(seed)
    t = np.arange(n_ticks)[:, None] * DT_S
    wave = np.sin(2 * np.pi * t * np.array([0.7, 1.9])) + rng.normal(0, 0.2, (n_ticks, 2))
    return np.round(wave / grid) * grid if grid else wave
