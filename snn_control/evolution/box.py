"""Reflection at the bounds of the unit box: every real number is folded into [0, 1].

Folding is locally isometric. A distribution whose mean has crossed a bound therefore equals the
distribution with the folded mean and with the reflected coordinates of its directions negated.
"""

from __future__ import annotations

import numpy as np


def fold(x: np.ndarray) -> np.ndarray:
    """Return |x - 2 round(x / 2)|: x in [0, 1], else x reflected at the bounds.

    The result is exact: |x|, or the difference of two doubles within a factor of 2.
    """
    folded = np.multiply(x, 0.5)
    np.rint(folded, out=folded)
    folded *= -2.0
    folded += x
    return np.abs(folded, out=folded)


def fold_signs(x: np.ndarray) -> np.ndarray:
    """Return the slope of `fold` at `x`: +1, or -1 where the image is reversed."""
    return np.where(x - 2.0 * np.rint(0.5 * x) < 0, -1.0, 1.0)
