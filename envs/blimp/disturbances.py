"""Slow disturbances of a blimp in operation, beyond those of the presets.

| condition | disturbance | duration |
|---|---|---|
| nominal | none: preset `default` | 600 s |
| clean, stress | none: presets of these names | 600, 300 s |
| leak and sag | default leak; the sag lowers the thrust gain to 0.6 of its start | 600 s |
| mass steps | lift -0.06 m/s^2 (one motor unit) at 190 s, +0.09 m/s^2 at 390 s | 600 s |
| wind | gusts of 0.02 m/s^2; four drafts of 0.06 to 0.08 m/s^2, 20 to 30 s each | 600 s |
| all | leak and sag, mass steps and wind | 600 s |
| wide | other blimps: the whole range of all parameters | 300 s |
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.envs.blimp import plant
from snn_control.envs.blimp.presets import blimp_parameters
from snn_control.envs.blimp.scenario import Scenario, draw_scenario
from snn_control.errors import UnknownNameError

__all__ = ["CONDITIONS", "Condition", "draw_disturbed", "mean_lift_m_s2"]

SAG_PER_S = (1.0 - math.sqrt(0.6)) / 600.0
"""Sag that lowers the thrust gain to 0.6 in 600 s, as a share of the voltage, 1/s."""
MASS_STEPS = ((190.0, -0.06), (390.0, 0.09))
"""Times, s, and changes of the lift, m/s^2."""
N_DRAFTS, FIRST_DRAFT_S, DRAFT_PERIOD_S = 4, 60.0, 130.0


@dataclass(frozen=True)
class Condition:
    """Disturbances of a blimp."""

    preset: str = "default"
    """Preset of blimp, gusts and timing."""
    duration_s: float = 600.0
    """Duration, s."""
    spread: float | None = None
    """Fraction of each randomisation range; None: that of the preset."""
    gust_sd_m_s2: float | None = None
    """Standard deviation of the gusts, m/s^2; None: that of the preset."""
    sags: bool = False
    """True for a battery that loses 40 % of the thrust."""
    mass_steps: bool = False
    """True for steps of the lift."""
    drafts: bool = False
    """True for drafts."""


CONDITIONS: dict[str, Condition] = {
    "clean": Condition("clean"),
    "nominal": Condition(),
    "leak and sag": Condition(sags=True),
    "mass steps": Condition(mass_steps=True),
    "wind": Condition(gust_sd_m_s2=0.02, drafts=True),
    "all": Condition(gust_sd_m_s2=0.02, sags=True, mass_steps=True, drafts=True),
    "wide": Condition(duration_s=300.0, spread=1.0),
    "stress": Condition("stress", duration_s=300.0),
}
"""Conditions by name."""


def draw_disturbed(condition: str, seed: int, duration_s: float | None = None) -> Scenario:
    """Draw the episode of a seed with the disturbances of a condition.

    Args:
        condition: name among `CONDITIONS`.
        seed: seed of blimp, gusts, timing and drafts.
        duration_s: duration in place of that of the condition, s.

    Raises:
        UnknownNameError: no such condition; with the closest names.
        ParameterError: the duration is out of range.
    """
    if condition not in CONDITIONS:
        raise UnknownNameError("condition", condition, CONDITIONS)
    chosen = CONDITIONS[condition]
    changes: dict[str, Any] = {"spread": chosen.spread, "gust_sd_m_s2": chosen.gust_sd_m_s2}
    parameters = blimp_parameters(
        chosen.preset, {name: value for name, value in changes.items() if value is not None}
    )
    scenario = draw_scenario(parameters, seed, duration_s or chosen.duration_s)
    constants, gust_m_s2 = scenario.constants.copy(), scenario.gust_m_s2.copy()
    if chosen.sags:
        constants[plant.SAG_PER_S] = SAG_PER_S
    time_s = np.arange(gust_m_s2.shape[1]) * plant.GUST_STEPS * plant.PHYSICS_STEP_S
    added = _added_m_s2(chosen, time_s, seed)
    gust_m_s2[2] += added
    return replace(scenario, constants=constants, gust_m_s2=gust_m_s2)


def mean_lift_m_s2(scenario: Scenario) -> Callable[[float], float]:
    """Return the lift less weight over time, m/s^2, with the mean gusts of 10 s.

    It has steps of the mass and drafts, but not the gusts of a few seconds.
    """
    slot_s = plant.GUST_STEPS * plant.PHYSICS_STEP_S
    width = round(10.0 / slot_s)
    padded = np.pad(scenario.gust_m_s2[2], (width // 2, width - width // 2 - 1), mode="edge")
    means = np.convolve(padded, np.full(width, 1.0 / width), mode="valid")
    bias, leak = scenario.constants[plant.BIAS], scenario.constants[plant.LEAK]

    def lift_m_s2(time_s: float) -> float:
        slot = min(int(time_s / slot_s), means.size - 1)
        return float(bias - leak * time_s + means[slot])

    return lift_m_s2


def _added_m_s2(
    condition: Condition, time_s: npt.NDArray[np.float64], seed: int
) -> npt.NDArray[np.float64]:
    """Return the acceleration by mass steps and drafts at each time, m/s^2."""
    added = np.zeros(time_s.size)
    if condition.mass_steps:
        for at_s, change_m_s2 in MASS_STEPS:
            added[time_s >= at_s] += change_m_s2
    return added + _drafts(time_s, seed) if condition.drafts else added


def _drafts(time_s: npt.NDArray[np.float64], seed: int) -> npt.NDArray[np.float64]:
    """Return the acceleration by drafts at each time, m/s^2."""
    rng = np.random.default_rng([seed, 77])
    total = np.zeros(time_s.size)
    for k in range(N_DRAFTS):
        start_s = FIRST_DRAFT_S + DRAFT_PERIOD_S * k + rng.uniform(0.0, 60.0)
        length_s, size_m_s2 = rng.uniform(20.0, 30.0), rng.uniform(0.06, 0.08)
        during = (time_s >= start_s) & (time_s < start_s + length_s)
        total[during] += size_m_s2 * rng.choice([-1.0, 1.0])
    return total
