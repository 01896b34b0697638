"""Executor that evaluates one genome after the other in the calling thread."""

from __future__ import annotations

from typing import final

import numpy as np

from snn_control.evolution.executor import Executor, evaluate_portion


@final
class SerialExecutor(Executor):
    """No workers; `workers` is accepted and has no effect."""

    def close(self) -> None:
        """Do nothing."""

    def _start(self) -> None:
        pass

    def _evaluate(
        self, genomes: np.ndarray, seeds: np.ndarray, portions: list[slice]
    ) -> list[np.ndarray]:
        return [evaluate_portion(self.fitness, genomes[p], seeds[p], p.start) for p in portions]
