"""Rows of evolutions of the toy blimp, and of strategies with free fitness."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import numpy as np

from benchmarks.peers.processes import PeerError, Side
from benchmarks.peers.table import Table, interval, quotients
from snn_control.bench.timing import take_turns

GENERATIONS = 60
TUNING_SEEDS = (1000, 1001, 1002)
ES_SPREADS, GA_SPREADS = (0.3, 1.0, 2.4), (0.2, 0.4, 0.8)
"""Start spreads of evolution strategies, and mutation spreads of genetic algorithms, in units of
the initial weights; the defaults of ours are 1.2 and 0.8, the spread of the weights is 1."""
EVOLUTIONS: dict[str, tuple[str, dict[str, Any], tuple[float, ...]]] = {
    "ours, genetic": ("numpy_peers:Evolution", {"name": "genetic"}, GA_SPREADS),
    "ours, sep_cma_es": ("numpy_peers:Evolution", {"name": "sep_cma_es"}, ES_SPREADS),
    "evosax Sep_CMA_ES": ("evosax_peer:Evolution", {"name": "Sep_CMA_ES"}, ES_SPREADS),
    "evosax Open_ES": ("evosax_peer:Evolution", {"name": "Open_ES"}, (0.2, 0.3, 1.0)),
    "evosax SimpleGA": ("evosax_peer:Evolution", {"name": "SimpleGA"}, (0.05, 0.2, 0.8)),
    "EvoTorch CMAES, separable": (
        "evotorch_peer:Evolution", {"name": "CMAES, separable"}, ES_SPREADS,
    ),
    "EvoTorch SNES": ("evotorch_peer:Evolution", {"name": "SNES"}, ES_SPREADS),
    "DEAP mu+lambda, arrays, our evaluation": ("numpy_peers:DeapEvolution", {}, GA_SPREADS),
}  # fmt: skip
"""Side, arguments and spreads by name."""


def evolution(table: Table, rounds: int, seeds: int) -> None:
    """Compare evolutions of the toy blimp: time a generation, best cost after 60 generations."""
    with ExitStack() as stack:
        sides: dict[str, Side] = {}
        chosen: dict[str, float] = {}
        for name, (make, arguments, spreads) in EVOLUTIONS.items():
            table.progress(f"evolution, {name}: tuning")
            try:
                side = stack.enter_context(Side(make, **arguments))
                tuned = {
                    spread: np.mean(
                        [
                            side.call("run", seed=seed, spread=spread, generations=GENERATIONS)[
                                "best"
                            ]
                            for seed in TUNING_SEEDS
                        ]
                    )
                    for spread in spreads
                }
            except PeerError as exc:
                table.add("evolution", "", name, remark=str(exc))
                continue
            sides[name], chosen[name] = side, min(tuned, key=tuned.__getitem__)
        runs: dict[str, list[dict[str, float]]] = {name: [] for name in sides}
        for seed in range(seeds):
            for name, side in sides.items():
                table.progress(f"evolution, seed {seed}, {name}")
                runs[name].append(
                    side.call("run", seed=seed, spread=chosen[name], generations=GENERATIONS)
                )
    for mine in ("ours, genetic", "ours, sep_cma_es"):
        for name in runs:
            if name != mine:
                _evolution_row(table, mine, name, runs, chosen, sides)


def _evolution_row(
    table: Table,
    mine: str,
    name: str,
    runs: dict[str, list[dict[str, float]]],
    chosen: dict[str, float],
    sides: dict[str, Side],
) -> None:
    seconds = {side: [run["s"] for run in runs[side]] for side in (mine, name)}
    best = {side: [run["best"] for run in runs[side]] for side in (mine, name)}
    difference = max(run["difference"] for run in runs[name])
    table.add(
        "evolution, s a generation; best cost",
        f"{mine}, spread {chosen[mine]:g}",
        f"{name}, spread {chosen[name]:g}",
        (
            f"{np.median(seconds[mine]):.3g} s; {interval(best[mine])}",
            f"{np.median(seconds[name]):.3g} s; {interval(best[name])}",
        ),
        quotients(seconds[name], seconds[mine]),
        f"{sides[name].info['way']}; peer's best cost by our kernel: within {difference:.1e}",
        seconds=seconds,
        cpu_seconds={side: [run["cpu_s"] for run in runs[side]] for side in (mine, name)},
        best=best,
        versions=sides[mine].versions | sides[name].versions,
    )


STRATEGIES: tuple[tuple[str, tuple[tuple[str, dict[str, Any]], ...]], ...] = (
    (
        "genetic",
        (
            ("DEAP mu+lambda, lists", {"make": "numpy_peers:Generation", "name": "DEAP lists"}),
            ("DEAP mu+lambda, arrays", {"make": "numpy_peers:Generation", "name": "DEAP arrays"}),
            ("evosax SimpleGA", {"make": "evosax_peer:Generation", "name": "SimpleGA"}),
        ),
    ),
    (
        "sep_cma_es",
        (
            ("evosax Sep_CMA_ES", {"make": "evosax_peer:Generation", "name": "Sep_CMA_ES"}),
            ("evosax SNES", {"make": "evosax_peer:Generation", "name": "SNES"}),
            ("evosax Open_ES", {"make": "evosax_peer:Generation", "name": "Open_ES"}),
            (
                "EvoTorch CMAES, separable",
                {"make": "evotorch_peer:Generation", "name": "CMAES, separable"},
            ),
            ("EvoTorch SNES", {"make": "evotorch_peer:Generation", "name": "SNES"}),
            ("cma, CMA_diagonal", {"make": "numpy_peers:Generation", "name": "cma"}),
        ),
    ),
    (
        "cma_es",
        (
            ("cma, full", {"make": "numpy_peers:Generation", "name": "cma full"}),
            ("evosax CMA_ES, full", {"make": "evosax_peer:Generation", "name": "CMA_ES"}),
        ),
    ),
)
"""Our strategies and their peers."""


def strategy(table: Table, rounds: int, seeds: int) -> None:
    """Compare generations of 256 x 1000 genes with free fitness, on all cores and on one."""
    for one_core in (False, True):
        where = "1 core" if one_core else "all cores"
        for ours, peers in STRATEGIES:
            title = f"strategy, 256 x 1000, {where}"
            table.progress(f"{title}, {ours}")
            _strategy_rows(table, title, ours, peers, one_core, rounds)


def _strategy_rows(
    table: Table,
    title: str,
    ours: str,
    peers: tuple[tuple[str, dict[str, Any]], ...],
    one_core: bool,
    rounds: int,
) -> None:
    common: dict[str, Any] = {"one_core": one_core, "population": 256, "n_genes": 1000}
    with ExitStack() as stack:
        mine = stack.enter_context(Side("numpy_peers:Generation", name=f"ours {ours}", **common))
        sides = {ours: mine}
        for name, about in peers:
            try:
                sides[name] = stack.enter_context(Side(**about, **common))
            except PeerError as exc:
                table.add(title, ours, name, remark=str(exc))
        figures = take_turns(sides, rounds).figures
        for name in [name for name in sides if name != ours]:
            ms = [1e3 / float(np.median(figures[side])) for side in (ours, name)]
            table.add(
                title,
                ours,
                name,
                (f"{ms[0]:.3g} ms", f"{ms[1]:.3g} ms"),
                quotients(figures[ours], figures[name]),
                sides[name].info["way"],
                rounds={"ours": figures[ours], "peer": figures[name]},
                versions=mine.versions | sides[name].versions,
            )
