"""Shaping function that all rewards are built from."""

from __future__ import annotations

from math import exp, log

import numpy as np
from numpy.typing import NDArray

__all__ = ["tolerance", "tolerances"]


def tolerance(x: float, low: float, high: float, margin: float, at_margin: float = 0.1) -> float:
    """Return 1 for `x` in [low, high], falling as a Gaussian to `at_margin` at `margin` outside.

    r = exp(log(at_margin) (d / margin)^2), d = distance of x from the interval; in [0, 1].
    `margin` has the unit of `x` and is positive; NaN gives 0.
    The form is that of Y. Tassa et al., DeepMind Control Suite, arXiv 1801.00690 (2018).
    """
    if low <= x <= high:
        return 1.0
    distance = low - x if x < low else x - high
    if distance != distance:
        return 0.0
    fraction = distance / margin
    return exp(log(at_margin) * fraction * fraction)


def tolerances(
    x: NDArray[np.float64], low: float, high: float, margin: float, at_margin: float = 0.1
) -> NDArray[np.float64]:
    """Return `tolerance` of each entry of an array."""
    fraction = np.maximum(np.maximum(low - x, x - high), 0.0) / margin
    return np.nan_to_num(np.exp(np.log(at_margin) * fraction * fraction), nan=0.0)
