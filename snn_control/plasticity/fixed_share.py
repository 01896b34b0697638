"""Fixed share: weights of several hypotheses by their predictions of the observations.

Hypothesis k assigned the likelihood L_k to an observation:

    w_k <- (1 - share) w_k L_k / sum_j w_j L_j + share / n

The share keeps every hypothesis above share / n, so that one that becomes right takes over within
log(n / share) nats of evidence. Source: M. Herbster and M. Warmuth, Tracking the best expert,
Machine Learning 32 (1998) 151-178, doi:10.1023/A:1007424614876, with the share spread evenly over
all hypotheses.
"""

from __future__ import annotations

import math
from typing import Any

from snn_control.plasticity.optional_kernel import kernel
from snn_control.plasticity.portable_functions import exponential

__all__ = ["fixed_share", "gaussian_likelihood", "heaviest"]


@kernel(nogil=True)
def gaussian_likelihood(innovation: float, variance: float, cap: float) -> float:
    """Return the likelihood of an innovation, up to a constant factor.

    Args:
        innovation: observed less predicted value.
        variance: its variance by the hypothesis, above 0.
        cap: largest squared innovation over its variance that counts: one outlier must not decide.
    """
    exponent = -0.5 * min(innovation * innovation / variance, cap)
    return exponential(exponent) / math.sqrt(variance)


@kernel(nogil=True)
def fixed_share(weights: Any, likelihoods: int, n: int, share: float) -> None:
    """Update the weights of `n` hypotheses in place.

    If all products vanish, all hypotheses become equally likely.

    Args:
        weights: weights with the sum 1 in its first `n` entries; likelihoods of the observation by
            each hypothesis, at least 0, from entry `likelihoods` on.
        likelihoods: index of the first likelihood.
        n: number of hypotheses.
        share: part of the weight that is spread evenly, 0 to 1.
    """
    total = 0.0
    for k in range(n):
        weights[k] *= weights[likelihoods + k]
        total += weights[k]
    for k in range(n):
        kept = weights[k] / total if total > 0.0 else 1.0 / n
        weights[k] = (1.0 - share) * kept + share / n


@kernel(nogil=True)
def heaviest(weights: Any, n: int, chosen: int, factor: float) -> int:
    """Return the hypothesis to use: the heaviest if it exceeds the chosen one by a factor."""
    best = chosen
    for k in range(n):
        if weights[k] > weights[best]:
            best = k
    return best if weights[best] > factor * weights[chosen] else chosen
