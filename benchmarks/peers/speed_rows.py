"""Rows of closed loops and populations: this package, JAX and Norse in turn.

Results are compared before anything is timed, as in `snn_control.bench`: in float64 up to 1e-12,
in float32 up to departures that rounding explains.
"""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import Any

import numpy as np

from benchmarks.peers.processes import PeerError, Side
from benchmarks.peers.table import Table, per_second, quotients
from snn_control.bench.agreement import AGREEMENT_TICKS, compare, compare_costs, require
from snn_control.bench.closed_loop import FEEDBACK_TICKS
from snn_control.bench.timing import take_turns
from snn_control.bench.toy_blimp import closest_approach, reference_m
from snn_control.bench.workload import genomes, inputs
from snn_control.errors import SnnControlError

TITLES = {"loop": "closed loop", "population": "population"}
X64 = {"JAX_ENABLE_X64": "1"}
JAX, NORSE = "jax_networks:Networks", "norse_networks:Networks"
PLAIN = {"split": False}


def closed_loop(table: Table, rounds: int, seeds: int) -> None:
    """Compare closed loops with JAX, on all cores and on one."""
    _compare(table, "loop", rounds, jax=True, norse=False)


def norse(table: Table, rounds: int, seeds: int) -> None:
    """Compare closed loops with Norse."""
    _compare(table, "loop", rounds, jax=False, norse=True)


def population(table: Table, rounds: int, seeds: int) -> None:
    """Compare populations in open loop with JAX and Norse."""
    _compare(table, "population", rounds, jax=True, norse=True)


def _compare(table: Table, task: str, rounds: int, *, jax: bool, norse: bool) -> None:
    for kind, recurrent in (("ff", False), ("rec", True)):
        for one_core in (False, True):
            where = "1 core" if one_core else "all cores"
            title = f"{TITLES[task]}, {kind}, {where}"
            table.progress(title)
            peers: dict[str, tuple[str, dict[str, Any]]] = {}
            if jax:
                peers["JAX, fastest of all ways"] = JAX, {}
                peers["JAX vmap(scan)"] = JAX, PLAIN | {"batches": [0]}
                if not one_core:  # there the fastest of all ways is not split either
                    peers["JAX lax.map, batches"] = JAX, PLAIN | {"batches": [1, 4, 8, 16, 32]}
            if norse:
                peers["Norse, functional, bmm, 1 thread"] = NORSE, {}
            _row(table, title, task, recurrent, one_core, rounds, peers)


def _row(
    table: Table,
    title: str,
    task: str,
    recurrent: bool,
    one_core: bool,
    rounds: int,
    peers: dict[str, tuple[str, dict[str, Any]]],
) -> None:
    with ExitStack() as stack:
        common: dict[str, Any] = {"one_core": one_core, "task": task, "recurrent": recurrent}
        ours = stack.enter_context(Side("ours:Networks", **common))
        sides = {"ours": ours}
        remarks: dict[str, str] = {}
        for name, (make, arguments) in peers.items():
            try:
                peer = stack.enter_context(Side(make, **common, **arguments))
                remarks[name] = _agreement(title, name, task, recurrent, ours, peer, make)
                sides[name] = peer
            except (PeerError, SnnControlError) as exc:
                table.add(title, "fused" if task == "loop" else "population", name, remark=str(exc))
        if len(sides) == 1:
            return
        turns = take_turns(sides, rounds)
        for name, peer in sides.items():
            if peer is ours:
                continue
            mine, theirs = turns.figures["ours"], turns.figures[name]
            way = peer.info["way"]
            table.add(
                title,
                "fused" if task == "loop" else "population",
                name,
                (per_second(float(np.median(mine))), per_second(float(np.median(theirs)))),
                quotients(mine, theirs),
                f"{way}; {remarks[name]}",
                rounds={"ours": mine, "peer": theirs},
                cores_got={"ours": ours.cores_got[1:], "peer": peer.cores_got[1:]},
                ways=peer.info.get("calls_per_s"),
                spikes_per_neuron_and_tick=ours.info["spikes_per_neuron_and_tick"],
                versions=ours.versions | peer.versions,
            )


def _agreement(
    title: str, name: str, task: str, recurrent: bool, ours: Side, peer: Side, make: str
) -> str:
    """Return the agreement in words.

    Raises:
        SnnControlError: the results differ by more than rounding explains.
    """
    ticks = FEEDBACK_TICKS if task == "loop" else AGREEMENT_TICKS
    mine, theirs = (side.call("results", n_ticks=ticks) for side in (ours, peer))
    pool = genomes(len(mine), recurrent)
    if task == "loop":
        calls = [partial(closest_approach, pool, k, reference_m(ticks)) for k in range(len(mine))]
        agreement = compare_costs(mine, theirs, calls)
    else:
        agreement = compare(mine, theirs, pool, inputs(ticks))
    agreement["largest_float64"] = _difference_float64(task, recurrent, make)
    require(title, agreement, name)
    return (
        f"{agreement['networks'] - agreement['departing']} of {agreement['networks']} within "
        f"{agreement['largest']:.1e} in float32, all within {agreement['largest_float64']:.1e} in "
        "float64"
    )


_KNOWN: dict[tuple[str, bool, str], float] = {}


def _difference_float64(task: str, recurrent: bool, make: str) -> float:
    """Return the largest difference of the float64 results, relative to the peak."""
    key = task, recurrent, make
    if key not in _KNOWN:
        arguments: dict[str, Any] = {"task": task, "recurrent": recurrent, "dtype": "float64"}
        few: dict[str, Any] = {"batches": [8]} if make == JAX else {}
        with (
            Side("ours:Networks", **arguments) as ours,
            Side(make, environment=X64, **arguments, **few) as peer,
        ):
            mine, theirs = (side.call("results", n_ticks=AGREEMENT_TICKS) for side in (ours, peer))
        _KNOWN[key] = float(np.abs(mine - theirs).max() / np.abs(theirs).max())
    return _KNOWN[key]
