"""Timing on a shared machine: candidates take turns, ratios are taken within a turn."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

BLOCK = 250
WARM_UP = 200


@dataclass(frozen=True)
class Turns:
    """What each candidate reached in each round; the larger the better."""

    figures: dict[str, list[float]] = field(default_factory=dict)

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


def take_turns(candidates: dict[str, Callable[[], float]], rounds: int) -> Turns:
    """Let every candidate measure itself once in every round, after one round of warm-up."""
    for measure in candidates.values():
        measure()
    turns = Turns({name: [] for name in candidates})
    for _ in range(rounds):
        for name, measure in candidates.items():
            turns.figures[name].append(measure())
    return turns


def throughput(work: Callable[[], Any], amount: float, repeats: int = 1) -> Callable[[], float]:
    """Return a measurement of `amount` per second of wall time, the best of some repeats."""

    def measure() -> float:
        best = np.inf
        for _ in range(repeats):
            start = time.perf_counter()
            work()
            best = min(best, time.perf_counter() - start)
        return amount / best

    return measure


def cores_got(work: Callable[[], Any], repeats: int = 3) -> float:
    """CPU time over wall time, the best of some repeats: below 1.9 two threads were disturbed."""
    best = 0.0
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        best = max(best, (time.process_time() - cpu) / (time.perf_counter() - wall))
    return best


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
