"""Fusion of the scores of many modules.

Scores of modules for different places are concatenated, scores of copies with other seeds are
summed, and the place with the highest score is the answer (arXiv:2209.08723, arXiv:2311.13186).
Before that each column, a neuron or a place, can be standardised by its responses to reference
images, so that modules with generally stronger responses do not dominate.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from snn_control.errors import ParameterError
from snn_control.plasticity.standardisation import RunningStandardisation

__all__ = ["added_up", "answers", "side_by_side", "standardised"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def standardised(
    reference: npt.ArrayLike, responses: npt.ArrayLike, floor: float = 0.0
) -> FloatArray:
    """Return responses standardised by mean and spread of each column over reference images.

    Args:
        reference: responses to the reference images of all modules, shape (reference images, n).
        responses: shape (images, n).
        floor: floor of the spread, see `RunningStandardisation`.
    """
    frames = np.asarray(reference, np.float64)
    if frames.ndim != 2:
        raise ParameterError(f"reference of shape {frames.shape}; expected (images, n)")
    running = RunningStandardisation(frames.shape[1], floor)
    for frame in frames:
        running.update(frame)
    return running.apply(responses)


def side_by_side(modules: Sequence[npt.ArrayLike]) -> FloatArray:
    """Return the concatenated scores of modules for different places, (images, all places).

    Raises:
        ParameterError: no module, or modules with different numbers of images.
    """
    return np.concatenate(_checked(modules, axis=0), axis=1)


def added_up(seeds: Sequence[npt.ArrayLike]) -> FloatArray:
    """Return the sum of the scores of copies with other seeds for the same places.

    Raises:
        ParameterError: no copy, or different numbers of images or places.
    """
    return np.sum(_checked(seeds, axis=None), axis=0)


def answers(scores: npt.ArrayLike) -> IntArray:
    """Return the place with the highest score, the lowest of equal ones, shape (images,)."""
    return np.argmax(np.asarray(scores), axis=-1)


def _checked(parts: Sequence[npt.ArrayLike], axis: int | None) -> list[FloatArray]:
    arrays = [np.asarray(part, np.float64) for part in parts]
    shapes = [part.shape for part in arrays]
    same = {shape if axis is None else shape[axis : axis + 1] for shape in shapes}
    if len(same) != 1 or any(len(shape) != 2 for shape in shapes):
        raise ParameterError(
            f"scores of shapes {shapes}; expected at least one array (images, places), all with "
            f"the same {'shape' if axis is None else 'number of images'}"
        )
    return arrays
