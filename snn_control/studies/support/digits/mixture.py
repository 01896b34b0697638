"""Several readouts of one trunk, each with a different learning rate, weighted by fixed share.

Readout k predicts probabilities p_k from the hidden units h, and w = sum 1 weighs them:

    p = sum_k w_k p_k
    W_k <- W_k - rate_k / (1 + |h|^2) (h, 1) (p_k - label)     after each sample
    w_k <- fixed share of the likelihoods p_k(label)            `plasticity.fixed_share`

The trunk descends the gradient of -log p(label) in minibatches, with a bounded step. Each readout
is a hypothesis on how fast the labels change; none is chosen beforehand.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from snn_control.compiled import kernel
from snn_control.plasticity.fixed_share import fixed_share
from snn_control.studies.support.digits.network import (
    BATCH,
    FIRST,
    PARAMETERS,
    SECOND,
    TRUNK,
    add_trunk_gradient,
    most_likely,
    run_trunk,
    softmax,
    step,
)
from snn_control.studies.support.digits.stream import CLASSES

__all__ = ["mixture"]

READOUT = PARAMETERS - TRUNK
"""Number of parameters of a readout."""


@kernel(nogil=True)
def mixture(
    stream: Any, parameters: Any, counted: int, rate: float, limit: float, rates: Any, share: float
) -> tuple[float, float]:
    """Learn with one readout for each rate.

    Args:
        stream: stream, see `DigitStream`.
        parameters: initial parameters, whose readout all start from; the trunk is changed in place.
        counted: first sample that counts.
        rate: learning rate of the trunk.
        limit: largest norm of a step of the trunk, infinite for none.
        rates: learning rates of the readouts, shape (n,).
        share: part of the weights that is spread evenly.

    Returns:
        Accuracy from `counted` on, and the mean over the samples of the weighted rate.
    """
    k_n = rates.size
    first, second = np.empty(FIRST), np.empty(SECOND)
    shares, mixed = np.empty((k_n, CLASSES)), np.empty(CLASSES)
    error = np.empty(SECOND)
    gradient = np.zeros(TRUNK)
    readouts = np.empty(k_n * READOUT)
    for k in range(k_n):
        readouts[k * READOUT : (k + 1) * READOUT] = parameters[TRUNK:]
    weights = np.full(2 * k_n, 1.0 / k_n)
    right, used = 0, 0.0
    n = stream.order.size
    for i in range(n):
        x, label = stream.images[stream.order[i]], stream.labels[i]
        run_trunk(parameters, x, first, second)
        mixed[:] = 0.0
        for k in range(k_n):
            softmax(readouts, k * READOUT, second, shares[k])
            for j in range(CLASSES):
                mixed[j] += weights[k] * shares[k, j]
            used += weights[k] * rates[k]
        if i >= counted and most_likely(mixed) == stream.truth[i]:
            right += 1
        error[:] = 0.0
        squared = 1.0
        for u in range(SECOND):
            squared += second[u] * second[u]
        for k in range(k_n):
            weights[k_n + k] = shares[k, label]
            part = weights[k] * shares[k, label] / max(mixed[label], 1e-300)
            shares[k, label] -= 1.0
            _learn(
                readouts, k * READOUT, second, shares[k], part, rates[k] / squared, error
            )  # fmt: skip
        for u in range(SECOND):
            if second[u] < 0.0:
                error[u] *= second[u] + 1.0
        add_trunk_gradient(parameters, x, first, second, error, gradient)
        fixed_share(weights, k_n, k_n, share)
        if i % BATCH == BATCH - 1:
            step(parameters, gradient, TRUNK, rate, limit)
    return right / (n - counted), used / n


@kernel(nogil=True)
def _learn(
    readouts: Any, at: int, second: Any, difference: Any, part: float, rate: float, error: Any
) -> None:
    """Add `part` of a readout's error to that of the hidden units, then learn."""
    for u in range(SECOND):
        row = readouts[at + u * CLASSES : at + (u + 1) * CLASSES]
        back = 0.0
        for j in range(CLASSES):
            back += row[j] * difference[j]
            row[j] -= rate * second[u] * difference[j]
        error[u] += part * back
    for j in range(CLASSES):
        readouts[at + SECOND * CLASSES + j] -= rate * difference[j]
