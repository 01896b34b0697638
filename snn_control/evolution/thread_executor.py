"""Thread executor, for fitness functions that release the global interpreter lock."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import final

import numpy as np

from snn_control.copies import NotCopied
from snn_control.evolution.executor import Executor, evaluate_chunk


@final
class ThreadExecutor(NotCopied, Executor):
    """Executor with threads of this process; the fitness function must be thread-safe."""

    instead = "make another executor with the same fitness function"

    def close(self) -> None:
        """Wait for chunks in progress and cancel the others."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _start(self) -> None:
        self._pool = ThreadPoolExecutor(self.workers, thread_name_prefix="fitness")

    def _evaluate(
        self, genomes: np.ndarray, seeds: np.ndarray, chunks: list[slice]
    ) -> list[np.ndarray]:
        def evaluate(p: slice) -> np.ndarray:
            return evaluate_chunk(self.fitness, genomes[p], seeds[p], p.start)

        return list(self._pool.map(evaluate, chunks))
