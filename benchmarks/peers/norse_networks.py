"""Norse, functional and batched by `bmm`, in a process like those of the other peers."""

from __future__ import annotations

import numpy as np

from benchmarks.peers.worker import throughput
from snn_control.bench.norse_peer import Batch
from snn_control.bench.toy_blimp import fly_batch, reference_m
from snn_control.bench.workload import N_NEURONS, genomes, inputs

N_GENOMES, N_TICKS = 256, 200


class Networks:
    """Closed loop (`loop`) or population (`population`) of the workload of `snn_control.bench`."""

    def __init__(self, task: str, recurrent: bool, dtype: str = "float32") -> None:
        self._batch, self._in_loop = (
            Batch(genomes(N_GENOMES, recurrent), np.dtype(dtype)),
            task == "loop",
        )
        self._dtype = dtype
        self._amount = float(N_GENOMES * N_TICKS * (1 if self._in_loop else N_NEURONS))
        self.info = {"way": "functional, bmm, 1 thread"}

    def measure(self) -> dict[str, float]:
        """Return steps per second."""
        return throughput(lambda: self.results(N_TICKS), self._amount, 2)

    def results(self, n_ticks: int) -> np.ndarray:
        """Return the costs, shape (n,), or the outputs, shape (n, n_ticks)."""
        if self._in_loop:
            return fly_batch(self._batch, reference_m(n_ticks, np.dtype(self._dtype)))
        return self._batch.run(inputs(n_ticks))
