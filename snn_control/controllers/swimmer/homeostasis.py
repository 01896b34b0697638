"""Homeostasis of the swimmer: each joint keeps the muscle activity of the undamaged body.

The gain of each stretch receptor follows the activity of the joint that it excites,

    gain[i - 1] += rate dt (set_point[i] - activity[i]),    lowest <= gain <= highest,

where activity[i] is the mean over a control period of the sum of the joint's two muscles. Synaptic
scaling towards a setpoint of the firing rate: G. Turrigiano et al. (1998), Nature 391, 892-896.

The clock follows the wave along the body. At the end of each of its periods,

    period <- period (1 + lag_rate (lag - lag_set_point)),

where lag is the delay of the last joint's muscles behind the first joint's, in periods. A wave that
damage slows down thus gets a longer period.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.compiled import kernel
from snn_control.errors import ParameterError

__all__ = [
    "BOUNDS_SIZE",
    "CLOCK_SIZE",
    "EXACT_PERIOD",
    "FROZEN",
    "LAG",
    "PERIOD",
    "SLOWEST",
    "TICK",
    "Homeostasis",
    "adapt",
    "follow",
    "start_clock",
]

FloatArray = npt.NDArray[np.float64]

RATE, LOWEST, HIGHEST, LAG_SET_POINT, LAG_RATE = range(5)
"""Indices of the bounds of an adaptation; RATE is that of the gains in a control period."""
BOUNDS_SIZE = 5
"""Length of the bounds of an adaptation."""
TICK, PERIOD, EXACT_PERIOD, HEAD_COS, HEAD_SIN, TAIL_COS, TAIL_SIN, LAG = range(8)
"""Indices of a clock: tick and length of its period, ticks; unrounded length; sums over the period
of the activity of the first and the last joint's muscles times cosine and sine of the clock's
angle; lag in the last period, periods."""
CLOCK_SIZE = 8
"""Length of the state of a clock."""
SLOWEST = 2.0
"""Largest factor between the clock's period and its initial period by the homeostasis, in either
direction."""


@dataclass(frozen=True, eq=False)
class Homeostasis:
    """Setpoints and rates of the adaptation.

    Raises:
        ParameterError: a value is out of range.
    """

    set_points: FloatArray
    """Activity of each joint but the first without damage, shape (n_joints - 1,), 0 to 1."""
    rate_per_s: float = 0.3
    """Change of the gain per second for an error of 1; 0 disables the adaptation of gains."""
    lowest: float = 1.0
    """Smallest gain of a receptor; 1 is the gain without damage."""
    highest: float = 5.0
    """Largest gain of a receptor."""
    lag_set_point: float = 0.0
    """Lag of the last joint without damage, periods; only the fractional part counts."""
    lag_rate: float = 0.0
    """Relative change of the clock's period for a lag error of one period, 0 to 1; 0: none."""

    def __post_init__(self) -> None:
        points = np.ascontiguousarray(self.set_points, np.float64)
        object.__setattr__(self, "set_points", points)
        if points.ndim != 1 or not np.all((points >= 0.0) & (points <= 1.0)):
            raise ParameterError(f"set_points {points}: expected numbers from 0 to 1")
        if not (np.isfinite(self.rate_per_s) and self.rate_per_s >= 0.0):
            raise ParameterError(f"rate_per_s is {self.rate_per_s:g}; expected at least 0")
        if not (np.isfinite(self.lag_rate) and 0.0 <= self.lag_rate <= 1.0):
            raise ParameterError(f"lag_rate is {self.lag_rate:g}; expected 0 to 1")
        if not np.isfinite(self.lag_set_point):
            raise ParameterError(f"lag_set_point is {self.lag_set_point:g}; expected a number")
        if not 0.0 < self.lowest <= 1.0 <= self.highest < np.inf:
            raise ParameterError(
                f"lowest and highest are {self.lowest:g} and {self.highest:g}; expected numbers "
                "above 0 with 1 between them"
            )

    def document(self) -> dict[str, Any]:
        """Return the settings as JSON values."""
        return vars(self) | {"set_points": self.set_points.tolist()}

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Homeostasis:
        """Read the settings from the result of `document`.

        Raises:
            ParameterError: an unknown or missing setting, or one out of range.
        """
        try:
            return cls(**document)
        except (TypeError, ValueError) as exc:
            raise ParameterError(f"homeostasis: {exc}") from exc

    def check_joints(self, n_joints: int) -> None:
        """Refuse a body with another number of joints.

        Raises:
            ParameterError: the number of setpoints is not n_joints - 1.
        """
        if self.set_points.shape != (n_joints - 1,):
            raise ParameterError(
                f"{self.set_points.size} setpoints; expected {n_joints - 1}, one for each of "
                f"the {n_joints} joints but the first"
            )

    def bounds(self, control_period_s: float) -> FloatArray:
        """Return the bounds of the adaptation for `adapt` and `follow`, shape (BOUNDS_SIZE,)."""
        bounds = np.empty(BOUNDS_SIZE)
        bounds[RATE] = self.rate_per_s * control_period_s
        bounds[LOWEST], bounds[HIGHEST] = self.lowest, self.highest
        bounds[LAG_SET_POINT], bounds[LAG_RATE] = self.lag_set_point, self.lag_rate
        return bounds


