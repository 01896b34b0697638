"""Adapting blimps whose lidar holds its reading for 20 s, with fresh stamps.

The lidar freezes in hover, shortly before a step of the reference, or in the climb after one. The
integral of the absolute height error (IAE) from 10 to 70 s after the return of the lidar is
compared with that of the episode without the fault. The forward model alone has to detect the
fault: there is no supervised loop, which has further sensors, around the controllers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from snn_control.controllers import Controller, load
from snn_control.controllers.adapting import Adapting
from snn_control.controllers.blimp.forward_model import BlimpForwardModel
from snn_control.envs.blimp.presets import blimp_parameters
from snn_control.envs.blimp.scenario import Scenario, draw_scenario
from snn_control.errors import UnknownNameError
from snn_control.studies.adaptation.support.altitude_baselines import (
    BASELINES,
    PD_MODEL,
    PredictedPDController,
    baseline,
    predicted,
)
from snn_control.studies.adaptation.support.intervals import mean_columns, ratio_columns
from snn_control.studies.study import Progress, StudyConfig, StudyResult, silent
from snn_control.training.blimp.adaptive.flight import Flight, fly_one

HOLD_S = 20.0
"""Duration of the fault, s."""
CASES = {"hover": 120.0, "step": 135.0, "climb": 141.5}
"""Start of the fault, s: the reference has a step from 1.0 to 1.5 m at 140 s."""
DURATION_S = 245.0
UNGATED = "pd-predicted-ungated"


@dataclass(frozen=True, kw_only=True)
class Config(StudyConfig):
    """Settings of the study."""

    seeds: int = 12
    """Number of episodes for each row."""
    first_seed: int = 6000
    """First of the consecutive seeds."""
    controllers: tuple[str, ...] = (
        "pid", "frozen", "snn-pes", UNGATED, "pd-predicted", "snn-predicted", "adaptive",
    )  # fmt: skip
    """Controllers among `altitude_baselines.BASELINES`, and `pd-predicted-ungated`."""
    cases: tuple[str, ...] = tuple(CASES)
    """`hover`, `step`, `climb`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in self.controllers:
            if name not in BASELINES and name != UNGATED:
                raise UnknownNameError("controller", name, (*BASELINES, UNGATED))
        for name in self.cases:
            if name not in CASES:
                raise UnknownNameError("case", name, CASES)


def run(config: Config, *, folder: Path | None = None, progress: Progress = silent) -> StudyResult:
    """Fly every controller with and without the fault."""
    rows: list[dict[str, Any]] = []
    seeds = range(config.first_seed, config.first_seed + config.seeds)
    parameters = blimp_parameters("default")
    scenarios = [draw_scenario(parameters, seed, DURATION_S) for seed in seeds]
    for name in config.controllers:
        healthy = [fly_one(_controller(name, scenario), scenario) for scenario in scenarios]
        for case in config.cases:
            episodes = [
                fly_one(_controller(name, scenario), scenario, range_fault=_held(CASES[case]))
                for scenario in scenarios
            ]
            rows.append(_row(name, case, episodes, healthy))
        ratios = [f"{row['iae_ratio']:.2f}" for row in rows[-len(config.cases) :]]
        progress(f"{name}: {', '.join(ratios)}")
    gated = [row for name in ("pd", "snn", "adaptive") for row in _price(name, scenarios)]
    summary = (
        f"Lidar that holds its reading for {HOLD_S:g} s, {config.seeds} seeds from "
        f"{config.first_seed} on; IAE from 10 to 70 s after its return over that of the episode "
        "without the fault. Rows `no fault`: IAE with the check for a frozen lidar over that "
        "without it."
    )
    return StudyResult(rows + gated, summary)


def _controller(name: str, scenario: Scenario) -> Controller:
    if name == UNGATED:
        return predicted(PredictedPDController(), replace(PD_MODEL, shadow_gate_m=0.0))
    return baseline(name, scenario)


def _held(start_s: float) -> Callable[[float, float], float]:
    """Return a fault that holds the last range before `start_s`."""
    last = [0.0]

    def fault(time_s: float, range_m: float) -> float:
        if not start_s <= time_s < start_s + HOLD_S:
            last[0] = range_m
        return last[0]

    return fault


def _row(name: str, case: str, episodes: list[Flight], healthy: list[Flight]) -> dict[str, Any]:
    end_s = CASES.get(case, 0.0) + HOLD_S
    window = end_s + 10.0, end_s + 70.0
    mine, theirs = (
        np.array([episode.iae_m_s(*window) for episode in each]) for each in (episodes, healthy)
    )
    during = [float(f.height_m[f.time_s >= CASES[case]].max()) for f in episodes]
    return {
        "controller": name,
        "case": case,
        **ratio_columns("iae_ratio", mine, theirs),
        "iae_ratio_worst": float((mine / theirs).max()),
        "height_max_m": max(during),
        **mean_columns("height_mean_max_m", np.array(during)),
    }


def _price(name: str, scenarios: list[Scenario]) -> list[dict[str, Any]]:
    """Return the row of the cost of the check without a fault."""
    costs = []
    for gated in (True, False):
        iae = [fly_one(_with_gate(name, gated), scenario).iae_m_s() for scenario in scenarios]
        costs.append(np.array(iae))
    return [
        {
            "controller": {"pd": "pd-predicted", "snn": "snn-predicted"}.get(name, name),
            "case": "no fault",
            **ratio_columns("iae_ratio", *costs),
            "iae_ratio_worst": float((costs[0] / costs[1]).max()),
            "height_max_m": float("nan"),
            **mean_columns("height_mean_max_m", np.full(len(scenarios), np.nan)),
        }
    ]


def _with_gate(name: str, gated: bool) -> Controller:
    """Return a controller on its forward model, with or without the check for a frozen lidar."""
    if name == "pd":
        made = predicted(PredictedPDController(), PD_MODEL)
    elif name == "snn":
        made = predicted(load("blimp-altitude"))
    else:
        shipped = load("blimp-adaptive")
        assert isinstance(shipped, Adapting)
        made = shipped
    settings = made.model.document() | ({} if gated else {"shadow_gate_m": 0.0})
    return Adapting(made.inner, BlimpForwardModel.from_settings(settings), made.config)
