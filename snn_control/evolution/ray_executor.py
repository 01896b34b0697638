"""Ray executor: chunks of genomes as tasks, on the cores of this machine or of a cluster.

A task receives the pickled fitness, and a worker process keeps it, with its environment, for all
later tasks. Tasks are as long as `TASK_S` if the population allows it. A task whose worker or node
is lost runs again, up to `RETRIES` times; nodes may join at any time. Nothing listens on another
interface than loopback with the addresses `local` and `127.0.0.1:PORT`.
"""

from __future__ import annotations

import hashlib
import math
import os
import pickle
import secrets
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, final

import numpy as np

from snn_control.copies import NotCopied
from snn_control.errors import ConfigError, FitnessError, SnnControlError, require
from snn_control.evolution.executor import (
    CHUNKS_PER_WORKER,
    LOCAL,
    Executor,
    equal_chunks,
    evaluate_chunk,
)
from snn_control.evolution.process_executor import THREAD_VARIABLES

__all__ = ["RayExecutor"]

TASK_S = 0.2
"""Intended duration of a task, s; shorter ones cost more than they compute."""
RETRIES = 8
"""Further evaluations of a chunk whose worker or node was lost."""
POLL_S = 1.0
"""Period of the checks of the head node while tasks run, s."""
LOST_AFTER = 3
"""Failed checks in succession after which the head node counts as lost."""
CONNECT_S = 2.0
CURRENT = Path(tempfile.gettempdir()) / "ray" / "ray_current_cluster"
"""File with the address of the cluster that runs on this machine, or of the last one."""

_fitness: dict[str, Any] = {}
"""Fitness of this worker process by key."""


@final
class RayExecutor(NotCopied, Executor):
    """Executor of a Ray cluster; one that this process has started or joined already is used.

    Args:
        fitness: fitness function.
        workers: cores of a local cluster; ignored with an existing cluster, whose cores all count.
        address: `local`, a cluster that starts and ends with the executor; `auto`, the one that
            runs on this machine; or HOST:PORT of the head node.

    Raises:
        MissingExtraError: ray is not installed.
        ConfigError: the cluster cannot be reached or has another version of Ray or Python, or the
            fitness cannot be pickled.
    """

    _ray: Any
    _open: bool
    _lost: bool

    instead = "make another executor with the same fitness function"

    def close(self) -> None:
        """End the local cluster, or disconnect from an existing one that it has connected to."""
        if self._open and self._owned and not self._lost:
            self._ray.shutdown()  # would wait for a lost head node for a minute
        self._open = False

    def _start(self) -> None:
        self._open = self._lost = False
        self._each_s = math.inf
        _set_environment(self.address)
        ray: Any = require("ray", "cluster")
        try:
            blob = ray.cloudpickle.dumps(self.fitness)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise ConfigError(
                f"the fitness function {self.fitness!r} cannot be sent to a worker: {error}. "
                "Define it at the top level of a module, or use another executor"
            ) from error
        self._owned = not ray.is_initialized()
        try:
            if self._owned:
                _require_head(self.address)
                ray.init(**self._options())
        except (RuntimeError, ConnectionError, ValueError, TimeoutError) as error:
            raise ConfigError(
                f"no Ray cluster at {self.address!r}: {' '.join(str(error).split())}. Start it "
                "with `ray start --head`, with the same versions of Ray and Python, or use "
                "the address `local`"
            ) from error
        self._ray, self._open = ray, True
        self._head = ray.get_runtime_context().gcs_address
        self._blob, self._key = blob, hashlib.sha256(blob).hexdigest()
        self._task = ray.remote(num_cpus=1, max_retries=RETRIES)(_evaluate)

    def _options(self) -> dict[str, Any]:
        common = {"log_to_driver": False, "logging_level": "ERROR", "namespace": "snn_control"}
        if self.address != LOCAL:
            return common | {"address": self.address}
        return common | {
            "address": LOCAL,
            "num_cpus": self.workers,
            "include_dashboard": False,
            "_node_ip_address": "127.0.0.1",
        }

    def _chunks(self, population: int) -> list[slice]:
        """Return equal chunks of about `TASK_S`, the same number for each core, at least four."""
        if not self._open:
            raise SnnControlError("the Ray executor is closed; create a new one")
        self._require_head_answers(LOST_AFTER)  # the next call would wait for ever
        cores = int(self._ray.cluster_resources().get("CPU", 1))
        tasks_s = 0.0 if math.isinf(self._each_s) else population * self._each_s
        each = max(round(tasks_s / TASK_S / max(cores, 1)), CHUNKS_PER_WORKER)
        return equal_chunks(population, each * max(cores, 1))

    def _evaluate(
        self, genomes: np.ndarray, seeds: np.ndarray, chunks: list[slice]
    ) -> list[np.ndarray]:
        ray = self._ray
        tasks = {self._submit(genomes, seeds, chunk): k for k, chunk in enumerate(chunks)}
        results: dict[int, np.ndarray] = {}
        took_s, pending = 0.0, [*tasks]
        while pending:
            done, pending = ray.wait(pending, num_returns=1, timeout=POLL_S)
            if not done:
                self._require_head_answers(LOST_AFTER)
            for task in done:
                reply, elapsed_s = self._reply(task, chunks[tasks[task]])
                results[tasks[task]] = reply
                took_s += elapsed_s
        self._each_s = took_s / len(genomes)
        return [results[k] for k in range(len(chunks))]

    def _submit(self, genomes: np.ndarray, seeds: np.ndarray, chunk: slice) -> Any:
        """Return the task that evaluates a chunk.

        Raises:
            FitnessError: object store and disk of this machine are full.
        """
        try:
            return self._task.remote(
                self._blob, self._key, sys.path, genomes[chunk], seeds[chunk], chunk.start
            )
        except self._ray.exceptions.RayError as error:
            raise self._failure(chunk, "could not be sent to the Ray cluster", error) from error

    def _failure(self, chunk: slice, what: str, error: Exception) -> FitnessError:
        reason = " ".join(str(error).splitlines()[:2])
        return FitnessError(
            f"individuals {chunk.start} to {chunk.stop - 1} {what}: {reason}",
            chunk.start,
            chunk.stop,
        )

    def _require_head_answers(self, attempts: int) -> None:
        """Require that the head node answers in one of several attempts.

        Raises:
            SnnControlError: it is lost.
        """
        for _ in range(attempts):
            if _answers(self._head):
                return
            time.sleep(POLL_S)
        raise self._loss("the head node")

    def _loss(self, node: str) -> SnnControlError:
        """Return the error of a lost node, without which the cluster cannot be used."""
        self._lost = True
        return SnnControlError(
            f"{node} of the Ray cluster at {self._head} is lost; start the cluster again and "
            "continue the run with --resume"
        )

    def _reply(self, task: Any, chunk: slice) -> tuple[np.ndarray, float]:
        """Return the result of a task and the time that it took, s.

        Raises:
            FitnessError: the fitness raised, or the chunk has ended too many workers.
            SnnControlError: the node of this process is lost.
        """
        try:
            reply, elapsed_s = self._ray.get(task)
        except self._ray.exceptions.LocalRayletDiedError as error:
            raise self._loss("the node of this process") from error
        except self._ray.exceptions.RayError as error:
            failed = f"could not be evaluated on the Ray cluster, in {RETRIES + 1} attempts"
            raise self._failure(chunk, failed, error) from error
        if isinstance(reply, FitnessError):
            raise reply
        return reply, elapsed_s


