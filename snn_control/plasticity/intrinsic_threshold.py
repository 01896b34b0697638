"""Homeostasis of firing rates by thresholds.

    theta <- clip(theta + eta (r - target) dt, low, high)

with filtered rates r and a target (1/s); the unit of eta is that of the threshold. A neuron that is
too active becomes less excitable. Source of the effect: N. Desai, L. Rutherford and G. Turrigiano,
Nat. Neurosci. 2 (1999) 515-520, doi:10.1038/9165; of the rule with a filtered rate: D. Harnack et
al., PLoS Comput. Biol. 11 (2015) e1004357, doi:10.1371/journal.pcbi.1004357. In a recurrent network
eta has a limit: `plasticity.stability`.
"""

from __future__ import annotations

from typing import Any

from snn_control.plasticity.optional_kernel import kernel

__all__ = ["intrinsic_threshold"]


@kernel(nogil=True)
def intrinsic_threshold(
    thresholds: Any, rates: Any, target: float, eta: float, dt_s: float, low: float, high: float
) -> None:
    """Update thresholds in place.

    Args:
        thresholds: thresholds of the neurons, any unit, shape (n,).
        rates: filtered rates, 1/s, shape (n,).
        target: target of each rate, 1/s.
        eta: change of a threshold per excess spike, in its unit.
        dt_s: time since the last update, s.
        low: lower bound of the thresholds.
        high: upper bound of the thresholds.
    """
    for i in range(thresholds.size):
        moved = thresholds[i] + eta * (rates[i] - target) * dt_s
        thresholds[i] = min(max(moved, low), high)
