"""Timing on a shared machine: candidates run in turn, ratios are computed within a round."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

BLOCK = 250
WARM_UP = 200
PATIENCE = 4
"""Maximum number of additional rounds per required round, to replace disturbed ones."""
QUIET = {"native": 1.9, "norse": 0.98}
"""Minimum cores used in an undisturbed round: native on two threads, Norse on one."""


@dataclass(frozen=True)
class Turns:
    """Figures of each candidate in each round; larger is better."""

    figures: dict[str, list[float]] = field(default_factory=dict)
    cores_got: dict[str, list[float]] = field(default_factory=dict)
    """CPU time over wall time of the candidates with a required number of cores."""
    repeated: int = 0
    """Number of disturbed rounds, which are left out."""

    def best(self, name: str) -> float:
        """Return the largest figure of a candidate, from its least disturbed round."""
        return max(self.figures[name])

    def ratio(self, name: str, peer: str) -> dict[str, float]:
        """Return median and range over the rounds of the ratio of one candidate to its peer."""
        quotients = np.divide(self.figures[name], self.figures[peer])
        return {
            "median": float(np.median(quotients)),
            "low": float(quotients.min()),
            "high": float(quotients.max()),
        }


class Throughput:
    """Measurement of `amount` per second of wall time, the best of several repeats.

    Args:
        work: function to time.
        amount: amount of work per call.
        repeats: calls per measurement.
    """

    def __init__(self, work: Callable[[], Any], amount: float, repeats: int = 1) -> None:
        self._work, self._amount, self._repeats = work, amount, repeats
        self.cores_got = 0.0
        """CPU time over wall time of the best repeat."""

    def __call__(self) -> float:
        """Run the measurement."""
        best = np.inf
        for _ in range(self._repeats):
            wall, cpu = time.perf_counter(), time.process_time()
            self._work()
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            if wall < best:
                best, self.cores_got = wall, cpu / wall
        return self._amount / best


def take_turns(
    candidates: Mapping[str, Callable[[], float]],
    rounds: int,
    cores: Mapping[str, float] | None = None,
) -> Turns:
    """Measure every candidate once per round, after one round of warm-up.

    Args:
        candidates: measurement of each candidate by name.
        rounds: number of rounds to keep.
        cores: name of a `Throughput` -> cores it must use. A round with fewer cores was disturbed
            by other programs and is repeated, at most `PATIENCE` times `rounds` in total; then the
            least disturbed rounds are kept.
    """
    needed = {name: min(n, 0.95 * (os.cpu_count() or 1)) for name, n in (cores or {}).items()}
    for measure in candidates.values():
        measure()
    measured: list[tuple[float, dict[str, float], dict[str, float]]] = []
    quiet = 0
    while quiet < rounds and len(measured) < (1 + PATIENCE) * rounds:
        figures = {name: measure() for name, measure in candidates.items()}
        got = {name: candidates[name].cores_got for name in needed}  # type: ignore[attr-defined]
        fraction = min((min(1.0, got[name] / n) for name, n in needed.items()), default=1.0)
        measured.append((fraction, figures, got))
        quiet += fraction == 1.0
    chosen = sorted(measured, key=lambda one: -one[0])[:rounds]
    return Turns(
        {name: [figures[name] for _, figures, _ in chosen] for name in candidates},
        {name: [got[name] for _, _, got in chosen] for name in needed},
        len(measured) - rounds,
    )


@dataclass(frozen=True)
class Latency:
    """Latency of single calls, microseconds."""

    p50_us: float
    """Median of the medians of blocks of 250 calls."""
    p99_us: float
    """Lowest 99th percentile of a block: the tail without the load of other programs."""


def latency(call: Callable[[Any], Any], arguments: list[Any]) -> Latency:
    """Time one call per argument after a warm-up."""
    clock = time.perf_counter_ns
    for argument in arguments[:WARM_UP]:
        call(argument)
    took = np.empty(len(arguments))
    for k, argument in enumerate(arguments):
        start = clock()
        call(argument)
        took[k] = clock() - start
    blocks = took[: len(took) // BLOCK * BLOCK].reshape(-1, BLOCK) / 1e3
    return Latency(
        float(np.median(np.median(blocks, axis=1))),
        float(np.percentile(blocks, 99, axis=1).min()),
    )
