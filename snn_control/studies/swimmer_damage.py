"""How a swimmer lives with damage, with and without homeostasis.

The damage is there from the start of the 30 s. Set-points are the activities of the undamaged body
on other starts.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snn_control.envs.swimmer.damage import Damage
from snn_control.studies.study import Say, StudyResult, silent
from snn_control.studies.support.plots import error_bars
from snn_control.studies.support.swimmers import (
    MODELS,
    SwimConfig,
    episodes,
    figures,
    healthy,
)
from snn_control.training.statistics import half_width
from snn_control.training.swimmer.named_plan import named_plan

LAST_TICKS = 333
"""Control periods in the last ten seconds."""


@dataclass(frozen=True, kw_only=True)
class Config(SwimConfig):
    """Settings of the study."""

    models: tuple[str, ...] = MODELS
    """Swimmers."""
    links: int = 6
    """Of the body."""
    rate_per_s: float = 0.3
    """Of the homeostasis of the stretch receptors."""
    lag_rate: float = 0.5
    """Of that of the clock."""


def damages(n_joints: int) -> dict[str, tuple[Damage, tuple[str, ...]]]:
    """Return damage of the body and dead cells of the circuit, by name."""
    found: dict[str, tuple[Damage, tuple[str, ...]]] = {"none": (Damage(), ())}
    for k in range(n_joints):
        found[f"muscles of joint {k} lost"] = Damage(lost_muscles=(f"both_{k}",)), ()
    middle = n_joints // 2
    return found | {
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


def run(config: Config, *, folder: Path | None = None, say: Say = silent) -> StudyResult:
    """Damage, swim, compare."""
    rows: list[dict[str, Any]] = []
    for name in config.models:
        plan = named_plan(name).on(config.links)
        homeostasis = healthy(plan, config.rate_per_s, config.lag_rate)
        for label, (damage, dead) in damages(config.links - 1).items():
            network = plan.network(dead)
            for adapts in (False, True):
                found = episodes(
                    [network], plan, config.starts,
                    damage=damage, homeostasis=homeostasis if adapts else None,
                )  # fmt: skip
                last = found.speed_m_s[0, :, -LAST_TICKS:].mean(axis=1)
                row: dict[str, Any] = {"controller": name, "damage": label}
                row["homeostasis"] = adapts
                row |= figures(found)
                row |= {
                    "last_speed_m_s": float(last.mean()),
                    "last_speed_m_s_ci95": half_width(last),
                    "case": f"{name}, {'with' if adapts else 'without'} homeostasis",
                }
                rows.append(row)
            say(f"{name}, {label}: return {rows[-2]['return']:.1f}, adapting {row['return']:.1f}")
    summary = (
        f"Return of 30 s with the damage there from the start, mean of {config.seeds} starts; the "
        "last speed is that of the last 10 s. Homeostasis scales the stretch receptors until each "
        "joint's muscles are as busy as they were undamaged, and the clock's period until the wave "
        "along the body lags as it did."
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
