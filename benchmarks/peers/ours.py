"""Networks of this package in a process like those of its peers."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from benchmarks.peers.worker import throughput
from snn_control.bench.closed_loop import Fused
from snn_control.bench.workload import N_NEURONS, genomes, inputs, rows
from snn_control.engines.native import NativePopulation

CORES = len(os.sched_getaffinity(0))
N_GENOMES, N_TICKS = 256, 1000


class Networks:
    """Closed loop (`loop`) or population (`population`) of the workload of `snn_control.bench`."""

    def __init__(self, task: str, recurrent: bool, dtype: str = "float32") -> None:
        pool, self._in_loop = genomes(N_GENOMES, recurrent), task == "loop"
        real = np.dtype(dtype)
        self._networks: Any = Fused(pool, real)
        if not self._in_loop:
            self._networks = NativePopulation(*rows(pool, real), real)
        self._drive, steps = inputs(N_TICKS).astype(dtype), N_GENOMES * N_TICKS
        self.results(N_TICKS)
        if self._in_loop:
            spikes, self._amount = self._networks.spikes.sum(), float(steps)
        else:
            spikes = self._networks.run(self._drive, CORES).spikes.sum()
            self._amount = float(steps * N_NEURONS)
        self.info = {"spikes_per_neuron_and_tick": float(spikes / (steps * N_NEURONS))}

    def measure(self) -> dict[str, float]:
        """Return steps per second."""
        return throughput(lambda: self._run(N_TICKS), self._amount, 3)

    def results(self, n_ticks: int) -> np.ndarray:
        """Return the costs, shape (n,), or the outputs, shape (n, n_ticks)."""
        results = self._run(n_ticks)
        return results.copy() if self._in_loop else results.readouts[:, :, 0]

    def _run(self, n_ticks: int) -> Any:
        if self._in_loop:
            return self._networks.run(n_ticks, CORES)
        return self._networks.run(self._drive[:n_ticks], CORES)
