"""Recurrent controllers of the blimp with fixed weights, trained over the disturbances.

Several GRUs of `gru_controller` are trained from different seeds, see `gru_training`, and fly the
conditions of the study `leak-and-sag` on seeds that training never draws. Rows: each network, all
of them (`gru`, the mean of the networks on each seed), the frozen `blimp-altitude` (the reference
of the ratios) and `blimp-adaptive`, with the parameters and the multiplications of a tick.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from snn_control.envs.blimp.disturbances import CONDITIONS, draw_disturbed
from snn_control.errors import ParameterError, UnknownNameError
from snn_control.studies.adaptation.support.altitude_baselines import baseline
from snn_control.studies.adaptation.support.gru_controller import (
    GRUController,
    n_multiplications,
    n_parameters,
)
from snn_control.studies.adaptation.support.gru_training import (
    FIRST_SEED,
    VALIDATION,
    GRUTraining,
    train_gru,
)
from snn_control.studies.adaptation.support.intervals import (
    episode_columns,
    ratio_columns,
    ratio_figure,
    table_parts,
)
from snn_control.studies.study import Progress, StudyConfig, StudyResult, silent
from snn_control.training.blimp.adaptive.flight import Flight, fly_one
from snn_control.training.train_loop import one_torch_thread

REFERENCE, ADAPTIVE, ALL = "frozen", "adaptive", "gru"
FILE = "gru.npz"
"""Weights of all networks in the run; names `K/NAME` for network K."""


@dataclass(frozen=True, kw_only=True)
class Config(StudyConfig):
    """Settings of the study."""

    seeds: int = 12
    """Number of episodes for each row."""
    first_seed: int = 6000
    """First of the consecutive seeds."""
    networks: int = 5
    """Number of networks, trained from the seeds 0, 1, ..."""
    conditions: tuple[str, ...] = tuple(CONDITIONS)
    """Conditions of `disturbances`, for training and evaluation."""
    duration_s: float = 0.0
    """Duration of an evaluated episode in place of that of the condition, s; 0: that of the
    condition."""
    training: GRUTraining = field(default_factory=GRUTraining)
    """Settings of the training."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.networks < 1:
            raise ParameterError(f"networks is {self.networks}; expected at least 1")
        if self.first_seed + self.seeds > FIRST_SEED - VALIDATION:
            raise ParameterError(
                f"first_seed {self.first_seed}, seeds {self.seeds}: seeds from "
                f"{FIRST_SEED - VALIDATION} on belong to training"
            )
        for name in self.conditions:
            if name not in CONDITIONS:
                raise UnknownNameError("condition", name, CONDITIONS)


def run(config: Config, *, folder: Path | None = None, progress: Progress = silent) -> StudyResult:
    """Train the networks and fly all of them in every condition."""
    trained = []
    with one_torch_thread():
        for seed in range(config.networks):

            def report(update: int, iae_m_s: float, seed: int = seed) -> None:
                progress(f"network {seed}, update {update}: validation {iae_m_s:.2f} m s")

            trained.append(train_gru(config.training, seed, report, config.conditions))
    if folder is not None:
        named: dict[str, Any] = {
            f"{k}/{name}": values
            for k, weights in enumerate(trained)
            for name, values in weights.items()
        }
        np.savez(folder / FILE, **named)
    seeds = range(config.first_seed, config.first_seed + config.seeds)
    rows: list[dict[str, Any]] = []
    for condition in config.conditions:
        scenarios = [draw_disturbed(condition, seed, config.duration_s or None) for seed in seeds]
        groups: dict[str, list[list[Flight]]] = {
            name: [[fly_one(baseline(name, each), each) for each in scenarios]]
            for name in (REFERENCE, ADAPTIVE)
        }
        networks = [
            [fly_one(GRUController(weights), each) for each in scenarios] for weights in trained
        ]
        groups[ALL] = networks
        groups |= {f"{ALL} {k}": [episodes] for k, episodes in enumerate(networks)}
        frozen = _iae(groups[REFERENCE])[0]
        rows += [_row(name, condition, each, frozen) for name, each in groups.items()]
        progress(f"{condition}: {ALL} {rows[-config.networks - 1]['iae_ratio']:.2f}")
    summary = (
        f"{config.networks} GRUs of {n_parameters()} parameters with fixed weights, trained over "
        f"the same disturbances, beside blimp-adaptive; IAE over that of the frozen "
        f"blimp-altitude, {config.seeds} seeds from {config.first_seed} on, 95 % intervals."
    )
    shown = [row for row in rows if row["controller"] in (ADAPTIVE, ALL)]
    figure = ratio_figure(
        shown, "Height error beside the frozen controller", "the frozen controller"
    )
    parts = table_parts("parameters", "multiplications_per_tick")
    return StudyResult(rows, summary, [figure], parts)


def _iae(groups: list[list[Flight]]) -> np.ndarray:
    """Return the IAE, m s, shape (groups, seeds)."""
    return np.array([[each.iae_m_s() for each in group] for group in groups])


def _row(
    name: str, condition: str, groups: list[list[Flight]], frozen: np.ndarray
) -> dict[str, Any]:
    """Return the row of one controller, or of several on the same seeds."""
    recurrent, iae = name.startswith(ALL), _iae(groups)
    return {
        "controller": name,
        "condition": condition,
        "iae_m_s": float(iae.mean()),
        **ratio_columns("iae_ratio", iae.mean(0), frozen),
        "iae_ratio_worst": float((iae / frozen).max()),
        **episode_columns(*groups),
        "parameters": n_parameters() if recurrent else None,
        "multiplications_per_tick": n_multiplications() if recurrent else None,
    }
