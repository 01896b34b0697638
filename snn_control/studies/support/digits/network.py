"""Network 64-80-60-10 with exponential linear units (ELU) and softmax, as kernels on one sample.

All parameters are one vector: weights (inputs, units) and biases of each layer. They start from
W ~ N(0, 2 / inputs) and b ~ N(0, 1), as in the official code of arXiv:2205.08645.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.compiled import kernel
from snn_control.studies.support.digits.stream import CLASSES

__all__ = [
    "BATCH",
    "FIRST",
    "INPUTS",
    "PARAMETERS",
    "SECOND",
    "TRUNK",
    "add_gradient",
    "add_trunk_gradient",
    "draw_parameters",
    "loss",
    "most_likely",
    "predict",
    "run_trunk",
    "softmax",
    "step",
]

INPUTS, FIRST, SECOND = 64, 80, 60
"""Number of inputs, and of units of both hidden layers."""
BATCH = 10
"""Number of samples in a minibatch."""
B1 = INPUTS * FIRST
W2 = B1 + FIRST
B2 = W2 + FIRST * SECOND
TRUNK = B2 + SECOND
"""Number of parameters of both hidden layers, the first ones of the vector."""
B3 = TRUNK + SECOND * CLASSES
PARAMETERS = B3 + CLASSES
"""Number of parameters."""


def draw_parameters(seed: int) -> npt.NDArray[np.float64]:
    """Return initial parameters, shape (PARAMETERS,)."""
    rng = np.random.default_rng([seed, 2])
    parts = []
    for inputs, units in ((INPUTS, FIRST), (FIRST, SECOND), (SECOND, CLASSES)):
        parts += [rng.normal(0.0, math.sqrt(2.0 / inputs), inputs * units), rng.normal(size=units)]
    return np.concatenate(parts)


@kernel(nogil=True)
def _layer(parameters: Any, at: int, x: Any, units: Any) -> None:
    """Write W^T x + b to `units`; the weights start at `at`, the biases follow them."""
    n = units.size
    for j in range(n):
        units[j] = parameters[at + x.size * n + j]
    for i in range(x.size):
        if x[i] != 0.0:
            row = parameters[at + i * n : at + (i + 1) * n]
            for j in range(n):
                units[j] += x[i] * row[j]


@kernel(nogil=True)
def _elu(units: Any) -> None:
    for j in range(units.size):
        if units[j] < 0.0:
            units[j] = math.exp(units[j]) - 1.0


@kernel(nogil=True)
def run_trunk(parameters: Any, x: Any, first: Any, second: Any) -> None:
    """Write the hidden units of an image x to `first` and `second`."""
    _layer(parameters, 0, x, first)
    _elu(first)
    _layer(parameters, W2, first, second)
    _elu(second)


@kernel(nogil=True)
def softmax(parameters: Any, at: int, second: Any, shares: Any) -> None:
    """Write the probabilities of a readout, whose weights start at `at`, to `shares`."""
    _layer(parameters, at, second, shares)
    highest = shares[0]
    for j in range(1, shares.size):
        highest = max(highest, shares[j])
    total = 0.0
    for j in range(shares.size):
        shares[j] = math.exp(shares[j] - highest)
        total += shares[j]
    for j in range(shares.size):
        shares[j] /= total


@kernel(nogil=True)
def predict(parameters: Any, x: Any, first: Any, second: Any, shares: Any) -> None:
    """Write hidden units and probabilities of an image x."""
    run_trunk(parameters, x, first, second)
    softmax(parameters, TRUNK, second, shares)


@kernel(nogil=True)
def most_likely(shares: Any) -> int:
    """Return the class of the largest probability."""
    best = 0
    for j in range(1, shares.size):
        if shares[j] > shares[best]:
            best = j
    return best


@kernel(nogil=True)
def _back(parameters: Any, at: int, x: Any, error: Any, below: Any) -> None:
    """Write the error of ELUs x, given the error of the layer above with weights at `at`."""
    n = error.size
    for i in range(x.size):
        row = parameters[at + i * n : at + (i + 1) * n]
        a = b = c = d = 0.0  # four sums, which a processor adds side by side
        whole = n - n % 4
        for j in range(0, whole, 4):
            a += row[j] * error[j]
            b += row[j + 1] * error[j + 1]
            c += row[j + 2] * error[j + 2]
            d += row[j + 3] * error[j + 3]
        for j in range(whole, n):
            a += row[j] * error[j]
        total = (a + b) + (c + d)
        below[i] = total if x[i] >= 0.0 else total * (x[i] + 1.0)


@kernel(nogil=True)
def _outer(gradient: Any, at: int, x: Any, error: Any) -> None:
    n = error.size
    for i in range(x.size):
        if x[i] != 0.0:
            row = gradient[at + i * n : at + (i + 1) * n]
            for j in range(n):
                row[j] += x[i] * error[j]
    for j in range(n):
        gradient[at + x.size * n + j] += error[j]


@kernel(nogil=True)
def add_trunk_gradient(
    parameters: Any, x: Any, first: Any, second: Any, error: Any, gradient: Any
) -> None:
    """Add the gradient of the trunk.

    Args:
        parameters: parameters.
        x: image.
        first: first hidden units.
        second: second hidden units.
        error: gradient of the loss by the input of the second hidden units, shape (SECOND,).
        gradient: sum to add to, shape (TRUNK,) or longer.
    """
    below = np.empty(FIRST)
    _outer(gradient, W2, first, error)
    _back(parameters, W2, first, error, below)
    _outer(gradient, 0, x, below)


@kernel(nogil=True)
def add_gradient(
    parameters: Any, x: Any, first: Any, second: Any, shares: Any, label: int, gradient: Any
) -> None:
    """Add the gradient of the cross-entropy of a sample; arguments as of `predict`."""
    error, below = np.empty(CLASSES), np.empty(SECOND)
    for j in range(CLASSES):
        error[j] = shares[j]
    error[label] -= 1.0
    _outer(gradient, TRUNK, second, error)
    _back(parameters, TRUNK, second, error, below)
    add_trunk_gradient(parameters, x, first, second, below, gradient)


@kernel(nogil=True)
def step(parameters: Any, gradient: Any, n: int, rate: float, limit: float) -> None:
    """Move the first `n` parameters by the gradient's sum over a minibatch, and clear the sum.

    Args:
        parameters: parameters.
        gradient: sum of the gradients of `BATCH` samples.
        n: number of parameters.
        rate: learning rate.
        limit: largest norm of the step, infinite for none.
    """
    scale = rate / BATCH
    if limit < math.inf:
        squared = 0.0
        for i in range(n):
            squared += gradient[i] * gradient[i]
        norm = scale * math.sqrt(squared)
        if norm > limit:
            scale *= limit / norm
    for i in range(n):
        parameters[i] -= scale * gradient[i]
        gradient[i] = 0.0


@kernel(nogil=True)
def loss(shares: Any, label: int) -> float:
    """Return the cross-entropy of a label, bounded for a probability of 0."""
    return -math.log(max(shares[label], 1e-12))
