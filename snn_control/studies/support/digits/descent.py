"""Stochastic gradient descent on a stream: constant rate, and rate by two-sided trials.

Each sample is predicted before its minibatch is learned. The trial compares, on the samples of the
next minibatch, the losses after the last step with a larger rate, e^up rate, and with a smaller
one, e^-down rate; the better one is the rate from then on. It judges one step of lookahead, which
favours small rates (Y. Wu et al., ICLR 2018, arXiv:1803.02021), hence up > down.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from snn_control.compiled import kernel
from snn_control.studies.support.digits.network import (
    BATCH,
    FIRST,
    PARAMETERS,
    SECOND,
    add_gradient,
    loss,
    most_likely,
    predict,
    step,
)
from snn_control.studies.support.digits.stream import CLASSES

__all__ = ["constant_rate", "trial_rate"]


@kernel(nogil=True)
def constant_rate(
    stream: Any, parameters: Any, counted: int, rate: float, limit: float
) -> tuple[float, float]:
    """Learn with a constant rate.

    Args:
        stream: stream, see `DigitStream`.
        parameters: initial parameters; changed in place.
        counted: first sample that counts.
        rate: learning rate.
        limit: largest norm of a step, infinite for none.

    Returns:
        Accuracy from `counted` on, and the rate.
    """
    first, second, shares = np.empty(FIRST), np.empty(SECOND), np.empty(CLASSES)
    gradient = np.zeros(PARAMETERS)
    right = 0
    n = stream.order.size
    for i in range(n):
        x = stream.images[stream.order[i]]
        predict(parameters, x, first, second, shares)
        if i >= counted and most_likely(shares) == stream.truth[i]:
            right += 1
        add_gradient(parameters, x, first, second, shares, stream.labels[i], gradient)
        if i % BATCH == BATCH - 1:
            step(parameters, gradient, PARAMETERS, rate, limit)
    return right / (n - counted), rate


@kernel(nogil=True)
def trial_rate(
    stream: Any, parameters: Any, counted: int, rate: float, limit: float, up: float, down: float,
    lowest: float, highest: float,
) -> tuple[float, float]:  # fmt: skip
    """Learn with a rate by trials.

    Args:
        stream: stream, see `DigitStream`.
        parameters: initial parameters; changed in place.
        counted: first sample that counts.
        rate: initial learning rate.
        limit: largest norm of a step, infinite for none.
        up: logarithmic step of the larger rate.
        down: logarithmic step of the smaller rate.
        lowest: smallest learning rate.
        highest: largest learning rate.

    Returns:
        Accuracy from `counted` on, and the last rate.
    """
    first, second, shares = np.empty(FIRST), np.empty(SECOND), np.empty(CLASSES)
    gradient, tried = np.zeros(PARAMETERS), np.zeros(PARAMETERS)
    larger, smaller = parameters.copy(), parameters.copy()
    larger_loss = smaller_loss = 0.0
    right = 0
    n = stream.order.size
    for i in range(n):
        x = stream.images[stream.order[i]]
        if i >= BATCH:
            predict(larger, x, first, second, shares)
            larger_loss += loss(shares, stream.labels[i])
            predict(smaller, x, first, second, shares)
            smaller_loss += loss(shares, stream.labels[i])
        predict(parameters, x, first, second, shares)
        if i >= counted and most_likely(shares) == stream.truth[i]:
            right += 1
        add_gradient(parameters, x, first, second, shares, stream.labels[i], gradient)
        if i % BATCH == BATCH - 1:
            if larger_loss < smaller_loss:
                rate = min(rate * math.exp(up), highest)
            elif smaller_loss < larger_loss:
                rate = max(rate * math.exp(-down), lowest)
            larger_loss = smaller_loss = 0.0
            larger[:] = parameters
            smaller[:] = parameters
            tried[:] = gradient
            step(larger, tried, PARAMETERS, rate * math.exp(up), limit)
            tried[:] = gradient
            step(smaller, tried, PARAMETERS, rate * math.exp(-down), limit)
            step(parameters, gradient, PARAMETERS, rate, limit)
    return right / (n - counted), rate
