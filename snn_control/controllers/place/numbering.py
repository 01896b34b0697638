"""Numbers of places, checked and located on the map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.errors import ParameterError

IntArray = npt.NDArray[np.int64]


def whole_numbers(values: Any, what: str) -> IntArray:
    """Return numbers of places as an array, () or (n,).

    Raises:
        ParameterError: they are no whole numbers.
    """
    try:
        found = np.asarray(values)
    except ValueError:  # rows of several lengths
        found = np.asarray(values, dtype=object)
    if not found.size:
        return np.zeros(0, np.int64)
    if found.dtype.kind not in "iu" or found.ndim > 1:
        raise ParameterError(f"{what}: {values!r}; expected whole numbers, in one row")
    return found.astype(np.int64)


def positions(named: Sequence[int], mapped: IntArray | range, what: str) -> IntArray:
    """Return where on a map places are, (n,).

    Args:
        named: numbers of places.
        mapped: numbers of all places, in the order of the route.
        what: they are, for the message.

    Raises:
        ParameterError: one that is not on the map.
    """
    at = {number: k for k, number in enumerate(np.asarray(mapped).tolist())}
    for number in named:
        if number not in at:
            has = f", which has {min(at)} to {max(at)}" if at else ""
            raise ParameterError(f"{what} {number} is not on the map{has}")
    return np.array([at[number] for number in named], np.int64)


def readable(places: IntArray) -> IntArray:
    """Return numbers of places that cannot be changed from outside."""
    found = places.view()
    found.flags.writeable = False
    return found
