"""Match of the long sequence of frames, which rates earlier answers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from snn_control.controllers.place.confidence.confidence import Confidence, features
from snn_control.controllers.place.confidence.hindsight import LENGTH
from snn_control.controllers.place.sequence import FrameSequence

__all__ = ["LongMatch", "long_match"]

FloatArray = npt.NDArray[np.float64]


class LongMatch(NamedTuple):
    """Match of the long sequence at one frame."""

    best: int
    """Position of the best place on the map."""
    probability: float
    """Probability by the calibration of the map, without bias."""
    known: bool
    lead: float
    """Lead over the rivals, a feature of the confidence."""


def long_match(
    sequence: FrameSequence, row: FloatArray, step: float, confidence: Confidence, same_place: int
) -> LongMatch | None:
    """Add a frame to the long sequence; return its match, or None of fewer than `LENGTH` frames.

    Args:
        sequence: scores of the last `LENGTH` frames.
        row: scores of the frame, see `FrameSequence.advance`.
        step: odometry distance since the last frame, places.
        confidence: calibration of the map.
        same_place: see `Recognizer.same_place`.
    """
    sums = sequence.advance(row, step, LENGTH)
    if len(sequence) < LENGTH:
        return None
    best, values = features(sums, LENGTH, same_place)
    probability, _, known = confidence.judge(values, LENGTH, len(sums))
    return LongMatch(best, probability, known, float(values[0]))
