"""Causal sequences of scores along a route, by odometry.

    S_t(j) = sum over k = 0 ... L - 1 of s_{t-k}(j - m_k),   m_k = places moved since frame t - k

Terms outside the map count 0. Scores are kept as integers, so that adding the newest and taking
away the oldest row, O(places) a frame, stays exact however long the route is.
"""

from __future__ import annotations

import math
import numbers
from collections import deque

import numpy as np
import numpy.typing as npt

from snn_control.errors import ObservationError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

LONGEST = 200
"""Frames that are remembered, and so the longest sequence."""
_UNIT = 2**20
_FARTHEST = 1e6
_DIGITS = 9
"""Of the way: tenths that add up to a whole place must be one."""


class FrameSequence:
    """Sums scores of the last frames, shifted by the way between them.

    Args:
        longest: frames that are remembered.
    """

    def __init__(self, longest: int = LONGEST) -> None:
        self._longest = longest
        self.reset()

    def reset(self) -> None:
        """Forget all frames."""
        self._rows: deque[tuple[IntArray, int]] = deque(maxlen=self._longest + 1)
        """Scores and position of each frame, the newest last."""
        self._moved, self._position = 0.0, 0
        self._sum, self._length = np.zeros(0, np.int64), 0
        self._forward = 0

    def __len__(self) -> int:
        """Frames since the start or the last reset, as far as they are remembered."""
        return min(len(self._rows), self._longest)

    @property
    def position(self) -> int:
        """Places moved since the start or the last reset, rounded."""
        return self._position

    @property
    def between(self) -> bool:
        """Whether it is between two places, so that either may be answered."""
        return self._moved != self._position

    def advance(self, scores: FloatArray, step: float, length: int) -> FloatArray:
        """Take the scores of a frame; return the sums over the last `length` frames.

        Args:
            scores: of each place, larger is better, shape (n_places,); zeros: the frame says
                nothing. The map may have grown at its end since the last frame.
            step: places moved since the last frame; fractions add up.
            length: of the sequence, 1 to `LONGEST`.

        Raises:
            ObservationError: step or length out of range; nothing has changed.
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
        if as_before and self._forward > length:  # nothing left the map and came back
            self._sum = shifted(self._sum, self._position - before) + row
            if len(self._rows) > length:
                old, at = self._rows[-1 - length]
                self._sum -= shifted(_longer(old, len(row)), self._position - at)
        else:
            self._sum = self._add_up(length, len(row))
        self._length = length
        return self._sum / _UNIT

    def resized(self, keep: IntArray) -> None:
        """Let each remembered row have the places `keep` alone, in that order."""
        self._rows = deque(
            ((_longer(row, int(keep.max(initial=-1)) + 1)[keep], at) for row, at in self._rows),
            maxlen=self._longest + 1,
        )
        self._length = 0

    def _add_up(self, length: int, n_places: int) -> IntArray:
        found = np.zeros(n_places, np.int64)
        for row, at in list(self._rows)[-length:]:
            found += shifted(_longer(row, n_places), self._position - at)
        return found


def check(step: float, length: int) -> None:
    """Refuse a step or a length that is none.

    Raises:
        ObservationError: with what is expected.
    """
    number = isinstance(step, numbers.Real) and math.isfinite(step)
    if not number or abs(step) > _FARTHEST:
        raise ObservationError(f"step is {step}; expected the places moved since the last frame")
    if not isinstance(length, numbers.Integral) or not 1 <= length <= LONGEST:
        raise ObservationError(f"sequence is {length}; expected 1 to {LONGEST} frames")


def shifted(row: IntArray, places: int) -> IntArray:
    """Return a row moved along the map, zeros where nothing comes from."""
    found = np.zeros_like(row)
    n = len(row)
    if 0 <= places < n:
        found[places:] = row[: n - places]
    elif -n < places < 0:
        found[:places] = row[-places:]
    return found


def _longer(row: IntArray, n_places: int) -> IntArray:
    if len(row) >= n_places:
        return row[:n_places]
    return np.concatenate([row, np.zeros(n_places - len(row), np.int64)])
