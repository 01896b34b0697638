"""Serial executor: evaluates one genome at a time in the calling thread."""

from __future__ import annotations

from typing import final

import numpy as np

from snn_control.evolution.executor import Executor, evaluate_chunk


@final
class SerialExecutor(Executor):
    """Executor without workers; `workers` has no effect."""

    def close(self) -> None:
        """Do nothing."""

    def _start(self) -> None:
        pass

    def _evaluate(
        self, genomes: np.ndarray, seeds: np.ndarray, chunks: list[slice]
    ) -> list[np.ndarray]:
        return [evaluate_chunk(self.fitness, genomes[p], seeds[p], p.start) for p in chunks]