FROZEN = np.ones(BOUNDS_SIZE)
"""Factors of the bounds of a frozen adaptation."""
FROZEN[RATE] = FROZEN[LAG_RATE] = 0.0


@kernel(nogil=True)
def adapt(gains: Any, muscles: Any, set_points: Any, bounds: Any) -> None:
    """Move the gains by one control period.

    Args:
        gains: gains of the stretch receptors, shape (n_joints,); the last one has no target.
        muscles: activity, dorsal then ventral, shape (2 * n_joints,).
        set_points: setpoints of activity, shape (n_joints - 1,).
        bounds: result of `Homeostasis.bounds`.
    """
    n = gains.size
    for k in range(n - 1):
        activity = muscles[k + 1] + muscles[n + k + 1]
        moved = gains[k] + bounds[RATE] * (set_points[k] - activity)
        gains[k] = min(max(moved, bounds[LOWEST]), bounds[HIGHEST])


@kernel(nogil=True)
def start_clock(clock: Any, tick: int, period_ticks: int) -> None:
    """Set a clock, shape (CLOCK_SIZE,), to a tick of its period."""
    clock[:] = 0.0
    clock[TICK], clock[PERIOD], clock[EXACT_PERIOD] = tick, period_ticks, period_ticks


@kernel(nogil=True)
def follow(clock: Any, muscles: Any, bounds: Any, period_ticks: int) -> None:
    """Advance a clock by a tick; at the end of a period, adapt its length to the lag of the wave.

    Args:
        clock: clock of `start_clock`.
        muscles: activity in this tick, dorsal then ventral, shape (2 * n_joints,).
        bounds: result of `Homeostasis.bounds`.
        period_ticks: initial period, ticks.
    """
    n = muscles.size // 2
    angle = 2.0 * math.pi * clock[TICK] / clock[PERIOD]
    head, tail = muscles[0] - muscles[n], muscles[n - 1] - muscles[2 * n - 1]
    clock[HEAD_COS] += head * math.cos(angle)
    clock[HEAD_SIN] += head * math.sin(angle)
    clock[TAIL_COS] += tail * math.cos(angle)
    clock[TAIL_SIN] += tail * math.sin(angle)
    clock[TICK] += 1.0
    if clock[TICK] < clock[PERIOD]:
        return
    late = math.atan2(clock[TAIL_SIN], clock[TAIL_COS]) - math.atan2(
        clock[HEAD_SIN], clock[HEAD_COS]
    )
    lag, exact = late / (2.0 * math.pi), clock[EXACT_PERIOD]
    if bounds[LAG_RATE] > 0.0:
        error = lag - bounds[LAG_SET_POINT]
        error -= math.floor(error + 0.5)
        exact *= 1.0 + bounds[LAG_RATE] * error
        exact = min(max(exact, period_ticks / SLOWEST), period_ticks * SLOWEST)
    start_clock(clock, 0, max(round(exact), 2))  # a period of 1 tick has no halves
    clock[EXACT_PERIOD], clock[LAG] = exact, lag
