"""Rows of the cost curves of this package."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import numpy as np

from benchmarks.peers.processes import Side
from benchmarks.peers.table import Table

CORES = len(os.sched_getaffinity(0))
NEURONS = {False: (16, 64, 160, 256, 1024, 4096), True: (16, 64, 160, 256, 1024)}
"""Neurons without and with recurrence."""
GENOMES = (16, 64, 256, 1024, 4096)
TICKS = (100, 1000, 10_000, 100_000)
GENES = {
    "genetic": (10, 100, 1000, 10_000, 100_000),
    "sep_cma_es": (10, 100, 1000, 10_000, 100_000),
    "nsga2": (10, 100, 1000, 10_000, 100_000),
    "cma_es": (10, 100, 1000),
}
WORKERS = {"serial": (1,), "threads": (1, 2), "processes": (1, 2)}
STEPS = 2_000_000
"""Environment steps of a measurement with 160 neurons, about."""


def curves(table: Table, rounds: int, seeds: int) -> None:
    """Print the cost against neurons, genomes, ticks of an episode, genes and workers."""
    with Side("curves:Curves") as side:
        for recurrent, kind in ((False, "ff"), (True, "rec")):
            table.progress(f"curves of closed loops, {kind}")
            _loops(table, side, rounds, kind, recurrent)
        table.progress("curves of strategies")
        for name, sizes in GENES.items():
            title = f"generation of 256, free fitness, {name}"
            points = [(n, {"name": name, "n_genes": n, "population": 256}) for n in sizes]
            _curve(table, side, rounds, title, "genes", "strategy", points, "ms")
        table.progress("curves of workers")
        for kind, counts in WORKERS.items():
            title = f"cart, 50 neurons, a genome, {kind}"
            points = [(n, {"kind": kind, "workers": n, "population": 256}) for n in counts]
            _curve(table, side, rounds, title, "workers", "workers", points, "ms")


def _loops(table: Table, side: Side, rounds: int, kind: str, recurrent: bool) -> None:
    base: dict[str, Any] = {
        "recurrent": recurrent,
        "n_genomes": 256,
        "n_neurons": 160,
        "n_ticks": 1000,
        "threads": CORES,
    }
    curves_: dict[str, list[tuple[int, dict[str, Any]]]] = {
        "neurons": [
            (n, base | {"n_neurons": n, "n_ticks": int(np.clip(STEPS / 2 / n**1.2, 20, 1000))})
            for n in NEURONS[recurrent]
        ],
        "genomes": [(n, base | {"n_genomes": n}) for n in GENOMES],
        "ticks": [(n, base | {"n_genomes": 16, "n_ticks": n}) for n in TICKS],
        "threads": [(n, base | {"threads": n}) for n in sorted({1, CORES})],
    }
    for name, points in curves_.items():
        _curve(table, side, rounds, f"closed loop, {kind}, a step", name, "loop", points, "ns")


def _curve(
    table: Table,
    side: Side,
    rounds: int,
    row: str,
    against: str,
    method: str,
    points: Iterable[tuple[int, dict[str, Any]]],
    unit: str,
) -> None:
    cells, data = [], []
    for size, arguments in points:
        measured = [side.call(method, **arguments) for _ in range(rounds)]
        values = [one[unit] for one in measured]
        cells.append(f"{size}: {np.median(values):.3g}")
        data.append({"size": size, "values": values} | measured[-1])
    table.add(
        f"{row}, {unit} against {against}",
        "",
        "",
        remark="; ".join(cells),
        points=data,
        versions=side.versions,
    )
