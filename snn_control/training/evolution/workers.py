"""Executor of an evolution: a worker makes the fitness, and so its environment, once."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.errors import ConfigError, UnknownNameError
from snn_control.evolution import Executor, make_executor
from snn_control.evolution.executor import usable_cores
from snn_control.training.task import Fitness, Task

__all__ = ["AUTO", "WorkerFitness", "open_executor"]

AUTO = "auto"
"""Executor that suits the fitness."""


class WorkerFitness:
    """Fitness of a task as workers receive it: each thread of each process makes its own.

    Args:
        task: settings, which can be pickled.
        seed: seed of data and scenarios.
        own: fitness of the calling thread, if it exists already.
    """

    def __init__(self, task: Task, seed: int, own: Fitness | None = None) -> None:
        self._task, self._seed, self._local = task, seed, threading.local()
        self._local.fitness = own

    def rows(
        self, genomes: npt.NDArray[np.float64], seeds: npt.NDArray[np.uint64]
    ) -> Iterable[npt.NDArray[np.float64]]:
        """Return the objectives of each genome, see `Fitness.rows`.

        Raises:
            ConfigError: a worker does not have the environment or function that the task names.
        """
        fitness = getattr(self._local, "fitness", None)
        if fitness is None:
            try:
                fitness = self._local.fitness = self._task.fitness(self._seed)
            except (ConfigError, UnknownNameError) as error:
                raise ConfigError(
                    f"the task cannot be made in a worker: {error}. Workers import modules and do "
                    "not run your script: name the environment MODULE:ID, or use the executor "
                    "serial"
                ) from error
        return fitness.rows(genomes, seeds)

    def __getstate__(self) -> dict[str, Any]:
        return {"task": self._task, "seed": self._seed}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]


@contextmanager
def open_executor(
    kind: str, workers: int, address: str, task: Task, seed: int, fitness: Fitness
) -> Iterator[Executor]:
    """Start the executor of a task, and stop its workers at the end.

    A fitness of compiled code evaluates a population at once with `serial` and `threads`; `workers`
    limits its threads.

    Args:
        kind: `AUTO` or one of `EXECUTORS`.
        workers: threads or processes; 0: one for each core.
        address: address of a Ray cluster, see `RayExecutor`.
        task: settings, from which workers make the fitness.
        seed: seed of data and scenarios.
        fitness: fitness of this process.

    Raises:
        ConfigError: the task cannot be sent to a worker.
    """
    workers = min(workers, usable_cores()) or usable_cores()
    if kind == AUTO:
        kind = "processes" if fitness.holds_interpreter and workers > 1 else "serial"
    own = WorkerFitness(task, seed, fitness)
    if kind in ("serial", "threads") and not fitness.holds_interpreter:
        with _numba_threads(workers), make_executor("serial", own) as executor:
            yield executor
    else:
        with make_executor(kind, own, workers, address) as executor:
            yield executor


@contextmanager
def _numba_threads(workers: int) -> Iterator[None]:
    import numba

    before = numba.get_num_threads()
    numba.set_num_threads(min(workers, before))
    try:
        yield
    finally:
        numba.set_num_threads(before)
