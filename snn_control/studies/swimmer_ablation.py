"""Ablation of the swimmer's untrained circuit: return without, or with random, parts.

The seed of a start is also that of a random circuit.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from snn_control.controllers.swimmer.plan import SwimmerPlan
from snn_control.network import Network
from snn_control.network.circuit import Circuit, Strength
from snn_control.studies.study import Progress, StudyResult, silent
from snn_control.studies.support.plots import error_bars
from snn_control.studies.support.swimmers import SwimConfig, episodes, figures
from snn_control.training.statistics import half_width

EVOLVED = ("proprioception", "oscillator", "ipsilateral", "contralateral")
Draw = Callable[[Circuit, np.random.Generator], Network]


@dataclass(frozen=True, kw_only=True)
class Config(SwimConfig):
    """Settings of the study."""

    links: int = 6
    """Number of links of the body."""
    sub_ticks: int = 5
    """Network ticks in a control period, for the spiking circuits."""


def _whole(circuit: Circuit, rng: np.random.Generator) -> Network:
    return circuit.network()


def _without(name: str) -> Draw:
    return lambda circuit, rng: circuit.network({name: 0.0})


def _magnitudes(circuit: Circuit, rng: np.random.Generator) -> Network:
    return circuit.network(
        {name: circuit.strengths[name].value * rng.uniform() for name in EVOLVED}
    )


def _signs(circuit: Circuit, rng: np.random.Generator) -> Network:
    free = {name: Strength(float(rng.choice([-1.0, 1.0]))) for name in EVOLVED}
    return dataclasses.replace(circuit, strengths={**circuit.strengths, **free}).network()


def _both(circuit: Circuit, rng: np.random.Generator) -> Network:
    free = {name: Strength(float(rng.uniform(-1.0, 1.0))) for name in EVOLVED}
    return dataclasses.replace(circuit, strengths={**circuit.strengths, **free}).network()


def _unshared(circuit: Circuit, rng: np.random.Generator) -> Network:
    own = circuit.unshared(EVOLVED)
    drawn = {
        name: s.value * rng.uniform()
        for name, s in own.strengths.items()
        if name.startswith(EVOLVED)
    }
    return own.network(drawn)


ABLATIONS: dict[str, Draw] = {
    "whole": _whole,
    "no oscillator": _without("oscillator"),
    "no proprioception": _without("proprioception"),
    "no contralateral inhibition": _without("contralateral"),
    "magnitudes random": _magnitudes,
    "magnitudes random, unshared": _unshared,
    "signs random": _signs,
    "signs and magnitudes random": _both,
}


def run(config: Config, *, folder: Path | None = None, progress: Progress = silent) -> StudyResult:
    """Simulate every ablated circuit from every start."""
    rows = []
    kinds: tuple[tuple[Literal["graded", "spiking"], int], ...] = (
        ("graded", 1),
        ("spiking", config.sub_ticks),
    )
    for cells, sub_ticks in kinds:
        plan = SwimmerPlan(config.links, cells, sub_ticks)
        circuit = plan.circuit()
        for name, draw in ABLATIONS.items():
            results = [
                figures(episodes([draw(circuit, np.random.default_rng(seed))], plan, [seed]))
                for seed in config.starts
            ]
            row: dict[str, object] = {"cells": cells, "circuit": name}
            for figure in ("return", "speed_m_s"):
                values = np.array([result[figure] for result in results])
                row |= {figure: float(values.mean()), f"{figure}_ci95": half_width(values)}
            row["best_return"] = max(result["return"] for result in results)
            rows.append(row)
            progress(f"{cells}, {name}: return {row['return']:.1f}")
    summary = (
        f"Untrained circuits on {config.links} links, {config.seeds} seeds, each with a "
        "different start and random circuit. Random magnitudes are uniform from 0 to 1."
    )
    bars = error_bars(
        rows,
        "circuit",
        "return",
        by="cells",
        title="Return without a part",
        x_title="circuit",
        y_title="return, at most 1000",
    )
    return StudyResult(rows, summary, [bars])
