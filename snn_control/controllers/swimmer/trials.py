"""Trial and rollback of the swimmer's period and receptor gain, by the speed of its head.

The period of the clock and one gain of all stretch receptors are the slow parameters of
`plasticity.trials`, periods of the clock its windows. The reward is the forward speed of the head,
`SPEED_SENSOR` with the opposite sign: a velocimeter, odometry or a camera. A robot with joint
encoders alone has no such sensor, and its efforts do not replace one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from snn_control.compiled import kernel
from snn_control.controllers.swimmer.homeostasis import EXACT_PERIOD, LAG, TICK, start_clock
from snn_control.errors import ParameterError
from snn_control.plasticity.trials import (
    SlowParameter,
    TrialConfig,
    Trials,
)
from snn_control.ranges import require_positive

__all__ = ["SPEED_SENSOR", "SwimmerTrials", "reward_of", "set_slow", "window_ends"]

SPEED_SENSOR = "link_0_vy_m_s"
"""Observation that trials need: velocity of the head towards the tail, m/s, as in `Swim-v0`."""


@dataclass(frozen=True, kw_only=True)
class SwimmerTrials(TrialConfig):
    """Settings of the trials of a swimmer.

    Raises:
        ParameterError: a value is out of range.
    """

    healthy_m_s: float
    """Mean forward speed of the undamaged body at full command, m/s."""
    shortest: float = 0.5
    """Smallest factor of the clock's period."""
    longest: float = 2.2
    """Largest factor of the clock's period."""
    lowest: float = 0.3
    """Smallest gain of the stretch receptors."""
    highest: float = 3.0
    """Largest gain of the stretch receptors."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive({"healthy_m_s": self.healthy_m_s}, "trials")
        self.parameters(True)

    def parameters(self, clocked: bool) -> tuple[SlowParameter, SlowParameter]:
        """Return period and gain; without a clock the period stays."""
        period = (self.shortest, self.longest) if clocked else (1.0, 1.0)
        return (
            SlowParameter("period", *period),
            SlowParameter("receptor gain", self.lowest, self.highest, rises=False),
        )

    def search(self, clocked: bool, control_period_s: float) -> Trials:
        """Return a search from the initial period and gain."""
        parameters = self.parameters(clocked)
        return Trials(self, parameters, self.healthy_m_s, control_period_s)

    def document(self) -> dict[str, Any]:
        """Return the settings as JSON values."""
        return asdict(self)

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> SwimmerTrials:
        """Read the settings from the result of `document`.

        Raises:
            ParameterError: an unknown or missing setting, or one out of range.
        """
        try:
            return cls(**document)
        except (TypeError, ValueError) as exc:
            raise ParameterError(f"trials: {exc}") from exc


@kernel(nogil=True)
def reward_of(velocity_m_s: float, commands: Any) -> float:
    """Return the reward of `SPEED_SENSOR`; NaN unless the head is to swim straight at full speed.

    Args:
        velocity_m_s: value of the sensor.
        commands: inputs of the network from slowness on, shape (3,).
    """
    for command in commands:
        if command != 0.0:
            return math.nan
    return -velocity_m_s


@kernel(nogil=True)
def window_ends(clock: Any) -> bool:
    """Return True after the last tick of a period; `follow` has advanced the clock."""
    return bool(clock[TICK] == 0.0)


@kernel(nogil=True)
def set_slow(clock: Any, gains: Any, period: float, gain: float, period_ticks: int) -> None:
    """Set the gains, and the length of the period that starts now or next.

    Args:
        clock: clock of `start_clock`.
        gains: gains of the stretch receptors.
        period: factor of the period.
        gain: gain of all stretch receptors.
        period_ticks: initial period, ticks.
    """
    exact = period * period_ticks
    if clock[TICK] == 0.0:
        lag = clock[LAG]
        start_clock(clock, 0, max(round(exact), 2))
        clock[LAG] = lag
    clock[EXACT_PERIOD] = exact
    for k in range(gains.size):
        gains[k] = gain
