"""Single ticks: native engine alone, complete altitude controller, and Norse cells."""

from __future__ import annotations

from typing import Any

import numpy as np

from snn_control.bench.agreement import AGREEMENT_TICKS, compare, require
from snn_control.bench.norse_peer import cells
from snn_control.bench.timing import latency, take_turns
from snn_control.bench.workload import (
    FloatArray,
    genomes,
    inputs,
    reference_network,
)
from snn_control.controllers import load
from snn_control.engines.native import NativeEngine
from snn_control.network import Network


class BareTick:
    """Compiled step alone: observation in, float out."""

    def __init__(self, network: Network) -> None:
        self._engine = NativeEngine(network, np.float32)
        self.spike_rate = 0.0

    def __call__(self, x: FloatArray) -> float:
        """Advance one tick."""
        return self._engine.step(x).item()

    def run(self, rows: FloatArray) -> FloatArray:
        """Run from rest and return the outputs."""
        self._engine.reset()
        trace = self._engine.run(rows)
        self.spike_rate = float(trace.spikes.mean())
        return trace.readouts[:, 0]


def tick_us(rounds: int, calls: int) -> dict[str, Any]:
    """Time single ticks; figures are in microseconds, ratios are Norse over native."""
    figures: dict[str, Any] = {
        "native": {}, "norse": {}, "ratio": {}, "agreement": {}, "spikes": {}
    }  # fmt: skip
    rows = inputs(calls)
    for kind, recurrent in (("ff", False), ("rec", True)):
        pool = genomes(1, recurrent)
        native, norse = BareTick(reference_network(pool)), cells(pool)
        drive = rows[:AGREEMENT_TICKS]
        expected = np.array([norse(x) for x in drive])
        agreement = compare(native.run(drive)[None], expected[None], pool, drive)
        require(f"tick, {kind}", agreement)
        figures["agreement"][kind] = agreement
        figures["spikes"][kind] = native.spike_rate
        _compare(figures, kind, {"native": native, "norse": norse}, [*rows], rounds)
    controller = load("blimp-altitude")
    errors = np.sin(np.arange(calls) / 50.0)[:, None]
    _compare(figures, "controller", {"native": controller.step}, [*errors], rounds)
    return figures


def _compare(
    figures: dict[str, Any], kind: str, calls: dict[str, Any], arguments: list[Any], rounds: int
) -> None:
    tails: dict[str, float] = dict.fromkeys(calls, np.inf)

    def measure(name: str) -> float:
        took = latency(calls[name], arguments)
        tails[name] = min(tails[name], took.p99_us)
        return 1.0 / took.p50_us

    turns = take_turns({name: lambda name=name: measure(name) for name in calls}, rounds)  # type: ignore[misc]
    for name in calls:
        figures[name] |= {f"{kind}_p50": 1.0 / turns.best(name), f"{kind}_p99": tails[name]}
    if "norse" in calls:
        figures["ratio"][kind] = turns.ratio("native", "norse")
