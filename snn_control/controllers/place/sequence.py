"""Causal sequence matching: scores summed along a route, aligned by odometry.

    S_t(j) = sum over k = 0 ... L - 1 of s_{t-k}(j - m_k),   m_k = places moved since frame t - k

Terms outside the map count as 0. Scores are stored as integers, so that adding the newest row and
subtracting the oldest, O(places) per frame, stays exact on routes of any length.
"""

from __future__ import annotations

import math
import numbers
from collections import deque

import numpy as np
import numpy.typing as npt

from snn_control.copies import Copied
from snn_control.errors import ObservationError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

LONGEST = 200
"""Maximum length of a sequence, frames."""
_UNIT = 2**20
_FARTHEST = 1e6
_DIGITS = 9
"""Decimals to which the distance is rounded, so that ten steps of 0.1 make exactly one place."""


class FrameSequence(Copied):
    """Scores of the last frames, summed with a shift by the odometry distance between them.

    Args:
        longest: maximum length of a sequence, frames.
    """

    def __init__(self, longest: int = LONGEST) -> None:
        self._longest = longest
        self.reset()

    def reset(self) -> None:
        """Clear all frames."""
        self._rows: deque[tuple[IntArray, int]] = deque(maxlen=self._longest + 1)
        """Scores and position of each frame, the newest last."""
        self._moved, self._position = 0.0, 0
        self._sum, self._length = np.zeros(0, np.int64), 0
        self._forward = 0

    def __len__(self) -> int:
        """Number of stored frames since the start or the last reset."""
        return min(len(self._rows), self._longest)

    @property
    def position(self) -> int:
        """Odometry distance since the start or the last reset, places, rounded."""
        return self._position

    @property
    def between(self) -> bool:
        """True if the position is between two places, so that either is a correct answer."""
        return self._moved != self._position

    def advance(self, scores: FloatArray, step: float, length: int) -> FloatArray:
        """Add the scores of a frame; return the sums over the last `length` frames.

        Args:
            scores: scores of the places, larger is better, shape (n_places,); zeros for a frame
                without evidence. Places may have been appended to the map since the last frame.
            step: odometry distance since the last frame, places; fractions add up.
            length: length of the sequence, 1 to `LONGEST` frames.

        Raises:
            ObservationError: step or length out of range; nothing is changed.
        """
        check(step, length)
        before = self._position
        if self._rows:
            self._moved = round(self._moved + step, _DIGITS)
        self._position = math.floor(self._moved + 0.5)
        self._forward = self._forward + 1 if self._position >= before else 0
        row = np.rint(scores * _UNIT).astype(np.int64)
        self._rows.append((row, self._position))
        as_before = length == self._length and len(row) == len(self._sum)
        if as_before and self._forward > length:  # no score was shifted out of the map and back
            self._sum = shifted(self._sum, self._position - before) + row
            if len(self._rows) > length:
                old, at = self._rows[-1 - length]
                self._sum -= shifted(_resized_row(old, len(row)), self._position - at)
        else:
            self._sum = self._add_up(length, len(row))
        self._length = length
        return self._sum / _UNIT

    def resized(self, keep: IntArray) -> None:
        """Reduce each stored row to the places `keep`, in that order."""
        self._rows = deque(
            (
                (_resized_row(row, int(keep.max(initial=-1)) + 1)[keep], at)
                for row, at in self._rows
            ),
            maxlen=self._longest + 1,
        )
        self._length = 0

    def _add_up(self, length: int, n_places: int) -> IntArray:
        total = np.zeros(n_places, np.int64)
        for row, at in list(self._rows)[-length:]:
            total += shifted(_resized_row(row, n_places), self._position - at)
        return total


def check(step: float, length: int) -> None:
    """Check a step and a length.

    Raises:
        ObservationError: step or length out of range.
    """
    number = isinstance(step, numbers.Real) and math.isfinite(step)
    if not number or abs(step) > _FARTHEST:
        raise ObservationError(
            f"step is {step}; expected the odometry distance since the last frame, in places"
        )
    if not isinstance(length, numbers.Integral) or not 1 <= length <= LONGEST:
        raise ObservationError(f"sequence is {length}; expected 1 to {LONGEST} frames")


def shifted(row: IntArray, places: int) -> IntArray:
    """Return a row shifted along the map, filled up with zeros."""
    result = np.zeros_like(row)
    n = len(row)
    if 0 <= places < n:
        result[places:] = row[: n - places]
    elif -n < places < 0:
        result[:places] = row[-places:]
    return result


def _resized_row(row: IntArray, n_places: int) -> IntArray:
    if len(row) >= n_places:
        return row[:n_places]
    return np.concatenate([row, np.zeros(n_places - len(row), np.int64)])
