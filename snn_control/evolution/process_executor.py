"""Process executor, for fitness functions that hold the global interpreter lock.

Workers are spawned, so that no state of the parent's threads is copied, with one BLAS thread each.
A worker receives one chunk of the population at a time over its pipe. It exits with the parent,
also if the parent is killed. A worker that is killed is replaced, and its chunk evaluated again, up
to `RETRIES` times. Workers must be able to import the fitness function, so it must be
defined in a module. A script that starts the executor needs `if __name__ == "__main__":`.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import threading
from collections import Counter, deque
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import final

import numpy as np

from snn_control.copies import NotCopied
from snn_control.errors import ConfigError, FitnessError, SnnControlError
from snn_control.evolution.executor import (
    Executor,
    Fitness,
    PopulationFitness,
    evaluate_chunk,
)

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
)
"""Variables of thread counts, which each library reads when a process imports it."""

_JOIN_S = 5.0
RETRIES = 2
"""Further evaluations of a chunk whose worker was killed."""


@final
class ProcessExecutor(NotCopied, Executor):
    """Executor with spawned processes; an error or an interrupt closes it."""

    instead = "make another executor with the same fitness function"

    def close(self) -> None:
        """Terminate all workers immediately."""
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
        try:
            for _ in range(self.workers):
                self._add_worker()
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            self.close()
            raise ConfigError(
                f"the fitness function {self.fitness!r} cannot be sent to a worker: {error}. "
                "Define it at the top level of a module, or use another executor"
            ) from error
        except BaseException:
            self.close()
            raise

    def _add_worker(self) -> Connection:
        context = multiprocessing.get_context("spawn")
        parent_end, worker_end = context.Pipe()
        process = context.Process(
            target=_work, args=(worker_end, self.fitness), name="fitness", daemon=True
        )
        with worker_end, _one_blas_thread():
            process.start()
        self._workers[parent_end] = process
        return parent_end

    def _evaluate(
        self, genomes: np.ndarray, seeds: np.ndarray, chunks: list[slice]
    ) -> list[np.ndarray]:
        if not self._workers:
            raise SnnControlError("the process executor is closed; create a new one")
        results: dict[int, np.ndarray] = {}
        pending = deque(enumerate(chunks))
        busy: dict[Connection, int] = {}
        idle = list(self._workers)
        deaths: Counter[int] = Counter()

        def replace(pipe: Connection) -> None:
            index = busy.pop(pipe)
            deaths[index] += 1
            idle.append(self._replacement(pipe, chunks[index], deaths[index]))
            pending.appendleft((index, chunks[index]))

        try:
            while len(results) < len(chunks):
                while idle and pending:
                    pipe = idle.pop()
                    index, p = pending.popleft()
                    busy[pipe] = index
                    try:
                        pipe.send((seeds[p], genomes[p].shape, p.start))
                        pipe.send_bytes(genomes[p].data.cast("B"))
                    except ConnectionError:
                        replace(pipe)
                for pipe in [ready for ready in wait(list(busy)) if isinstance(ready, Connection)]:
                    try:
                        reply = pipe.recv()
                    except (EOFError, ConnectionError):
                        replace(pipe)
                        continue
                    if isinstance(reply, FitnessError):
                        raise reply
                    results[busy.pop(pipe)] = reply
                    idle.append(pipe)
        except BaseException:
            self.close()
            raise
        return [results[index] for index in range(len(chunks))]

    def _replacement(self, pipe: Connection, chunk: slice, deaths: int) -> Connection:
        """Start a worker in place of one that was killed.

        Raises:
            FitnessError: it ended by itself, or its chunk has ended too many workers.
        """
        process = self._workers.pop(pipe)
        pipe.close()
        process.join(_JOIN_S)
        code = process.exitcode
        killed = code is not None and code < 0
        if killed and deaths <= RETRIES:
            return self._add_worker()
        times = f" {deaths} times" if deaths > 1 else ""
        cause = f"signal {-code}" if killed and code is not None else f"exit status {code}"
        raise FitnessError(
            f"a worker process died{times} ({cause}) on individuals {chunk.start} to "
            f"{chunk.stop - 1}; common causes are a lack of memory, a crash of compiled code, or a "
            'script without `if __name__ == "__main__":`',
            chunk.start,
            chunk.stop,
        )


def _work(pipe: Connection, fitness: Fitness | PopulationFitness) -> None:
    """Evaluate chunks until the pipe closes; only the parent handles interrupts."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            seeds, shape, first = pipe.recv()
            genomes = np.empty(shape)
            pipe.recv_bytes_into(genomes.data.cast("B"))
            reply: np.ndarray | FitnessError
            try:
                reply = evaluate_chunk(fitness, genomes, seeds, first)
            except FitnessError as error:
                reply = error
            pipe.send(reply)


def _exit_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextlib.contextmanager
def _one_blas_thread() -> Iterator[None]:
    """Set the thread variables for processes started in this context, then restore them."""
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
