"""Anti-Hebbian lateral weights that suppress disturbances.

A layer responds to an input x with y = P x, P symmetric. For a disturbance d, the weight between
each pair of cells decreases by the product of their activities, divided by a common gain:

    y = P d,    P <- P - y y^T / (1 + d . y)

Starting from P = I / stiffness, after any number of disturbances in any order,

    P = (stiffness I + sum of d d^T)^-1

(Sherman and Morrison 1950), so that r . P x compares r and x in directions without disturbances.
This is the linear discriminant if the d are differences between two images of one place, and
whitening if they are the inputs themselves.
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
        n: number of cells.
        stiffness: sum of squared disturbances of a cell at which its gain is halved.

    Raises:
        ParameterError: out of range.
    """

    def __init__(self, n: int, stiffness: float) -> None:
        if n < 1 or not 0.0 < stiffness < np.inf:
            raise ParameterError(f"n {n}, stiffness {stiffness:g}: expected above 0")
        self.lateral: FloatArray = np.eye(n) / stiffness
        """Lateral weights P, shape (n, n)."""

    def learn(self, disturbances: FloatArray) -> None:
        """Learn disturbances one by one.

        Args:
            disturbances: shape (n_disturbances, n).

        Raises:
            ParameterError: a wrong shape, or not finite; nothing is changed.
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
        """Return P x for each input, shape as `inputs`, (..., n)."""
        outputs: FloatArray = inputs @ self.lateral
        return outputs


@kernel(nogil=True)
def _weaken(lateral: Any, active: Any, disturbance: Any) -> None:
    gain = 1.0
    for i in range(active.size):
        gain += disturbance[i] * active[i]
    for i in range(active.size):
        for j in range(active.size):
            lateral[i, j] -= (
                active[i] * active[j] / gain
            )  # this order of operations keeps P symmetric