def _evaluate(
    blob: bytes, key: str, path: list[str], genomes: np.ndarray, seeds: np.ndarray, first: int
) -> tuple[np.ndarray | FitnessError, float]:
    """Evaluate a chunk in a worker; return its result and the elapsed time, s."""
    started = time.perf_counter()
    if key not in _fitness:
        os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
        sys.path.extend(entry for entry in path if entry not in sys.path)
    try:
        if key not in _fitness:
            _fitness.clear()
            _fitness[key] = pickle.loads(blob)
        reply: np.ndarray | FitnessError = evaluate_chunk(_fitness[key], genomes, seeds, first)
    except FitnessError as error:
        reply = error
    return reply, time.perf_counter() - started


def _require_head(address: str) -> None:
    """Refuse an address at which nothing answers; Ray would try for minutes.

    Raises:
        ConnectionError: no head node answers.
    """
    if address == "auto":
        try:
            address = CURRENT.read_text("utf-8").strip()
        except OSError:
            return  # Ray has further ways to search
    if address != LOCAL and not _answers(address):
        raise ConnectionError(f"no head node answers at {address}")


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), CONNECT_S):
            return True
    except (OSError, ValueError):
        return False


def _set_environment(address: str) -> None:
    """Set the variables that Ray reads when it is imported, unless they are set.

    A local cluster gets a random token, which Ray would otherwise write to the home folder, unless
    the program has imported Ray before. The last variable keeps a driver on loopback, which would
    connect to the address of the machine.
    """
    variables = {"RAY_USAGE_STATS_ENABLED": "0"}
    if address == LOCAL and "ray" not in sys.modules:
        variables |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    if address == LOCAL or address.startswith("127."):
        variables["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    for name, value in variables.items():
        os.environ.setdefault(name, value)
