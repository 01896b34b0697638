"""Rows of the altitude task: processor time of training to a reward a tick."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import numpy as np

from benchmarks.peers.processes import PeerError, Side
from benchmarks.peers.table import Table, interval, quotients

LEVELS = (0.90, 0.96)
"""Rewards a tick: a usable controller, and the tuned PID."""
OURS: dict[str, float] = {
    "designed code": 10.0,
    "free network, evolved": 60.0,
    "free network, gradients": 60.0,
}
"""Ways of ours, and their budgets of processor time, s."""
PEER, PEER_BUDGET_S = "PPO of Stable-Baselines3, perceptron", 60.0


def ppo(table: Table, rounds: int, seeds: int) -> None:
    """Compare processor time to a reward a tick in BlimpAltitude-v0: PPO, spiking networks."""
    with ExitStack() as stack:
        sides: dict[str, Side] = {}
        for name in (*OURS, PEER):
            make = "sb3_peer:Training" if name == PEER else "altitude_ours:Training"
            arguments: dict[str, Any] = {} if name == PEER else {"way": name}
            table.progress(f"altitude, {name}: start")
            try:
                sides[name] = stack.enter_context(Side(make, one_core=True, **arguments))
            except PeerError as exc:
                table.add("altitude", "", name, remark=str(exc))
        curves: dict[str, list[list[tuple[float, float]]]] = {name: [] for name in sides}
        for seed in range(seeds):
            for name, side in sides.items():
                table.progress(f"altitude, seed {seed}, {name}")
                budget = OURS.get(name, PEER_BUDGET_S)
                curves[name].append(side.call("run", seed=seed, budget_s=budget, level=LEVELS[-1]))
    for name in curves:
        if name == PEER or PEER not in curves:
            continue
        for level in LEVELS:
            times = {one: [_time_to(c, level) for c in curves[one]] for one in (name, PEER)}
            both = np.isfinite(times[name]).all() and np.isfinite(times[PEER]).all()
            table.add(
                f"altitude, CPU s to {level:g} a tick",
                name,
                PEER,
                (_summary(times[name]), _summary(times[PEER])),
                quotients(times[PEER], times[name]) if both else None,
                "best reward a tick before the end: "
                + ", ".join(
                    f"{interval([max(r for _, r in c) for c in curves[one]])}"
                    for one in (name, PEER)
                ),
                curves={"ours": curves[name], "peer": curves[PEER]},
                versions=sides[name].versions | sides[PEER].versions,
            )


def _time_to(points: list[tuple[float, float]], level: float) -> float:
    """Return the processor time of the first evaluation at a level, s; infinity without one."""
    return next((spent for spent, reward in points if reward >= level), float("inf"))


def _summary(times: list[float]) -> str:
    """Return mean and interval of times, or how many seeds reached the level."""
    reached = [one for one in times if np.isfinite(one)]
    if len(reached) == len(times):
        return f"{interval(times)} s"
    return f"{len(reached)} of {len(times)} seeds" + (
        f", {np.mean(reached):.3g} s" if reached else ""
    )
