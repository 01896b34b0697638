"""Detection of hyperactive neurons, which fire for too many places and are silenced in queries.

    h_n = number of reference images for which neuron n fired at least once
    h_n >= threshold: its responses are set to 0;  threshold 0: no neuron is silenced

The reference images are those of all modules. The threshold is chosen from a grid by the recall of
calibration modules (arXiv:2209.08723).
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
"""Published grid of thresholds, images."""


def activity(responses: npt.ArrayLike) -> IntArray:
    """Return the number of images h_n for which each neuron fired, shape (n,).

    Args:
        responses: spikes of each neuron for each reference image, shape (images, n).

    Raises:
        ParameterError: wrong shape.
    """
    spikes = np.asarray(responses)
    if spikes.ndim != 2:
        raise ParameterError(f"responses of shape {spikes.shape}; expected (images, n)")
    return np.count_nonzero(spikes > 0, axis=0).astype(np.int64)


def silenced(responses: npt.ArrayLike, h: npt.ArrayLike, threshold: int) -> FloatArray:
    """Return responses with those of hyperactive neurons set to 0.

    Args:
        responses: shape (images, n).
        h: result of `activity`, shape (n,).
        threshold: threshold of h, images; 0 silences no neuron.

    Raises:
        ParameterError: wrong shapes, or a threshold below 0.
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
    """Return the first threshold with the highest recall, and the recall at each.

    Args:
        recall: function from threshold to recall of the calibration modules.
        grid: thresholds, images.

    Raises:
        ParameterError: an empty grid.
    """
    recalls = {threshold: recall(threshold) for threshold in grid}
    if not recalls:
        raise ParameterError("the grid is empty; expected at least one threshold")
    return max(recalls, key=lambda threshold: recalls[threshold]), recalls
