"""Leaky integrate-and-fire population with constant currents, for the tests of homeostatic rules.

tau v' = -v + current;   v >= theta: spike, v = 0, at rest for the refractory time
rate = 1 / (refractory + tau ln(current / (current - theta)))
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

TAU_S, REFRACTORY_S, DT_S = 0.02, 0.002, 2e-4


def lif_rate(current: FloatArray, theta: FloatArray) -> FloatArray:
    """Return the rate, 1/s, in closed form; `current` above `theta`."""
    period_s = REFRACTORY_S + TAU_S * np.log(current / (current - theta))
    return np.asarray(1.0 / period_s)


def threshold_of(current: FloatArray, rate: float) -> FloatArray:
    """Return the threshold at which a current causes a rate, 1/s."""
    return np.asarray(current * (1.0 - np.exp(-(1.0 / rate - REFRACTORY_S) / TAU_S)))


def simulate(
    current: FloatArray, theta: FloatArray, duration_s: float, adapt: Callable[[FloatArray], None]
) -> FloatArray:
    """Simulate a population and return its mean rates in the last half, 1/s.

    Args:
        current: currents, read in each step, shape (n,).
        theta: thresholds, read in each step, shape (n,).
        duration_s: duration, s.
        adapt: called with the spikes of each step, shape (n,); it may change both.
    """
    v, rest_s = np.zeros(len(theta)), np.zeros(len(theta))
    kept = np.exp(-DT_S / TAU_S)
    steps = round(duration_s / DT_S)
    counted = np.zeros(len(theta))
    for step in range(steps):
        v = np.where(rest_s <= 0.0, current + kept * (v - current), 0.0)
        rest_s -= DT_S
        spikes = (v >= theta).astype(np.float64)
        v[spikes > 0.0] = 0.0
        rest_s[spikes > 0.0] = REFRACTORY_S - DT_S / 2
        if step >= steps // 2:
            counted += spikes
        adapt(spikes)
    return counted / ((steps - steps // 2) * DT_S)
