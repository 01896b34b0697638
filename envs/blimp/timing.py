"""Timing of the control ticks: jitter, gaps followed by bursts, missed ticks.

The model follows the only public flight log of arXiv 2309.12937 with original time stamps: a 0.1 s
grid with 9 ms of jitter; about one tick in thirty starts a gap of 0.3 to 0.5 s, after which the
delayed ticks arrive in a burst. The resulting standard deviation is 0.05 s.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from snn_control.envs.blimp.parameters import BlimpParameters
from snn_control.envs.blimp.plant import PHYSICS_STEP_S


def called_ticks(
    parameters: BlimpParameters,
    missed_probability: float,
    rng: np.random.Generator,
    n_steps: int,
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Draw the physics steps of the called ticks and the number of missed ticks before each.

    The first tick is at step 0 and never missed; ticks are at least one physics step apart.
    """
    period = parameters.control_period_s
    grid_s = np.arange(0.0, n_steps * PHYSICS_STEP_S - 1e-9, period)
    jitter = np.clip(rng.standard_normal(grid_s.size), -3.0, 3.0) * parameters.jitter_sd_s
    opens_gap = rng.random(grid_s.size) < parameters.gap_probability
    gap_s = rng.triangular(0.0, 0.0, 1.0, grid_s.size)
    is_missed = rng.random(grid_s.size) < missed_probability

    instant_s = grid_s + jitter if parameters.jitter else grid_s.copy()
    if parameters.gaps:
        gap_s = parameters.gap_min_s + gap_s * (parameters.gap_max_s - parameters.gap_min_s)
        for k in np.flatnonzero(opens_gap):
            end = instant_s[k] + gap_s[k]
            instant_s[k + 1 :] = np.where(instant_s[k + 1 :] < end, end, instant_s[k + 1 :])
    instant_s[0] = 0.0
    order = np.arange(grid_s.size)
    steps = np.rint(instant_s / PHYSICS_STEP_S).astype(np.int64)
    steps = np.maximum.accumulate(steps - order) + order
    kept = steps < n_steps
    called = kept & ~(is_missed & parameters.missed_ticks)
    called[0] = True
    index = np.flatnonzero(called)
    return steps[index].astype(np.int32), (np.diff(index, prepend=-1) - 1).astype(np.int32)
