"""Read-outs of a blimp that meets a regime again after others, with rules against forgetting.

The blimp is light (A), carries a load of 0.06 m/s^2 (B), has 0.7 of its thrust (C), and is as in A
again. The read-outs and rules are those of `regime_readouts`; they receive the changes of the
regime. The integral of the absolute height error (IAE) in each regime is compared with that of a
read-out for each regime, which forgets nothing: its return to A, not the first A, is the fair
reference, since the first A begins adapted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from snn_control.envs.blimp import plant
from snn_control.envs.blimp.disturbances import draw_disturbed
from snn_control.errors import ParameterError, UnknownNameError
from snn_control.studies.adaptation.support.intervals import (
    episode_columns,
    mean_columns,
    ratio_columns,
    ratio_figure,
    table_parts,
)
from snn_control.studies.adaptation.support.regime_readouts import FEATURES, RULES, RegimeReadout
from snn_control.studies.study import Progress, StudyConfig, StudyResult, silent
from snn_control.training.blimp.adaptive.flight import Flight, fly_one

REFERENCE = "own readout"
REGIMES = ("A", "B", "C", "A")
LIFT_M_S2 = {"B": -0.06}
THRUST = {"C": 0.7}
SETTLED_M, OVER_S = 0.03, 5.0
"""Mean absolute error, m, over this time, s, at which a regime counts as learned."""


@dataclass(frozen=True, kw_only=True)
class Config(StudyConfig):
    """Settings of the study."""

    seeds: int = 12
    """Number of episodes for each row."""
    first_seed: int = 6000
    """First of the consecutive seeds."""
    features: tuple[str, ...] = tuple(FEATURES)
    """Features of the read-outs."""
    rules: tuple[str, ...] = RULES
    """Rules against forgetting."""
    regime_s: float = 140.0
    """Duration of a regime, s; 10 or more."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in self.features:
            if name not in FEATURES:
                raise UnknownNameError("features", name, FEATURES)
        for name in self.rules:
            if name not in RULES:
                raise UnknownNameError("rule", name, RULES)
        if not self.regime_s >= 10.0:
            raise ParameterError(f"regime_s is {self.regime_s:g}; expected at least 10 s")


def run(config: Config, *, folder: Path | None = None, progress: Progress = silent) -> StudyResult:
    """Fly every read-out with every rule."""
    rows: list[dict[str, Any]] = []
    for features in config.features:
        reference = [_episode(config, features, REFERENCE, seed) for seed in _seeds(config)]
        for rule in config.rules:
            episodes = [_episode(config, features, rule, seed) for seed in _seeds(config)]
            rows += _rows(config, f"{features}, {rule}", episodes, reference)
        progress(f"{features}: {len(config.rules)} rules")
    summary = (
        f"Error of the height in three regimes of the blimp and on the return to the first, over "
        f"that with a separate read-out for each; {config.seeds} seeds from "
        f"{config.first_seed} on, 95 % intervals."
    )
    figures = [_figure(rows, features) for features in config.features]
    parts = table_parts("learned_after_s", "protected_share", "free_rank")
    return StudyResult(rows, summary, figures, parts)


def _figure(rows: list[dict[str, Any]], features: str) -> dict[str, Any]:
    """Return the figure of all rules on some features."""
    shown = [
        row | {"rule": row["controller"].removeprefix(f"{features}, ")}
        for row in rows
        if row["controller"].startswith(f"{features}, ")
    ]
    title = f"Height error in each regime, features: {features}"
    return ratio_figure(shown, title, "own read-outs", "rule")


def _seeds(config: Config) -> range:
    return range(config.first_seed, config.first_seed + config.seeds)


def _episode(config: Config, features: str, rule: str, seed: int) -> Flight:
    """Fly one read-out through all regimes."""
    scenario = draw_disturbed("nominal", seed, len(REGIMES) * config.regime_s)
    gust = scenario.gust_m_s2.copy()
    slot_s = plant.GUST_STEPS * plant.PHYSICS_STEP_S
    regimes = (np.arange(gust.shape[1]) * slot_s / config.regime_s).astype(int)
    gust[2] += np.array([*(LIFT_M_S2.get(name, 0.0) for name in REGIMES), 0.0])[regimes]

    def factor(time_s: float) -> float:
        return THRUST.get(REGIMES[min(int(time_s / config.regime_s), len(REGIMES) - 1)], 1.0)

    starts = tuple((k * config.regime_s, name) for k, name in enumerate(REGIMES))
    return fly_one(
        RegimeReadout(features, rule, starts), replace(scenario, gust_m_s2=gust),
        gain_factor=factor, record=("protected_share", "free_rank"),
    )  # fmt: skip


def _rows(
    config: Config, name: str, episodes: list[Flight], reference: list[Flight]
) -> list[dict[str, Any]]:
    """Return one row for each regime."""
    rows = []
    for k, regime in enumerate(REGIMES):
        window = (k * config.regime_s, (k + 1) * config.regime_s)
        parts = [episode.part(*window) for episode in episodes]
        iae = np.array([part.iae_m_s() for part in parts])
        theirs = np.array([episode.iae_m_s(*window) for episode in reference])
        rows.append(
            {
                "controller": name,
                "condition": regime if REGIMES.index(regime) == k else f"{regime} again",
                "iae_m_s": float(iae.mean()),
                **ratio_columns("iae_ratio", iae, theirs),
                "iae_ratio_worst": float((iae / theirs).max()),
                **episode_columns(parts),
                **mean_columns("learned_after_s", np.array([_learned_s(part) for part in parts])),
                "protected_share": float(
                    np.mean([part.readouts["protected_share"].mean() for part in parts])
                ),
                "free_rank": float(np.mean([part.readouts["free_rank"][-1] for part in parts])),
            }
        )
    return rows


def _learned_s(part: Flight) -> float:
    """Return the time from the start of a regime until its error is small, s."""
    error_m = np.abs(part.reference_m - part.height_m)
    width = round(OVER_S / 0.1)
    means = np.convolve(error_m, np.full(width, 1.0 / width), mode="valid")
    small = np.flatnonzero(means < SETTLED_M)
    last = part.time_s[width - 1 + small[0]] if small.size else part.time_s[-1]
    return float(last - part.time_s[0])
