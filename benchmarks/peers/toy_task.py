"""Evolution of the toy blimp: genes in units of the initial weights' standard deviation.

A genome x holds the 1760 weights of the feed-forward network of `snn_control.bench.workload`:
weight = mean + deviation x. Strategies with bounds keep x in [-BOX, BOX]. The cost is that of
`snn_control.bench.toy_blimp` over 1000 ticks, in float32.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from snn_control.bench.closed_loop import Fused
from snn_control.bench.workload import N_INPUTS, N_NEURONS, Genomes

POPULATION, N_GENES, N_TICKS, BOX = 256, (N_INPUTS + 1) * N_NEURONS, 1000, 4.0
MEAN = np.repeat([0.05, 0.0], [N_INPUTS * N_NEURONS, N_NEURONS])
DEVIATION = np.repeat([0.20, 0.05], [N_INPUTS * N_NEURONS, N_NEURONS])


def fused(n: int = POPULATION) -> Fused:
    """Return our closed loop of n networks, whose weights are those of genomes 0."""
    weights = np.tile(MEAN.astype(np.float32), (n, 1))
    split = N_INPUTS * N_NEURONS
    w_in = weights[:, :split].reshape(n, N_INPUTS, N_NEURONS)
    return Fused(Genomes(w_in, None, weights[:, split:]))


class Ours:
    """Our evaluation of genomes in these units."""

    def __init__(self, threads: int, n: int = POPULATION) -> None:
        self._fused, self._threads = fused(n), threads

    def __call__(self, genomes: np.ndarray) -> np.ndarray:
        """Return the costs of genomes, shape (n, 1760)."""
        weights = self._fused.weights
        np.multiply(genomes, DEVIATION, out=weights, casting="same_kind")
        weights += MEAN.astype(np.float32)
        return self._fused.run(N_TICKS, self._threads).astype(float)


def timed_run(
    generation: Callable[[], Any], generations: int, result: Callable[[], tuple[Any, float]]
) -> dict[str, Any]:
    """Run an evolution.

    Args:
        generation: runs one generation.
        generations: their number.
        result: returns the best genome and its cost when all work is done.

    Returns:
        Seconds of wall and processor time for a generation, the best cost, and the relative
        difference of our evaluation of the best genome from it.
    """
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(generations):
        generation()
    genome, cost = result()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    again = Ours(1, 1)(np.asarray(genome, float)[None]).item()
    return {
        "s": wall / generations,
        "cpu_s": cpu / generations,
        "best": float(cost),
        "difference": abs(again - float(cost)) / float(cost),
    }
