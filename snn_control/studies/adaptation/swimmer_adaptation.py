"""Damaged swimmers whose period and receptor gain stay, follow homeostasis, or are tried.

The damage is present from the start of each 30 s episode. Setpoints and the healthy speed are those
of the undamaged body from other starts; the settings of the trials were tuned on starts 200 to 211.
The best fixed period and gain of a grid, chosen on starts of their own, are what there is to win.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snn_control.controllers.swimmer.circuit import CONTROL_PERIOD_S
from snn_control.controllers.swimmer.plan import SwimmerPlan
from snn_control.envs.swimmer.damage import Damage
from snn_control.errors import UnknownNameError
from snn_control.studies.study import Progress, StudyResult, TablePart, silent
from snn_control.studies.support.plots import error_bars
from snn_control.studies.support.swimmers import (
    LAST_TICKS,
    SwimConfig,
    episodes,
    healthy,
    healthy_trials,
)
from snn_control.training.statistics import half_width, paired_ratio
from snn_control.training.swimmer.closed_loop import Swims
from snn_control.training.swimmer.named_plan import named_plan

RULES = ("frozen", "homeostasis", "trials", "best of grid")
"""Rules of adaptation; the last one is fixed, but at the best period and gain of a grid."""
DAMAGES: dict[str, Damage] = {
    "none": Damage(),
    **{f"joint {k} lost": Damage(lost_muscles=(f"both_{k}",)) for k in range(5)},
    "0.05 Pa s": Damage(viscosity_pa_s=0.05),
    "0.1 Pa s": Damage(viscosity_pa_s=0.1),
    "0.2 Pa s": Damage(viscosity_pa_s=0.2),
    "density x2": Damage(density_scale=2.0),
    "noise 0.3 rad": Damage(noise_rad=0.3),
}
WHOLE = "none, whole 30 s"
"""Damage of the rows with the speed of the whole episode in health, not that of its last 10 s."""
FIRST_GRID_SEED = 300
"""First of the starts on which the best of the grid is chosen."""


@dataclass(frozen=True, kw_only=True)
class Config(SwimConfig):
    """Settings of the study.

    Raises:
        UnknownNameError: no such damage.
    """

    seeds: int = 12
    """Number of starts, equal for all rules."""
    model: str = "swimmer-spiking"
    """Model of a swimmer with a clock."""
    damages: tuple[str, ...] = tuple(DAMAGES)
    """Damages."""
    rate_per_s: float = 0.3
    """Rate of the homeostasis of the stretch receptors, 1 / s."""
    lag_rate: float = 0.5
    """Rate of the homeostasis of the clock."""
    grid_periods: tuple[float, ...] = (0.5, 0.7, 0.85, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.2)
    """Factors of the period in the grid."""
    grid_gains: tuple[float, ...] = (0.3, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0)
    """Receptor gains in the grid."""
    grid_starts: int = 2
    """Starts on which the best of the grid is chosen."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in self.damages:
            if name not in DAMAGES:
                raise UnknownNameError("damage", name, DAMAGES)


