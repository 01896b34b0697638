"""Trial and rollback: slow parameters that climb a measured reward, one at a time.

The caller divides time into windows, for example the periods of a gait, between which a parameter p
may change. With R, the reward of the present parameters, and k, the step of a parameter,

    try      p' = clip(p exp(+-k), low, high), wait for `settle` windows, and measure the mean
             reward R' of the next `measure` windows
    R' > R   keep p', R <- R', and try the same parameter in the same direction again; after the
             second success in a row k <- grow k
    else     restore p, reverse the direction, k <- max(shrink k, least_step), next parameter

The first step grows with the deficit, the distance from the reward of a healthy body:

    k = clip(step ln(healthy / R), first_least, first_most)

No trial starts before `start_s`, nor while R is at least `share` of the healthy reward, nor before
two measurements with the same parameters differ by at most the share `steady`: without a loss
nothing changes. After a failure of every parameter in both directions R is measured again; if it
differs from the old one by more than the share `change`, the steps return to their first size.
Without a reward (NaN) the parameter under trial is restored, and trials rest.

Coordinate search with adaptive steps: R. Hooke and T. Jeeves, Journal of the ACM 8 (1961) 212-229,
doi:10.1145/321062.321069. `advance` is the rule on arrays, for compiled loops; `Trials` holds the
arrays of one search and the log of its changes.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from snn_control.copies import Copied
from snn_control.errors import ParameterError
from snn_control.plasticity.trial_kernels import (
    BEFORE,
    FIRST_MOST,
    KEPT,
    LIMITS,
    MEASURE,
    MEASURES,
    MISSING,
    PREVIOUS,
    RESTORED,
    REWARD,
    SETTLES,
    TICK,
    TRIAL,
    TRIED,
    VALUES,
    advance,
)
from snn_control.ranges import require_positive

__all__ = [
    "VALUES",
    "Change",
    "SlowParameter",
    "TrialConfig",
    "Trials",
    "advance",
    "first_state",
    "packed",
]

FloatArray = npt.NDArray[np.float64]

MOST_CHANGES = 256
"""Number of changes that a log keeps."""


@dataclass(frozen=True)
class SlowParameter:
    """Parameter of a search, a factor that starts at 1.

    Raises:
        ParameterError: the bounds do not include 1.
    """

    name: str
    """Name of the parameter."""
    low: float
    """Lowest value, above 0; equal to `high`: never tried."""
    high: float
    """Highest value."""
    rises: bool = True
    """Direction of the first trial: True for larger values."""

    def __post_init__(self) -> None:
        if not 0.0 < self.low <= 1.0 <= self.high < math.inf:
            raise ParameterError(
                f"{self.name}: the bounds are {self.low:g} and {self.high:g}; expected numbers "
                "above 0 with 1 between them"
            )


@dataclass(frozen=True)
class TrialConfig:
    """Settings of trial and rollback.

    Raises:
        ParameterError: a value is out of range.
    """

    share: float = 0.97
    """Share of the healthy reward at which trials end and below which they start."""
    start_s: float = 2.4
    """Time before the first measurement, s."""
    settle: int = 1
    """Windows between a change and its measurement."""
    measure: int = 1
    """Windows of a measurement."""
    step: float = 0.45
    """First step over ln(healthy / R)."""
    first_least: float = 0.1
    """Smallest first step; equal to `first_most`: a first step that does not depend on R."""
    first_most: float = 1.0
    """Largest first step."""
    least_step: float = 0.05
    """Smallest step."""
    shrink: float = 0.6
    """Factor of a step after a failure, below 1."""
    grow: float = 1.3
    """Factor of a step after the second and each further success in a row, at least 1."""
    steady: float = 0.06
    """Relative difference of two measurements without a change at which R is accepted."""
    change: float = 0.2
    """Relative change of R, with the same parameters, that returns steps to their first size."""

    def __post_init__(self) -> None:
        positive = ("share", "step", "first_least", "first_most", "least_step", "shrink", "steady")
        require_positive({name: getattr(self, name) for name in positive}, "trials")
        if not 0.0 <= self.start_s < math.inf:
            raise ParameterError(f"trials: start_s is {self.start_s}; expected at least 0")
        if self.settle < 0 or self.measure < 1:
            raise ParameterError(
                f"trials: settle is {self.settle}, measure {self.measure}; expected at least 0 "
                "and 1 windows"
            )
        if not self.share <= 1.0 or not self.shrink < 1.0 or not 1.0 <= self.grow < math.inf:
            raise ParameterError(
                f"trials: share is {self.share}, shrink {self.shrink}, grow {self.grow}; expected "
                "at most 1, below 1, at least 1"
            )
        if not self.least_step <= self.first_least <= self.first_most:
            raise ParameterError(
                f"trials: least_step {self.least_step}, first_least {self.first_least} and "
                f"first_most {self.first_most} must ascend"
            )
        if not 0.0 <= self.change < math.inf:
            raise ParameterError(f"trials: change is {self.change}; expected at least 0")


def packed(
    config: TrialConfig, parameters: Sequence[SlowParameter], healthy: float, tick_s: float
) -> FloatArray:
    """Return the settings of `advance`.

    Args:
        config: settings.
        parameters: parameters of the search, at least one.
        healthy: reward without damage, above 0.
        tick_s: time between two calls, s.

    Raises:
        ParameterError: no parameter, two of one name, or a number that is not positive.
    """
    names = [parameter.name for parameter in parameters]
    if not names or len(set(names)) < len(names):
        raise ParameterError(f"trials of {names}: expected at least one parameter, each once")
    require_positive({"healthy": healthy, "tick_s": tick_s}, "trials")
    settings = np.empty(LIMITS + 3 * len(names))
    settings[:LIMITS] = (
        config.start_s / tick_s, healthy, config.share * healthy, config.steady, config.change,
        config.step, config.first_least, config.first_most, config.least_step, config.shrink,
        config.grow, config.settle, config.measure,
    )  # fmt: skip
    settings[LIMITS:] = [x for p in parameters for x in (p.low, p.high, 1.0 if p.rises else -1.0)]
    return settings


def first_state(settings: FloatArray) -> FloatArray:
    """Return the state before the first tick: all parameters are 1."""
    n = (settings.size - LIMITS) // 3
    state = np.zeros(VALUES + 3 * n)
    state[TRIAL], state[REWARD], state[PREVIOUS] = -1.0, math.nan, math.inf
    state[SETTLES], state[MEASURES] = 1.0, settings[MEASURE]
    state[VALUES : VALUES + n] = 1.0
    state[VALUES + n : VALUES + 2 * n] = settings[FIRST_MOST]
    state[VALUES + 2 * n :] = settings[LIMITS + 2 :: 3]
    return state


class Change(NamedTuple):
    """Change of a parameter, or the decision to keep one."""

    number: int
    """Number of the change since the start, from 1."""
    time_s: float
    """Time since the start, s."""
    reason: str
    """Parameter and event, with the rewards that decided."""
    values: tuple[float, ...]
    """Values of all parameters after the change."""


class Trials(Copied):
    """State of one search, and the log of its changes.

    Args:
        config: settings.
        parameters: parameters of the search, at least one.
        healthy: reward without damage, above 0.
        tick_s: time between two calls of `advance`, s.

    Raises:
        ParameterError: see `packed`.
    """

    def __init__(
        self,
        config: TrialConfig,
        parameters: Sequence[SlowParameter],
        healthy: float,
        tick_s: float,
    ) -> None:
        self.names = tuple(parameter.name for parameter in parameters)
        self.settings = packed(config, parameters, healthy, tick_s)
        self._tick_s = tick_s
        self.reset()

    def reset(self) -> None:
        """Return to the state before the first tick, with an empty log."""
        self.state = first_state(self.settings)
        self.changes: deque[Change] = deque(maxlen=MOST_CHANGES)
        """Last changes, at most `MOST_CHANGES`."""
        self.n_changes = 0

    @property
    def values(self) -> tuple[float, ...]:
        """Present values of the parameters, in the order of `names`."""
        return tuple(self.state[VALUES : VALUES + len(self.names)].tolist())

    @property
    def kept(self) -> tuple[float, ...]:
        """Values without the trial that is running."""
        values, trial = list(self.values), int(self.state[TRIAL])
        if trial >= 0:
            values[trial] = float(self.state[BEFORE])
        return tuple(values)

    @property
    def on_trial(self) -> str:
        """Name of the parameter under trial, or an empty string."""
        trial = int(self.state[TRIAL])
        return self.names[trial] if trial >= 0 else ""

    def advance(self, reward: float, ends: bool, missing: str = "no reward") -> bool:
        """Advance by a tick; return True if a parameter was changed or kept.

        Args:
            reward: reward in this tick; NaN: missing.
            ends: True in the last tick of a window.
            missing: reason for a missing reward, for the log.
        """
        trial, before = int(self.state[TRIAL]), float(self.state[REWARD])
        event = advance(self.state, self.settings, reward, ends)
        if event == 0:
            return False
        if event & KEPT:
            after = float(self.state[REWARD])
            self._log(f"{self.names[trial]} kept: {after:.4g} after {before:.4g}", self.kept)
        elif event & RESTORED:
            self._log(f"{self.names[trial]} restored: not above {before:.4g}", self.kept)
        elif event & MISSING:
            self._log(f"{self.names[trial]} restored: {missing}", self.kept)
        if event & TRIED:
            self._log(f"{self.on_trial} tried", self.values)
        return True

    def _log(self, reason: str, values: tuple[float, ...]) -> None:
        self.n_changes += 1
        time_s = float(self.state[TICK]) * self._tick_s
        self.changes.append(Change(self.n_changes, time_s, reason, values))
