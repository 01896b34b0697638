"""Blimps whose thrust changes sign, or halves, at every multiple of a period, and back.

The reference is 1.5 m. Controllers are P + D on the forward model with one rate of learning of the
gain (constants), and with a bank of rates and of both signs. The integral of the absolute height
error (IAE) is compared with that of the best constant that does no harm without flips: its nominal
IAE is within `HARM` of the best one. The best constant is chosen on other seeds. An episode fails
if the blimp is below 0.2 m for more than `FAILED` of the time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from snn_control.controllers import Controller, load
from snn_control.controllers.adapting import Adapting
from snn_control.controllers.blimp.forward_config import CHANGES, BlimpForwardConfig, Hypothesis
from snn_control.controllers.blimp.forward_model import BlimpForwardModel
from snn_control.envs.blimp.presets import blimp_parameters
from snn_control.envs.blimp.scenario import draw_scenario
from snn_control.errors import ParameterError
from snn_control.studies.adaptation.support.altitude_baselines import (
    PD_MODEL,
    PredictedPDController,
    predicted,
)
from snn_control.studies.adaptation.support.intervals import (
    episode_columns,
    ratio_columns,
    table_parts,
)
from snn_control.studies.study import Progress, StudyConfig, StudyResult, silent
from snn_control.training.blimp.adaptive.flight import Flight, fly_one

RATES = (0.01, 0.1, 0.3, 1.0)
"""Random walks of the gain of the constants, m/s^2 per root second."""
KINDS = {"sign": -1.0, "half": 0.5}
"""Factors of the thrust."""
HARM, FAILED = 1.1, 0.05
FLOOR_M = 0.2
"""Height below which the blimp counts as on the floor, m."""


@dataclass(frozen=True, kw_only=True)
class Config(StudyConfig):
    """Settings of the study."""

    seeds: int = 25
    """Number of episodes for each row."""
    first_seed: int = 6000
    """First of the consecutive seeds."""
    tuning_seeds: int = 4
    """Number of seeds on which the best constant is chosen, from 100 on."""
    periods_s: tuple[float, ...] = (300.0, 100.0, 30.0, 10.0)
    """Times between two changes, s."""
    kinds: tuple[str, ...] = tuple(KINDS)
    """Kinds of changes: `sign`, `half`."""
    duration_s: float = 600.0
    """Duration of an episode, s."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(kind in KINDS for kind in self.kinds) or min(self.periods_s) <= 0.0:
            raise ParameterError(
                f"kinds {self.kinds}, periods_s {self.periods_s}: expected some of "
                f"{', '.join(KINDS)}, and times above 0"
            )


def run(config: Config, *, folder: Path | None = None, progress: Progress = silent) -> StudyResult:
    """Fly every controller with every kind and period of changes."""
    constants = [f"rate {rate:g}" for rate in RATES]
    tuning = range(100, 100 + config.tuning_seeds)
    nominal = {name: _iae(config, name, "sign", 0.0, tuning).mean() for name in constants}
    harmless = [name for name in constants if nominal[name] <= HARM * min(nominal.values())]
    seeds = range(config.first_seed, config.first_seed + config.seeds)
    rows: list[dict[str, Any]] = []
    for kind in config.kinds:
        for period_s in (0.0, *config.periods_s):
            costs = {name: _iae(config, name, kind, period_s, tuning).mean() for name in harmless}
            best = min(costs, key=lambda name: costs[name])
            reference = _iae(config, best, kind, period_s, seeds)
            for name in (*constants, "bank", "adaptive bank"):
                episodes = [_episode(config, name, kind, period_s, seed) for seed in seeds]
                rows.append(_row(name, kind, period_s, episodes, reference, name == best))
            progress(f"{kind}, every {period_s:g} s: bank {rows[-2]['iae_ratio']:.2f} of {best}")
    summary = (
        f"Thrust of the blimp times -1 or 0.5 in turns; {config.seeds} seeds from "
        f"{config.first_seed} on. Harmless constants, within {HARM:g} of the best without "
        f"changes: {', '.join(harmless)}; the best of them on seeds 100 to "
        f"{99 + config.tuning_seeds} is the reference of each row."
    )
    parts = table_parts("best_constant", "failures", "episodes")
    return StudyResult(rows, summary, parts=parts)


def _controller(name: str) -> Controller:
    """Return a controller by its name in the table."""
    if name == "adaptive bank":
        shipped = load("blimp-adaptive")
        assert isinstance(shipped, Adapting)
        own = BlimpForwardModel.from_settings(shipped.model.document()).config
        return Adapting(shipped.inner, BlimpForwardModel(_bank(own)))
    if name == "bank":
        return predicted(PredictedPDController(), _bank(PD_MODEL))
    rate = float(name.removeprefix("rate "))
    hypotheses = (Hypothesis(gain_walk_m_s2_rs=rate),)
    return predicted(PredictedPDController(), replace(PD_MODEL, hypotheses=hypotheses))


def _bank(model: BlimpForwardConfig) -> BlimpForwardConfig:
    return replace(model, hypotheses=CHANGES, share=0.01, factor=1.0)


def _episode(config: Config, name: str, kind: str, period_s: float, seed: int) -> Flight:
    parameters = blimp_parameters("default", {"reference_heights_m": (1.5,)})
    scenario = draw_scenario(parameters, seed, config.duration_s)

    def factor(time_s: float) -> float:
        return KINDS[kind] if period_s and int(time_s / period_s) % 2 else 1.0

    return fly_one(_controller(name), scenario, gain_factor=factor)


def _iae(config: Config, name: str, kind: str, period_s: float, seeds: range) -> np.ndarray:
    return np.array([_episode(config, name, kind, period_s, seed).iae_m_s() for seed in seeds])


def _row(
    name: str, kind: str, period_s: float, episodes: list[Flight], reference: np.ndarray, best: bool
) -> dict[str, Any]:
    iae = np.array([episode.iae_m_s() for episode in episodes])
    floor = np.array([(episode.height_m < FLOOR_M).mean() for episode in episodes])
    return {
        "controller": name,
        "condition": f"{kind} every {period_s:g} s" if period_s else f"{kind}, never",
        "best_constant": best,
        "iae_m_s": float(iae.mean()),
        **ratio_columns("iae_ratio", iae, reference),
        "iae_ratio_worst": float((iae / reference).max()),
        **episode_columns(episodes),
        "failures": int((floor > FAILED).sum()),
        "episodes": len(episodes),
    }
