"""Trial and rollback: slow parameters that climb a measured reward, one at a time.

The caller divides time into windows, for example the periods of a gait, between which a parameter p
may change. With R, the reward of the present parameters, and k, the step of a parameter,

    try      p' = clip(p exp(+-k), low, high), wait for `settle` windows, and measure the mean
             reward R' of the next `measure` windows
    R' > R   keep p', R <- R', k <- grow k, and try the same parameter in the same direction again
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
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from snn_control.copies import Copied
from snn_control.errors import ParameterError
from snn_control.plasticity.optional_kernel import kernel
from snn_control.ranges import require_positive

__all__ = [
    "KEPT",
    "MISSING",
    "RESTORED",
    "TRIED",
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

TRIED, KEPT, RESTORED, MISSING = 1, 2, 4, 8
"""Events of `advance`; they add up. MISSING: restored without a reward."""
MOST_CHANGES = 256
"""Number of changes that a log keeps."""

START, HEALTHY, NEED, STEADY, CHANGE, STEP, FIRST_LEAST, FIRST_MOST = range(8)
LEAST_STEP, SHRINK, GROW, SETTLE, MEASURE = range(8, 13)
LIMITS = 13
"""Index of the first limits in the settings: lowest value, highest value, and first direction of
each parameter. NEED is the reward below which trials start."""

TICK, TRIAL, NEXT, SETTLES, MEASURES, SUM, COUNT, REWARD, PREVIOUS, BEFORE, FAILED = range(11)
"""Indices of a state: ticks since the start; index of the parameter under trial, -1 without one,
and of the next one; windows to wait and to measure; sum and number of rewards in this measurement;
R; mean of the measurement before; value of the parameter before its trial; failures since R was
measured."""
VALUES = 11
"""Index of the first parameters in the state: values, then steps, then directions."""


@kernel(nogil=True)
def advance(state: Any, settings: Any, reward: float, ends: bool) -> int:
    """Advance a search by a tick; return its events.

    Args:
        state: result of `first_state`; the parameters are its entries from `VALUES` on.
        settings: result of `packed`.
        reward: reward in this tick; NaN: missing.
        ends: True in the last tick of a window.
    """
    n = (state.size - VALUES) // 3
    state[TICK] += 1.0
    if not math.isfinite(reward):
        return _rest(state, settings)
    if state[TICK] <= settings[START]:
        return 0
    if state[SETTLES] == 0.0:
        state[SUM] += reward
        state[COUNT] += 1.0
    if not ends:
        return 0
    if state[SETTLES] > 0.0:
        state[SETTLES] -= 1.0
        return 0
    state[MEASURES] -= 1.0
    if state[MEASURES] > 0.0:
        return 0
    mean = state[SUM] / state[COUNT]
    state[SUM] = state[COUNT] = 0.0
    state[MEASURES] = settings[MEASURE]
    event, trial = 0, int(state[TRIAL])
    if trial < 0:
        if not _measured(state, settings, n, mean):
            return 0
    elif mean > state[REWARD]:
        event = KEPT
        state[REWARD], state[FAILED] = mean, 0.0
        state[VALUES + n + trial] *= settings[GROW]
    else:
        event = RESTORED
        state[VALUES + trial] = state[BEFORE]
        state[FAILED] += 1.0
        state[SETTLES] = settings[SETTLE]
        _reverse(state, settings, n, trial)
    state[TRIAL], state[PREVIOUS] = -1.0, math.inf
    if state[REWARD] < settings[NEED] and state[FAILED] < 2 * n:
        event += _try(state, settings, n)
    return event


@kernel(nogil=True)
def _rest(state: Any, settings: Any) -> int:
    """Restore the parameter under trial, and measure again from the next window on."""
    event, trial = 0, int(state[TRIAL])
    if trial >= 0:
        state[VALUES + trial] = state[BEFORE]
        event = MISSING
    state[TRIAL], state[PREVIOUS] = -1.0, math.inf
    state[SETTLES], state[MEASURES] = max(settings[SETTLE], 1.0), settings[MEASURE]
    state[SUM] = state[COUNT] = 0.0
    return event


@kernel(nogil=True)
def _measured(state: Any, settings: Any, n: int, mean: float) -> bool:
    """Set R; return False if the mean reward of the present parameters still changes."""
    steady = abs(mean - state[PREVIOUS]) <= settings[STEADY] * abs(mean)
    if mean < settings[NEED] and not steady:
        state[PREVIOUS] = mean
        return False
    if not abs(mean - state[REWARD]) <= settings[CHANGE] * abs(state[REWARD]):  # or the first one
        first = settings[FIRST_MOST]
        if mean > 0.0:
            step = settings[STEP] * math.log(settings[HEALTHY] / mean)
            first = min(max(step, settings[FIRST_LEAST]), first)
        for k in range(n):
            state[VALUES + n + k] = first
    state[REWARD], state[FAILED] = mean, 0.0
    return True


@kernel(nogil=True)
def _try(state: Any, settings: Any, n: int) -> int:
    """Change the next parameter that can be changed; return TRIED, or 0 if there is none."""
    for _ in range(2 * n):
        trial = int(state[NEXT])
        value, step = state[VALUES + trial], state[VALUES + n + trial]
        tried = value * math.exp(state[VALUES + 2 * n + trial] * step)
        low, high = settings[LIMITS + 3 * trial], settings[LIMITS + 3 * trial + 1]
        tried = min(max(tried, low), high)
        if tried != value:
            state[TRIAL], state[BEFORE] = trial, value
            state[VALUES + trial] = tried
            state[SETTLES] = settings[SETTLE]
            return TRIED
        _reverse(state, settings, n, trial)
    return 0


@kernel(nogil=True)
def _reverse(state: Any, settings: Any, n: int, trial: int) -> None:
    """Reverse the direction of a parameter with a smaller step, and continue with the next one."""
    step = settings[SHRINK] * state[VALUES + n + trial]
    state[VALUES + n + trial] = max(step, settings[LEAST_STEP])
    state[VALUES + 2 * n + trial] = -state[VALUES + 2 * n + trial]
    state[NEXT] = (trial + 1) % n


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
    grow: float = 1.0
    """Factor of a step after a success, at least 1."""
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
