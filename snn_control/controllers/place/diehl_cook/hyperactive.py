"""Hyperactive neurons: those that fire for too many places are silenced for all queries.

    h_n = number of reference images for which neuron n fired at all
    h_n >= threshold: its responses are put to 0;  threshold 0: none are

The reference images are those of all modules, not of a neuron's own alone. The threshold is picked
from a grid by what calibration modules recognise (arXiv:2209.08723).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from snn_control.errors import ParameterError

__all__ = ["THRESHOLD_GRID", "activity", "choose_threshold", "silenced"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

THRESHOLD_GRID = (0, 5, 10, *range(20, 201, 20))
"""Published grid, images."""


def activity(responses: npt.ArrayLike) -> IntArray:
    """Return h_n, shape (n,).

    Args:
        responses: spikes of each neuron for each reference image, shape (images, n).

    Raises:
        ParameterError: of another shape.
    """
    spikes = np.asarray(responses)
    if spikes.ndim != 2:
        raise ParameterError(f"responses of shape {spikes.shape}; expected (images, n)")
    return np.count_nonzero(spikes > 0, axis=0).astype(np.int64)


def silenced(responses: npt.ArrayLike, h: npt.ArrayLike, threshold: int) -> FloatArray:
    """Return responses with those of hyperactive neurons put to 0.

    Args:
        responses: shape (images, n).
        h: of `activity`, shape (n,).
        threshold: images; 0 leaves all as they are.

    Raises:
        ParameterError: of other shapes, or a threshold below 0.
    """
    x, active = np.asarray(responses, np.float64), np.asarray(h)
    if threshold < 0:
        raise ParameterError(f"threshold is {threshold}; expected at least 0 images")
    if x.ndim != 2 or active.shape != x.shape[1:]:
        raise ParameterError(
            f"responses of shape {x.shape} and h of shape {active.shape}; expected (images, n) "
            "and (n,)"
        )
    return np.where((active >= threshold) & (threshold > 0), 0.0, x)


def choose_threshold(
    recall: Callable[[int], float], grid: Iterable[int] = THRESHOLD_GRID
) -> tuple[int, dict[int, float]]:
    """Return the threshold of the highest recall, the first of equals, and the recall at each.

    Args:
        recall: share of queries that calibration modules recognise at a threshold.
        grid: thresholds, images.

    Raises:
        ParameterError: an empty grid.
    """
    found = {threshold: recall(threshold) for threshold in grid}
    if not found:
        raise ParameterError("the grid is empty; expected at least one threshold")
    return max(found, key=lambda threshold: found[threshold]), found
