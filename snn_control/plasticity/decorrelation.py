"""Anti-Hebbian lateral weights that silence what changes without meaning.

A layer answers an input x with y = P x, P symmetric. When it is shown a disturbance d, each pair of
its cells weakens by the product of their activities, divided by a gain that all cells share:

    y = P d,    P <- P - y y^T / (1 + d . y)

From P = I / stiffness this keeps, after any number of disturbances and in any order,

    P = (stiffness I + sum of d d^T)^-1

(Sherman and Morrison 1950), so that r . P x compares r and x by what disturbances leave alone: the
linear discriminant where the d are differences between two sights of one place, whitening where
they are the inputs themselves.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.compiled import kernel
from snn_control.errors import ParameterError

__all__ = ["Decorrelation"]

FloatArray = npt.NDArray[np.float64]


class Decorrelation:
    """Lateral weights of a layer.

    Args:
        n: cells.
        stiffness: sum of squared disturbances of a cell at which its gain has halved.

    Raises:
        ParameterError: out of range.
    """

    def __init__(self, n: int, stiffness: float) -> None:
        if n < 1 or not 0.0 < stiffness < np.inf:
            raise ParameterError(f"n {n}, stiffness {stiffness:g}: expected above 0")
        self.lateral: FloatArray = np.eye(n) / stiffness
        """P, shape (n, n)."""

    def learn(self, disturbances: FloatArray) -> None:
        """Learn disturbances one after another.

        Args:
            disturbances: shape (n_disturbances, n).

        Raises:
            ParameterError: another shape, or not finite; nothing was learned.
        """
        if disturbances.ndim != 2 or disturbances.shape[1] != len(self.lateral):
            raise ParameterError(
                f"disturbances of shape {disturbances.shape}; expected (any, {len(self.lateral)})"
            )
        if not np.isfinite(disturbances).all():
            raise ParameterError("disturbances: expected finite numbers")
        for disturbance in disturbances:
            _weaken(self.lateral, self.lateral @ disturbance, disturbance)

    def apply(self, inputs: FloatArray) -> FloatArray:
        """Return P x of each input, shape as `inputs`, (..., n)."""
        found: FloatArray = inputs @ self.lateral
        return found


@kernel(nogil=True)
def _weaken(lateral: Any, active: Any, disturbance: Any) -> None:
    gain = 1.0
    for i in range(active.size):
        gain += disturbance[i] * active[i]
    for i in range(active.size):
        for j in range(active.size):
            lateral[i, j] -= active[i] * active[j] / gain  # in this order it stays symmetric
