"""The unit box as a mirror: every real number is folded into [0, 1].

Folding keeps distances locally, so a distribution whose mean has crossed a bound is exactly the
same distribution with its mean folded back and the crossed coordinates of its directions negated.
"""

from __future__ import annotations

import numpy as np


def fold(x: np.ndarray) -> np.ndarray:
    """Return |x - 2 round(x / 2)|: x itself in [0, 1], mirrored at each bound outside.

    Exact: a difference of two doubles at most a factor 2 apart, or x itself.
    """
    folded = np.multiply(x, 0.5)
    np.rint(folded, out=folded)
    folded *= -2.0
    folded += x
    return np.abs(folded, out=folded)


def fold_signs(x: np.ndarray) -> np.ndarray:
    """Return the slope of `fold` at `x`: +1, or -1 where the mirror image runs backwards."""
    return np.where(x - 2.0 * np.rint(0.5 * x) < 0, -1.0, 1.0)
