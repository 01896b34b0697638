"""Adapting controllers of the blimp under slow disturbances, beside tuned baselines.

Each controller holds references of 0.5 to 1.5 m in each condition of
`snn_control.envs.blimp.disturbances`. The integral of the absolute true height error (IAE) is
compared with that of the frozen `blimp-altitude` on the same seed. In the condition `undone` the
lift is lower by 0.06 m/s^2 and the thrust by 40 % for 200 s; the IAE from 10 to 140 s after the end
is compared with that of the same episode without the disturbance.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from snn_control.controllers import Controller
from snn_control.controllers.adapting import Adapting
from snn_control.envs.blimp import plant
from snn_control.envs.blimp.disturbances import CONDITIONS, draw_disturbed
from snn_control.errors import UnknownNameError
from snn_control.studies.adaptation.support.altitude_baselines import BASELINES, baseline
from snn_control.studies.adaptation.support.intervals import (
    episode_columns,
    ratio_columns,
    ratio_figure,
    table_parts,
)
from snn_control.studies.study import Progress, StudyConfig, StudyResult, silent
from snn_control.training.blimp.adaptive.flight import Flight, fly_one

UNDONE = "undone"
REFERENCE = "frozen"
END_S, JUDGED_S = 200.0, (210.0, 340.0)
"""End of a disturbance that is undone, and the window judged after it, s."""
LIFT_M_S2, THRUST = -0.06, 0.6
"""Change of the lift and factor of the thrust of such a disturbance."""


@dataclass(frozen=True, kw_only=True)
class Config(StudyConfig):
    """Settings of the study."""

    seeds: int = 12
    """Number of episodes for each row."""
    first_seed: int = 6000
    """First of the consecutive seeds."""
    controllers: tuple[str, ...] = tuple(BASELINES)
    """Controllers among `altitude_baselines.BASELINES`."""
    conditions: tuple[str, ...] = (*CONDITIONS, UNDONE)
    """Conditions of `disturbances`, and `undone`."""
    duration_s: float = 0.0
    """Duration in place of that of the condition, s; 0: that of the condition."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in self.controllers:
            if name not in BASELINES:
                raise UnknownNameError("controller", name, BASELINES)
        for name in self.conditions:
            if name not in CONDITIONS and name != UNDONE:
                raise UnknownNameError("condition", name, (*CONDITIONS, UNDONE))


def run(config: Config, *, folder: Path | None = None, progress: Progress = silent) -> StudyResult:
    """Fly every controller in every condition."""
    rows: list[dict[str, Any]] = []
    seeds = range(config.first_seed, config.first_seed + config.seeds)
    for condition in config.conditions:
        if condition == UNDONE:
            rows += [_undone(name, seeds) for name in config.controllers]
            continue
        frozen = np.array([_episode(config, REFERENCE, condition, s).iae_m_s() for s in seeds])
        for name in config.controllers:
            episodes = [_episode(config, name, condition, seed) for seed in seeds]
            rows.append(_row(name, condition, episodes, frozen))
        best = min(rows[-len(config.controllers) :], key=lambda row: row["iae_ratio"])
        progress(f"{condition}: {best['controller']} {best['iae_ratio']:.2f} of {REFERENCE}")
    summary = (
        f"Integral of the absolute height error beside that of the frozen blimp-altitude, "
        f"{config.seeds} seeds from {config.first_seed} on, 95 % intervals."
    )
    figure = ratio_figure(
        rows, "Height error beside the frozen controller", "the frozen controller"
    )
    parts = table_parts("bias_changes_m_s2_per_min")
    return StudyResult(rows, summary, [figure], parts)


def _episode(config: Config, name: str, condition: str, seed: int) -> Flight:
    scenario = draw_disturbed(condition, seed, config.duration_s or None)
    controller = baseline(name, scenario)
    return fly_one(controller, scenario, record=_learned(controller))


def _learned(controller: Controller) -> tuple[str, ...]:
    """Return the read-outs to record."""
    return ("learned_bias_m_s2",) if isinstance(controller, Adapting) else ()


def _row(name: str, condition: str, episodes: list[Flight], frozen: np.ndarray) -> dict[str, Any]:
    """Return the row of a controller in a condition."""
    iae = np.array([episode.iae_m_s() for episode in episodes])
    return {
        "controller": name,
        "condition": condition,
        "iae_m_s": float(iae.mean()),
        **ratio_columns("iae_ratio", iae, frozen),
        "iae_ratio_worst": float((iae / frozen).max()),
        **episode_columns(episodes),
        "bias_changes_m_s2_per_min": float(np.mean([_variation(each) for each in episodes])),
    }


def _variation(episode: Flight) -> float:
    """Return the sum of the changes of the learned bias in a minute, m/s^2; 0 without one."""
    minutes = float(episode.time_s[-1]) / 60.0
    values = episode.readouts.get("learned_bias_m_s2")
    return 0.0 if values is None else float(np.abs(np.diff(values)).sum()) / minutes


def _undone(name: str, seeds: range) -> dict[str, Any]:
    """Return the row of a controller after a disturbance that has ended."""
    after, without, episodes = [], [], []
    for seed in seeds:
        scenario = draw_disturbed("nominal", seed, JUDGED_S[1])
        gust = scenario.gust_m_s2.copy()
        last = round(END_S / (plant.GUST_STEPS * plant.PHYSICS_STEP_S))
        gust[2, :last] += LIFT_M_S2
        disturbed = replace(scenario, gust_m_s2=gust)
        controller = baseline(name, disturbed)
        episode = fly_one(
            controller, disturbed,
            gain_factor=lambda time_s: THRUST if time_s < END_S else 1.0,
            record=_learned(controller),
        )  # fmt: skip
        episodes.append(episode)
        after.append(episode.iae_m_s(*JUDGED_S))
        without.append(fly_one(baseline(name, scenario), scenario).iae_m_s(*JUDGED_S))
    return _row(name, UNDONE, episodes, np.ones(len(episodes))) | {
        "iae_m_s": float(np.mean(after)),
        **ratio_columns("iae_ratio", np.array(after), np.array(without)),
        "iae_ratio_worst": float(np.max(np.array(after) / np.array(without))),
    }