def run(config: Config, *, folder: Path | None = None, progress: Progress = silent) -> StudyResult:
    """Simulate every damage under every rule."""
    plan = named_plan(config.model)
    homeostasis = healthy(plan, config.rate_per_s, config.lag_rate)
    trials = healthy_trials(plan)
    rows: list[dict[str, Any]] = []
    for name in config.damages:
        damage, network = DAMAGES[name], plan.network()
        swims = {
            "frozen": episodes([network], plan, config.starts, damage=damage),
            "homeostasis": episodes(
                [network], plan, config.starts, damage=damage, homeostasis=homeostasis
            ),
            "trials": episodes([network], plan, config.starts, damage=damage, trials=trials),
        }
        period, gain = _best_of_grid(config, plan, damage)
        swims["best of grid"] = _fixed(plan, [(period, gain)], config.starts, damage)
        rows += _rows(name, swims, gain, LAST_TICKS)
        if name == "none":
            rows += _rows(WHOLE, swims, gain, 0)
        progress(f"{name}: " + ", ".join(f"{r['rule']} {r['speed_m_s']:.4f}" for r in rows[-4:]))
    summary = (
        f"Mean forward speed of the last 10 s of 30 s with damage from the start, {config.seeds} "
        f"starts, 95 % intervals; healthy {trials.healthy_m_s:.4f} m/s. Trials change period and "
        "receptor gain one at a time and keep what made the head faster; they need its speed. "
        "Homeostasis needs joint angles alone. The best of the grid is fixed from the start."
    )
    bars = error_bars(
        [row | {"speed_m_s_ci95": row["speed_m_s_high"] - row["speed_m_s"]} for row in rows],
        "damage", "speed_m_s", by="rule", title="Speed with damage", x_title="damage",
        y_title="forward speed, m/s",
    )  # fmt: skip
    names = ("speed_m_s", "ratio_to_frozen", "ratio_to_grid", "whole_ratio_to_frozen")
    figures = [(f"{name}", f"{name}_low", f"{name}_high") for name in names]
    parts = [
        TablePart("Speed", ("damage", "rule"), figures[0] + ("period_s", "receptor_gain")),
        TablePart("Ratios of the last 10 s", ("damage", "rule"), figures[1] + figures[2]),
        TablePart("Ratio of the whole 30 s", ("damage", "rule"), figures[3]),
    ]
    return StudyResult(rows, summary, [bars], parts)


def _fixed(
    plan: SwimmerPlan, points: list[tuple[float, float]], seeds: range, damage: Damage
) -> Swims:
    """Simulate fixed factors of the period and gains."""
    circuit, strengths = plan.circuit(), dict(plan.strengths)
    reach = circuit.strengths["stretched"].value
    receptors = [{"stretched": gain * reach, "compressed": -gain * reach} for _, gain in points]
    networks = [circuit.network(strengths | own) for own in receptors]
    periods = [round(factor * plan.period_ticks) for factor, _ in points]
    return episodes(networks, plan, seeds, damage=damage, period_ticks=periods)


def _best_of_grid(config: Config, plan: SwimmerPlan, damage: Damage) -> tuple[float, float]:
    """Return the fastest factor of the period and gain on other starts than those of the rows."""
    points = [(period, gain) for gain in config.grid_gains for period in config.grid_periods]
    seeds = range(FIRST_GRID_SEED, FIRST_GRID_SEED + config.grid_starts)
    last = _fixed(plan, points, seeds, damage).speed_m_s[..., -LAST_TICKS:]
    return points[int(last.mean(axis=(1, 2)).argmax())]


def _rows(name: str, swims: dict[str, Swims], grid_gain: float, ticks: int) -> list[dict[str, Any]]:
    """Return a row for each rule: speeds of the last ticks, all for 0, and their ratios."""
    speeds = {rule: each.speed_m_s[0, :, -ticks:].mean(axis=1) for rule, each in swims.items()}
    whole = {rule: each.speed_m_s[0].mean(axis=1) for rule, each in swims.items()}
    rows = []
    for rule, each in swims.items():
        row: dict[str, Any] = {"damage": name, "rule": rule}
        row |= _interval("speed_m_s", float(speeds[rule].mean()), half_width(speeds[rule]))
        for other, rival in (("frozen", "frozen"), ("grid", "best of grid")):
            ratio = paired_ratio(speeds[rule], speeds[rival])
            row |= _interval(f"ratio_to_{other}", *ratio)
        row |= _interval("whole_ratio_to_frozen", *paired_ratio(whole[rule], whole["frozen"]))
        gain = grid_gain if rule == "best of grid" else float(each.gains.mean())
        row |= {"period_s": CONTROL_PERIOD_S * float(each.periods.mean()), "receptor_gain": gain}
        rows.append(row)
    return rows


def _interval(name: str, mean: float, half: float) -> dict[str, float]:
    return {name: mean, f"{name}_low": mean - half, f"{name}_high": mean + half}
