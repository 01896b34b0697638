"""Executor of processes, for fitness functions that hold the interpreter lock.

Workers are spawned, so nothing of the parent's threads is copied, with one BLAS thread each. A
worker gets a portion of the population at a time over its own pipe, and ends with the parent, also
when that was killed. The fitness function must be importable by a worker, that is be
defined in a module; and a script that starts the executor needs `if __name__ == "__main__":`.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import threading
import traceback
from collections import deque
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import final

import numpy as np

from snn_control.errors import ConfigError, SnnControlError
from snn_control.evolution.executor import Executor, Fitness, evaluate_portion

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
)
"""Read once by each library when a process first imports it."""

_JOIN_S = 5.0


@final
class ProcessExecutor(Executor):
    """Spawned processes. After an error or an interrupt it is closed and leaves no process."""

    def close(self) -> None:
        """End all workers at once, whatever they are doing."""
        workers = dict(self._workers)
        self._workers.clear()
        for pipe, process in workers.items():
            pipe.close()
            process.terminate()
        for process in workers.values():
            process.join(_JOIN_S)
            if process.is_alive():
                process.kill()
                process.join()

    def _start(self) -> None:
        self._workers: dict[Connection, SpawnProcess] = {}
        context = multiprocessing.get_context("spawn")
        try:
            with _one_blas_thread():
                for _ in range(self.workers):
                    ours, theirs = context.Pipe()
                    process = context.Process(
                        target=_work, args=(theirs, self.fitness), name="fitness", daemon=True
                    )
                    with theirs:
                        process.start()
                    self._workers[ours] = process
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            self.close()
            raise ConfigError(
                f"the fitness function {self.fitness!r} cannot be sent to a worker: {error}. "
                "Define it at the top level of a module, or use another executor"
            ) from error
        except BaseException:
            self.close()
            raise

    def _evaluate(
        self, genomes: np.ndarray, seeds: np.ndarray, portions: list[slice]
    ) -> list[np.ndarray]:
        if not self._workers:
            raise SnnControlError("the process executor is closed: make a new one")
        results: dict[int, np.ndarray] = {}
        waiting = deque(enumerate(portions))
        busy: dict[Connection, int] = {}
        idle = list(self._workers)
        pipe = idle[0]
        try:
            while len(results) < len(portions):
                while idle and waiting:
                    pipe = idle.pop()
                    index, p = waiting.popleft()
                    busy[pipe] = index
                    pipe.send((seeds[p], genomes[p].shape, p.start))
                    pipe.send_bytes(genomes[p].data.cast("B"))
                for pipe in [ready for ready in wait(list(busy)) if isinstance(ready, Connection)]:
                    answer = pipe.recv()
                    if isinstance(answer, str):
                        raise SnnControlError(answer)
                    results[busy.pop(pipe)] = answer
                    idle.append(pipe)
        except (EOFError, ConnectionError) as error:
            raise self._death(pipe, portions[busy[pipe]]) from error
        except BaseException:
            self.close()
            raise
        return [results[index] for index in range(len(portions))]

    def _death(self, pipe: Connection, portion: slice) -> SnnControlError:
        process = self._workers[pipe]
        process.join(_JOIN_S)
        code = process.exitcode
        self.close()
        how = f"signal {-code}" if code is not None and code < 0 else f"exit status {code}"
        return SnnControlError(
            f"a worker process died ({how}) on individuals {portion.start} to {portion.stop - 1}; "
            "common causes are a lack of memory, a crash in compiled code, or a script without "
            '`if __name__ == "__main__":`'
        )


def _work(pipe: Connection, fitness: Fitness) -> None:
    """Answer portions until the pipe closes; the parent decides what an interrupt means."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            seeds, shape, first = pipe.recv()
            genomes = np.empty(shape)
            pipe.recv_bytes_into(genomes.data.cast("B"))
            answer: np.ndarray | str
            try:
                answer = evaluate_portion(fitness, genomes, seeds, first)
            except SnnControlError as error:
                answer = f"{error}\n{''.join(traceback.format_exception(error.__cause__))}"
            pipe.send(answer)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextlib.contextmanager
def _one_blas_thread() -> Iterator[None]:
    """Set the thread variables that processes started meanwhile inherit, then put them back."""
    before = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
