"""Timing on a shared machine: candidates take turns, ratios are taken within a turn."""

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
"""Further rounds, for every round that counts, where some are disturbed."""
QUIET = {"native": 1.9, "norse": 0.98}
"""Cores that ours on two threads and the peer on one must have got in a quiet round."""


@dataclass(frozen=True)
class Turns:
    """What each candidate reached in each round; the larger the better."""

    figures: dict[str, list[float]] = field(default_factory=dict)
    cores_got: dict[str, list[float]] = field(default_factory=dict)
    """CPU time over wall time of the candidates that need a number of cores."""
    repeated: int = 0
    """Rounds that were disturbed and left out."""

    def best(self, name: str) -> float:
        """Largest figure of a candidate: the one least disturbed."""
        return max(self.figures[name])

    def ratio(self, name: str, peer: str) -> dict[str, float]:
        """Median and range over the rounds of one candidate's figure over its peer's."""
        quotients = np.divide(self.figures[name], self.figures[peer])
        return {
            "median": float(np.median(quotients)),
            "low": float(quotients.min()),
            "high": float(quotients.max()),
        }


class Throughput:
    """Measures `amount` per second of wall time, the best of some repeats.

    Args:
        work: what is timed.
        amount: how much of it one call does.
        repeats: calls a measurement.
    """

    def __init__(self, work: Callable[[], Any], amount: float, repeats: int = 1) -> None:
        self._work, self._amount, self._repeats = work, amount, repeats
        self.cores_got = 0.0
        """CPU time over wall time of the best repeat."""

    def __call__(self) -> float:
        """Measure."""
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
    """Let every candidate measure itself once in every round, after one round of warm-up.

    Args:
        candidates: by name.
        rounds: how many count.
        cores: name of a `Throughput` -> cores it must have got. A round where one got less was
            disturbed by other programs; others are measured in its place, `PATIENCE` times `rounds`
            at most, after which the least disturbed ones count.
    """
    needed = {name: min(n, 0.95 * (os.cpu_count() or 1)) for name, n in (cores or {}).items()}
    for measure in candidates.values():
        measure()
    measured: list[tuple[float, dict[str, float], dict[str, float]]] = []
    quiet = 0
    while quiet < rounds and len(measured) < (1 + PATIENCE) * rounds:
        figures = {name: measure() for name, measure in candidates.items()}
        got = {name: candidates[name].cores_got for name in needed}  # type: ignore[attr-defined]
        share = min((min(1.0, got[name] / n) for name, n in needed.items()), default=1.0)
        measured.append((share, figures, got))
        quiet += share == 1.0
    chosen = sorted(measured, key=lambda one: -one[0])[:rounds]
    return Turns(
        {name: [figures[name] for _, figures, _ in chosen] for name in candidates},
        {name: [got[name] for _, _, got in chosen] for name in needed},
        len(measured) - rounds,
    )


@dataclass(frozen=True)
class Latency:
    """Time of single calls in microseconds."""

    p50_us: float
    """Median of the medians of blocks of 250 calls."""
    p99_us: float
    """Lowest 99th percentile of a block: the tail without the neighbours' share."""


def latency(call: Callable[[Any], Any], arguments: list[Any]) -> Latency:
    """Time one call for each argument, after a warm-up."""
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
