"""From the scores of many modules to one answer.

Modules that know different places are put side by side; copies from other seeds are added up; the
highest score names the place (arXiv:2209.08723, arXiv:2311.13186). Before that each column, a
neuron or a place, can be standardised by its answers to reference images: modules that answer more
than others to everything then no longer win.
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
    """Return responses by each column's mean and spread over reference images.

    Args:
        reference: answers to the reference images of all modules, shape (reference images, n).
        responses: shape (images, n).
        floor: of `RunningStandardisation`.
    """
    frames = np.asarray(reference, np.float64)
    if frames.ndim != 2:
        raise ParameterError(f"reference of shape {frames.shape}; expected (images, n)")
    running = RunningStandardisation(frames.shape[1], floor)
    for frame in frames:
        running.update(frame)
    return running.apply(responses)


def side_by_side(modules: Sequence[npt.ArrayLike]) -> FloatArray:
    """Return the scores of modules of different places as one array, shape (images, all places).

    Raises:
        ParameterError: none, or of different images.
    """
    return np.concatenate(_alike(modules, axis=0), axis=1)


def added_up(seeds: Sequence[npt.ArrayLike]) -> FloatArray:
    """Return the sum of the scores that copies of other seeds give the same places.

    Raises:
        ParameterError: none, or of different images or places.
    """
    return np.sum(_alike(seeds, axis=None), axis=0)


def answers(scores: npt.ArrayLike) -> IntArray:
    """Return the place of the highest score, the lowest of equals, shape (images,)."""
    return np.argmax(np.asarray(scores), axis=-1)


def _alike(parts: Sequence[npt.ArrayLike], axis: int | None) -> list[FloatArray]:
    found = [np.asarray(part, np.float64) for part in parts]
    shapes = [part.shape for part in found]
    same = {shape if axis is None else shape[axis : axis + 1] for shape in shapes}
    if len(same) != 1 or any(len(shape) != 2 for shape in shapes):
        raise ParameterError(
            f"scores of shapes {shapes}; expected at least one (images, places), all of the same "
            f"{'shape' if axis is None else 'images'}"
        )
    return found
