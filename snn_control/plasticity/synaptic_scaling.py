"""Homeostasis of firing rates by the scale of all weights onto a neuron.

    w_ij <- clip(w_ij max(1 + eta dt (target - r_i) / target, 1/2), +-bound)

with the filtered rate r_i of the target neuron (1/s) and eta in 1/s. The weights onto a neuron keep
their signs and ratios, up to the bound. Source: G. Turrigiano, K. Leslie, N. Desai, L. Rutherford
and S. Nelson, Nature 391 (1998) 892-896, doi:10.1038/36103; here with the relative deviation, so
that eta is independent of the target. The factor has a floor, because a burst at a large eta would
otherwise reverse the signs.
"""

from __future__ import annotations

from typing import Any

from snn_control.plasticity.optional_kernel import kernel

__all__ = ["SMALLEST_FACTOR", "synaptic_scaling"]

SMALLEST_FACTOR = 0.5
"""Smallest factor of a weight in one update."""


@kernel(nogil=True)
def synaptic_scaling(
    weights: Any, rates: Any, target: float, eta: float, dt_s: float, bound: float
) -> None:
    """Update weights in place.

    Args:
        weights: weights of any unit, shape (n_targets, n_sources).
        rates: filtered rates of the target neurons, 1/s, shape (n_targets,).
        target: target of each rate, 1/s, above 0.
        eta: relative change of a weight per second onto a silent neuron, 1/s.
        dt_s: time since the last update, s.
        bound: largest magnitude of a weight.
    """
    for i in range(rates.size):
        factor = max(1.0 + eta * dt_s * (target - rates[i]) / target, SMALLEST_FACTOR)
        for j in range(weights.shape[1]):
            weights[i, j] = min(max(weights[i, j] * factor, -bound), bound)
