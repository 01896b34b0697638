"""Parts shared by the studies of swimmers: models, episodes, figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.controllers.swimmer.homeostasis import Homeostasis
from snn_control.controllers.swimmer.plan import SwimmerPlan
from snn_control.controllers.swimmer.trials import SwimmerTrials
from snn_control.engines.layout import lay_out
from snn_control.envs.swimmer.batch import SwimmerPool
from snn_control.envs.swimmer.damage import Damage
from snn_control.envs.swimmer.start import draw_start
from snn_control.envs.swimmer.swim import EPISODE_TICKS
from snn_control.network import Network
from snn_control.studies.study import StudyConfig
from snn_control.training.statistics import half_width
from snn_control.training.swimmer.closed_loop import Swims, swim

FloatArray = npt.NDArray[np.float64]

MODELS = ("swimmer-graded:untrained", "swimmer-spiking:untrained", "swimmer-graded",
          "swimmer-spiking")  # fmt: skip
HEALTHY_SEEDS = range(2000, 2005)
"""Seeds of the starts for measuring setpoints and the healthy speed."""
LAST_TICKS = 333
"""Control periods in the last ten seconds."""


@dataclass(frozen=True, kw_only=True)
class SwimConfig(StudyConfig):
    """Settings of a study of swimmers; the seeds are those of the starts."""

    seeds: int = 20
    """Number of starts, equal for all swimmers."""

    @property
    def starts(self) -> range:
        """Seeds of the starts."""
        return range(self.first_seed, self.first_seed + self.seeds)


def episodes(
    networks: Sequence[Network],
    plan: SwimmerPlan,
    seeds: Sequence[int],
    *,
    damage: Damage | None = None,
    homeostasis: Homeostasis | None = None,
    trials: SwimmerTrials | None = None,
    period_ticks: int | Sequence[int] | None = None,
) -> Swims:
    """Simulate networks of the plan's structure for 30 s from each start.

    Args:
        networks: networks.
        plan: body and clock.
        seeds: seeds of the starts.
        damage: damage of the body.
        homeostasis: adaptation, see `swim`.
        trials: adaptation, see `swim`.
        period_ticks: period of the clock of all networks or of each; None: that of the plan.
    """
    layout = lay_out(networks[0])
    return swim(
        layout,
        *layout.rows(list(networks)),
        SwimmerPool(plan.n_links, damage=damage),
        [draw_start(plan.n_links, seed, EPISODE_TICKS, damage) for seed in seeds],
        period_ticks=plan.period_ticks if period_ticks is None else period_ticks,
        posture_start=plan.posture_start,
        homeostasis=homeostasis,
        trials=trials,
    )


def healthy(plan: SwimmerPlan, rate_per_s: float, lag_rate: float) -> Homeostasis:
    """Return a homeostasis with activity and lag of the undamaged body as setpoints."""
    swims = episodes([plan.network()], plan, HEALTHY_SEEDS)
    set_points = np.clip(swims.activity.mean(axis=(0, 1))[1:], 0.0, 1.0)
    lag = np.angle(np.exp(2j * np.pi * swims.lag).mean()) / (2.0 * np.pi)
    return Homeostasis(set_points, rate_per_s, lag_set_point=float(lag), lag_rate=lag_rate)


def healthy_trials(plan: SwimmerPlan) -> SwimmerTrials:
    """Return trials with the last speed of the undamaged body as the healthy one."""
    swims = episodes([plan.network()], plan, HEALTHY_SEEDS)
    return SwimmerTrials(healthy_m_s=float(swims.speed_m_s[..., -LAST_TICKS:].mean()))


def figures(swims: Swims) -> dict[str, Any]:
    """Return mean and interval over all episodes of return, speed, and the mean of spikes."""
    row: dict[str, Any] = {}
    for name, values in (
        ("return", swims.returns.ravel()),
        ("speed_m_s", swims.speed_m_s.mean(axis=2).ravel()),
    ):
        row |= {name: float(values.mean()), f"{name}_ci95": half_width(values)}
    return row | {"spikes_per_decision": float(swims.spikes.mean())}
