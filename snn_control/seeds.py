"""Seeds of the public interface."""

from __future__ import annotations

import operator
from typing import SupportsIndex

from snn_control.errors import ParameterError

__all__ = ["whole_seed"]


def whole_seed(seed: SupportsIndex, name: str = "seed") -> int:
    """Return a seed as a Python integer; NumPy integers are accepted.

    Raises:
        ParameterError: not a whole number, or negative.
    """
    try:
        value = operator.index(seed)
    except TypeError as exc:
        raise ParameterError(f"{name} is {seed!r}; expected a whole number") from exc
    if value < 0:
        raise ParameterError(f"{name} is {value}; expected a whole number of at least 0")
    return value
