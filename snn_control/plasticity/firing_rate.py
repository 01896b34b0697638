"""Filtered firing rates, the measured variable of homeostatic rules.

With spikes s (number in a time step dt) and the time constant tau,

    r <- r + (1 - exp(-dt / tau)) (s / dt - r),

an exponential filter with unit gain: the mean of r is the firing rate, in 1/s.
"""

from __future__ import annotations

import math
from typing import Any

from snn_control.plasticity.optional_kernel import kernel

__all__ = ["firing_rate"]


@kernel(nogil=True)
def firing_rate(rates: Any, spikes: Any, dt_s: float, tau_s: float) -> None:
    """Update filtered rates in place.

    Args:
        rates: filtered rates, 1/s, shape (n,).
        spikes: numbers of spikes in the time step, shape (n,).
        dt_s: time step, s.
        tau_s: time constant, s.
    """
    fraction = 1.0 - math.exp(-dt_s / tau_s)
    for i in range(rates.size):
        rates[i] += fraction * (spikes[i] / dt_s - rates[i])
