"""Swimmers with damage, with and without homeostasis.

The damage is present from the start of each 30 s episode. Setpoints are activity and lag of the
undamaged body from other starts.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snn_control.envs.swimmer.damage import Damage
from snn_control.studies.study import Progress, StudyResult, silent
from snn_control.studies.support.plots import error_bars
from snn_control.studies.support.swimmers import (
    LAST_TICKS,
    MODELS,
    SwimConfig,
    episodes,
    figures,
    healthy,
)
from snn_control.training.statistics import half_width
from snn_control.training.swimmer.named_plan import named_plan


@dataclass(frozen=True, kw_only=True)
class Config(SwimConfig):
    """Settings of the study."""

    models: tuple[str, ...] = MODELS
    """Models of swimmers."""
    links: int = 6
    """Number of links of the body."""
    rate_per_s: float = 0.3
    """Rate of the homeostasis of the stretch receptors, 1 / s."""
    lag_rate: float = 0.5
    """Rate of the adaptation of the clock, see `Homeostasis`."""


def damages(n_joints: int) -> dict[str, tuple[Damage, tuple[str, ...]]]:
    """Return damage of the body and dead cells of the circuit, by name."""
    cases: dict[str, tuple[Damage, tuple[str, ...]]] = {"none": (Damage(), ())}
    for k in range(n_joints):
        cases[f"muscles of joint {k} lost"] = Damage(lost_muscles=(f"both_{k}",)), ()
    middle = n_joints // 2
    return cases | {
        f"dorsal muscle of joint {middle} lost": (Damage(lost_muscles=(f"dorsal_{middle}",)), ()),
        f"joint {middle} locked": (Damage(locked_joints=(middle,)), ()),
        f"cell b_dorsal_{middle} dead": (Damage(), (f"b_dorsal_{middle}",)),
        "fluid half as dense": (Damage(density_scale=0.5), ()),
        "fluid twice as dense": (Damage(density_scale=2.0), ()),
        "fluid viscous, 0.1 Pa s": (Damage(viscosity_pa_s=0.1), ()),
        "sensor noise 0.1 rad": (Damage(noise_rad=0.1), ()),
        "sensor noise 0.3 rad": (Damage(noise_rad=0.3), ()),
        "sensor bias 0.2 rad": (Damage(bias_rad=0.2), ()),
    }


def run(config: Config, *, folder: Path | None = None, progress: Progress = silent) -> StudyResult:
    """Simulate every damage with and without homeostasis."""
    rows: list[dict[str, Any]] = []
    for name in config.models:
        plan = named_plan(name).on(config.links)
        homeostasis = healthy(plan, config.rate_per_s, config.lag_rate)
        for label, (damage, dead) in damages(config.links - 1).items():
            network = plan.network(dead)
            for adapts in (False, True):
                swims = episodes(
                    [network], plan, config.starts,
                    damage=damage, homeostasis=homeostasis if adapts else None,
                )  # fmt: skip
                last = swims.speed_m_s[0, :, -LAST_TICKS:].mean(axis=1)
                row: dict[str, Any] = {"controller": name, "damage": label}
                row["homeostasis"] = adapts
                row |= figures(swims)
                row |= {
                    "last_speed_m_s": float(last.mean()),
                    "last_speed_m_s_ci95": half_width(last),
                    "case": f"{name}, {'with' if adapts else 'without'} homeostasis",
                }
                rows.append(row)
            progress(
                f"{name}, {label}: return {rows[-2]['return']:.1f}, adapting {row['return']:.1f}"
            )
    summary = (
        f"Return of 30 s with damage from the start, mean of {config.seeds} starts; the "
        "last speed is that of the last 10 s. Homeostasis scales the stretch receptors towards "
        "the muscle activity of the undamaged body, and the clock's period towards the lag of its "
        "wave."
    )
    bars = error_bars(
        rows,
        "damage",
        "return",
        by="case",
        title="Return with damage",
        x_title="damage",
        y_title="return, at most 1000",
    )
    shown = [{k: v for k, v in row.items() if k != "case"} for row in rows]
    return StudyResult(shown, summary, [bars])
