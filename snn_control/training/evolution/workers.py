"""Executor of an evolution: a worker makes the fitness, and so its environment, once."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.errors import ConfigError, UnknownNameError
from snn_control.evolution import Executor, make_executor
from snn_control.evolution.executor import usable_cores
from snn_control.training.task import Fitness, Task

__all__ = ["AUTO", "LateProcesses", "WorkerFitness", "open_executor"]

AUTO = "auto"
"""Executor that suits the fitness."""
SERIAL_S = 2.0
"""Duration of evaluations in one process before `AUTO` starts processes, which takes as long, s."""


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


class LateProcesses:
    """Executor that starts processes once evaluations in this process last longer than their start.

    Args:
        fitness: fitness, which this process has made already.
        workers: number of processes.
        each_s: expected duration of an evaluation, s.
    """

    def __init__(self, fitness: WorkerFitness, workers: int, each_s: float) -> None:
        self._fitness, self._workers, self._each_s = fitness, workers, each_s
        self._executor = make_executor("serial", fitness, 1)
        self._elapsed_s = 0.0

    @property
    def in_processes(self) -> bool:
        """True once processes evaluate."""
        return self._executor.workers > 1

    def evaluate(
        self, genomes: npt.NDArray[np.float64], seeds: npt.NDArray[np.uint64]
    ) -> npt.NDArray[np.float64]:
        """Return the fitness, see `Executor.evaluate`."""
        expected_s = self._elapsed_s + len(genomes) * self._each_s
        if not self.in_processes and expected_s > SERIAL_S:
            self._executor = make_executor("processes", self._fitness, self._workers)
        started = time.perf_counter()
        values = self._executor.evaluate(genomes, seeds)
        elapsed_s = time.perf_counter() - started
        self._elapsed_s += elapsed_s
        self._each_s = elapsed_s / len(genomes)
        return values

    def close(self) -> None:
        """Stop the processes."""
        self._executor.close()


@contextmanager
def open_executor(
    kind: str,
    workers: int,
    address: str,
    task: Task,
    seed: int,
    fitness: Fitness,
    each_s: float = math.inf,
) -> Iterator[Executor | LateProcesses]:
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
        each_s: upper limit of the duration of an evaluation, s; `AUTO` starts processes at once if
            a generation may last longer than `SERIAL_S`.

    Raises:
        ConfigError: the task cannot be sent to a worker.
    """
    workers = min(workers, usable_cores()) or usable_cores()
    own = WorkerFitness(task, seed, fitness)
    if kind == AUTO and fitness.holds_interpreter and workers > 1:
        with closing(LateProcesses(own, workers, each_s)) as late:
            yield late
        return
    kind = "serial" if kind == AUTO else kind
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
