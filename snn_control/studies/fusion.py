"""Height from a lidar and a barometer by filters, spiking gains and their twin without spikes.

Simulated episodes with an accelerometer, on lidars of constant and of switching noise, with missing
and with wrong ranges, and on a drifting barometer. The networks set the gains of an observer, and
are trained on conditions that are drawn at random, without drift of the barometer. Every seed is a
training and a set of episodes; the episodes are equal for all methods.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.errors import ParameterError, UnknownNameError
from snn_control.studies.study import Progress, StudyConfig, StudyResult, TablePart, silent
from snn_control.studies.support.fused_episodes import CONDITIONS, TICK_S, Episodes, draw_episodes
from snn_control.studies.support.fusion_filters import FILTERS
from snn_control.studies.support.fusion_networks import ARMS, GainNetworks, TrainingConfig
from snn_control.studies.support.plots import error_bars
from snn_control.training.statistics import half_width, paired_ratio

FloatArray = npt.NDArray[np.float64]

ORACLE = "Kalman, R known"
FIRST_S = 5.0
"""Beginning of the part of an episode that is judged, s."""


@dataclass(frozen=True, kw_only=True)
class Config(StudyConfig):
    """Settings of the study."""

    episodes: int = 20
    """Episodes of each seed and condition."""
    duration_s: float = 60.0
    """Length of an episode, s; more than 5 s."""
    conditions: tuple[str, ...] = tuple(CONDITIONS)
    """Names of the conditions."""
    networks: bool = True
    """Train the networks; False: filters only."""
    training: TrainingConfig = TrainingConfig()
    """Size and training of the networks."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for condition in self.conditions:
            if condition not in CONDITIONS:
                raise UnknownNameError("condition", condition, CONDITIONS)
        if self.episodes < 1 or not FIRST_S < self.duration_s < 1e4:
            raise ParameterError(
                f"episodes {self.episodes}, duration_s {self.duration_s:g}; expected at least 1 "
                f"episode of {FIRST_S:g} s to 10000 s"
            )


def run(config: Config, *, folder: object = None, progress: Progress = silent) -> StudyResult:
    """Train the networks, and compare all methods on the same episodes."""
    seeds = range(config.first_seed, config.first_seed + config.seeds)
    networks = GainNetworks(config.training, seeds) if config.networks else None
    if networks is not None:
        networks.train(progress)
    rows: list[dict[str, Any]] = []
    n_ticks = round(config.duration_s / TICK_S)
    for condition in config.conditions:
        which = list(CONDITIONS).index(condition)
        episodes = [
            draw_episodes(
                CONDITIONS[condition],
                config.episodes,
                n_ticks,
                np.random.default_rng([seed, which, 1]),
            )
            for seed in seeds
        ]
        errors = {
            name: np.array([_rmse(method.estimates(some), some) for some in episodes])
            for name, method in FILTERS.items()
        }
        if networks is not None:
            errors |= _of_networks(networks, episodes)
        for name, rmse in errors.items():
            ratio, width = paired_ratio(rmse, errors[ORACLE])
            rows.append(
                {
                    "conditions": condition,
                    "method": name,
                    "rmse_m": float(rmse.mean()),
                    "rmse_m_ci95": half_width(rmse),
                    "rmse_ratio": ratio,
                    "rmse_ratio_ci95": width,
                }
            )
        best = min(errors, key=lambda name: float(errors[name].mean()))
        progress(f"{condition}: {best} {100 * errors[best].mean():.2f} cm")
    summary = (
        f"{config.seeds} seeds of {config.episodes} episodes of {config.duration_s:g} s, RMSE from "
        f"{FIRST_S:g} s on; the ratio is that to the Kalman filter with the noise of the "
        "simulation, which holds a wrong lidar for a right one."
    )
    figure = error_bars(
        rows,
        "conditions",
        "rmse_m",
        by="method",
        title="Error of the height",
        x_title="state of the sensors",
        y_title="RMSE, m",
    )
    parts = [TablePart("Error of the height", ("conditions", "method"), ("rmse_m", "rmse_ratio"))]
    return StudyResult(rows, summary, [figure], parts)


def _of_networks(networks: GainNetworks, episodes: list[Episodes]) -> dict[str, FloatArray]:
    """Return the errors of each arm, m, shape (n_seeds,)."""
    import torch

    with torch.no_grad():
        estimates = networks.estimates(episodes)[0].numpy().astype(float)
    by_arm = estimates.reshape(len(ARMS), len(episodes), *episodes[0].height_m.shape)
    return {
        arm.name: np.array([_rmse(e, some) for e, some in zip(rows, episodes, strict=True)])
        for arm, rows in zip(ARMS, by_arm, strict=True)
    }


def _rmse(estimates: FloatArray, episodes: Episodes) -> float:
    errors = (estimates - episodes.height_m)[:, round(FIRST_S / TICK_S) :]
    return float(np.sqrt((errors**2).mean()))
