"""Checks of place numbers, and their positions on the map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.errors import ParameterError

IntArray = npt.NDArray[np.int64]


def whole_numbers(values: Any, what: str) -> IntArray:
    """Return place numbers as an array, () or (n,).

    Args:
        values: place numbers.
        what: name of the values in the message.

    Raises:
        ParameterError: not integers.
    """
    try:
        array = np.asarray(values)
    except ValueError:  # ragged rows
        array = np.asarray(values, dtype=object)
    if not array.size:
        return np.zeros(0, np.int64)
    if array.dtype.kind not in "iu" or array.ndim > 1:
        raise ParameterError(f"{what}: {values!r}; expected whole numbers in one dimension")
    return array.astype(np.int64)


def positions(places: Sequence[int], mapped: IntArray | range, what: str) -> IntArray:
    """Return the positions of places on a map, (n,).

    Args:
        places: place numbers.
        mapped: numbers of all mapped places, in route order.
        what: name of a place in the message.

    Raises:
        ParameterError: a place that is not on the map.
    """
    at = {number: k for k, number in enumerate(np.asarray(mapped).tolist())}
    for number in places:
        if number not in at:
            extent = f", which has {min(at)} to {max(at)}" if at else ""
            raise ParameterError(f"{what} {number} is not on the map{extent}")
    return np.array([at[number] for number in places], np.int64)


def read_only(places: IntArray) -> IntArray:
    """Return a read-only view of place numbers."""
    view = places.view()
    view.flags.writeable = False
    return view
