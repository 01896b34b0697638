"""Checks of the actions of environments."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snn_control.errors import ParameterError

NEEDS_RESET = "call reset(): the episode is over or not started"
"""Message of `gymnasium.error.ResetNeeded`."""


def finite_action(action: Any, n: int) -> NDArray[np.float64]:
    """Return a copy of an action of `n` finite real numbers, float64 of shape (n,).

    Raises:
        ParameterError: another shape or type, NaN or infinite.
    """
    right = type(action) is np.ndarray and action.dtype == np.float64 and action.shape == (n,)
    if right and all(map(math.isfinite, action.tolist())):  # for few numbers faster than NumPy
        return np.array(action)
    try:
        values = np.asarray(action)
    except (ValueError, TypeError, RuntimeError):  # ragged rows, tensors of another device
        values = np.empty(0)
    if values.shape == (n,) and values.dtype.kind in "fiu":
        numbers = values.astype(np.float64)
        if np.isfinite(numbers).all():
            return numbers
    expected = "one finite number" if n == 1 else f"{n} finite numbers"
    raise ParameterError(f"action is {action!r:.200}; expected {expected}, shape ({n},)")
