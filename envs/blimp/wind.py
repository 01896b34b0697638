"""Gusts: coloured noise with a standard deviation and a correlation time.

g[k+1] = r g[k] + sd sqrt(1 - r^2) n[k],   r = exp(-0.1 s / gust_time_constant),   n ~ N(0, 1)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from snn_control.compiled import kernel
from snn_control.envs.blimp.parameters import BlimpParameters
from snn_control.envs.blimp.plant import GUST_STEPS, PHYSICS_STEP_S


@kernel()
def _colour(noise, keep):
    """Filter rows of white noise in place to unit variance, first-order correlated."""
    fresh = np.sqrt(1.0 - keep * keep)
    for row in range(noise.shape[0]):
        for k in range(1, noise.shape[1]):
            noise[row, k] = keep * noise[row, k - 1] + fresh * noise[row, k]


def gust_series(
    parameters: BlimpParameters,
    drawn: dict[str, float],
    rng: np.random.Generator,
    n_steps: int,
) -> NDArray[np.float64]:
    """Draw gust accelerations along x, y, z, m/s^2, shape (3, slots), one slot per 0.1 s."""
    slots = -(-n_steps // GUST_STEPS)
    gust = rng.standard_normal((3, slots))
    if not parameters.gusts:
        return np.zeros_like(gust)
    _colour(gust, float(np.exp(-GUST_STEPS * PHYSICS_STEP_S / drawn["gust_time_constant_s"])))
    gust *= drawn["gust_sd_m_s2"]
    gust[:2] *= parameters.gust_sideways_ratio
    return gust
