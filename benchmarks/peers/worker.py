"""Process of one library, so that thread pools and settings of libraries do not meet.

Runs `MODULE:FUNCTION` and then methods of the object that it returns, by JSON lines on the standard
input and output. The processor cores are limited before any library is imported.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

PACKAGES = (
    "numpy", "numba", "torch", "norse", "jax", "jaxlib", "evosax", "evotorch", "deap", "cma",
    "stable_baselines3", "gymnasium", "mujoco",
)  # fmt: skip

LONG_PER_S = 10.0
"""Generations per second of strategies that are timed twice only."""


def versions() -> dict[str, str]:
    """Return the versions of Python and of the compared packages that are installed."""
    known = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            known[name] = version(name)
        except PackageNotFoundError:
            continue
    return known


def throughput(work: Callable[[], Any], amount: float, repeats: int) -> dict[str, float]:
    """Return the amount of work per second of the fastest of several calls, and its cores."""
    best, cores = float("inf"), 0.0
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        if wall < best:
            best, cores = wall, cpu / wall
    return {"figure": amount / best, "cores_got": cores}


def generations_per_s(generation: Callable[[], Any]) -> dict[str, float]:
    """Return generations per second: the fastest of five, or of two if they take long."""
    first = throughput(generation, 1.0, 1)
    others = throughput(generation, 1.0, 4 if first["figure"] > LONG_PER_S else 1)
    return max(first, others, key=lambda one: one["figure"])


def main() -> None:
    """Serve the calls of the parent until its end of the pipe closes."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # output of a library must not mix with the answers
    spec = json.loads(sys.argv[1])
    if spec["cores"]:
        os.sched_setaffinity(0, spec["cores"])

    def serve(call: Callable[[], Any]) -> Any:
        try:
            result = {"result": call()}
        except ImportError as exc:
            result = {"missing": exc.name or str(exc)}
        except Exception as exc:
            traceback.print_exc()
            result = {"error": f"{type(exc).__name__}: {exc}"}
        answers.write(json.dumps(result, default=_plain) + "\n")
        return result.get("result")

    made: list[Any] = []

    def make() -> dict[str, Any]:
        module, function = spec["make"].split(":")
        made.append(getattr(importlib.import_module(module), function)(**spec["arguments"]))
        return {"info": getattr(made[0], "info", {}), "versions": versions()}

    serve(make)
    for line in sys.stdin:
        request = json.loads(line)
        serve(lambda request=request: getattr(made[0], request[0])(**request[1]))  # type: ignore[misc]


def _plain(value: Any) -> Any:
    """Return a value that JSON can express; an array is a file that the parent removes."""
    import numpy as np

    if isinstance(value, np.ndarray):
        with tempfile.NamedTemporaryFile(suffix=".npy", delete=False) as file:
            np.save(file, value)
        return {"array": file.name}
    return value.item()


if __name__ == "__main__":
    main()
