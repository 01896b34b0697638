"""Executor of threads, for fitness functions that release the interpreter lock."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import final

import numpy as np

from snn_control.evolution.executor import Executor, evaluate_portion


@final
class ThreadExecutor(Executor):
    """Threads of this process; the fitness function must be safe to call from several at once."""

    def close(self) -> None:
        """Wait for the genomes in work and drop the others."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _start(self) -> None:
        self._pool = ThreadPoolExecutor(self.workers, thread_name_prefix="fitness")

    def _evaluate(
        self, genomes: np.ndarray, seeds: np.ndarray, portions: list[slice]
    ) -> list[np.ndarray]:
        def portion(p: slice) -> np.ndarray:
            return evaluate_portion(self.fitness, genomes[p], seeds[p], p.start)

        return list(self._pool.map(portion, portions))
