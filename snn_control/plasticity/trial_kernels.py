"""Rule of `plasticity.trials` on arrays: the settings of a search and its state."""

from __future__ import annotations

import math
from typing import Any

from snn_control.plasticity.optional_kernel import kernel

__all__ = ["KEPT", "MISSING", "RESTORED", "TRIED", "VALUES", "advance"]

TRIED, KEPT, RESTORED, MISSING = 1, 2, 4, 8
"""Events of `advance`; they add up. MISSING: restored without a reward."""

START, HEALTHY, NEED, STEADY, CHANGE, STEP, FIRST_LEAST, FIRST_MOST = range(8)
LEAST_STEP, SHRINK, GROW, SETTLE, MEASURE = range(8, 13)
LIMITS = 13
"""Index of the first limits in the settings: lowest value, highest value, and first direction of
each parameter. NEED is the reward below which trials start."""

TICK, TRIAL, NEXT, SETTLES, MEASURES, SUM, COUNT = range(7)
REWARD, PREVIOUS, BEFORE, FAILED, SUCCESS = range(7, 12)
"""Indices of a state: ticks since the start; index of the parameter under trial, -1 without one,
and of the next one; windows to wait and to measure; sum and number of rewards in this measurement;
R; mean of the measurement before; value of the parameter before its trial; failures since R was
measured; 1 after a success."""
VALUES = 12
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
        if state[SUCCESS] > 0.0:
            state[VALUES + n + trial] *= settings[GROW]
        state[SUCCESS] = 1.0
    else:
        event = RESTORED
        state[VALUES + trial] = state[BEFORE]
        state[FAILED] += 1.0
        state[SUCCESS] = 0.0
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
    state[REWARD], state[FAILED], state[SUCCESS] = mean, 0.0, 0.0
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
