"""Answer to one query frame."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

__all__ = ["Match"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Match:
    """Answer to one query frame, with its confidence."""

    place: int | None
    """Number of the best place; None on an empty map."""
    probability: float
    """Calibrated probability that the answer is correct, if the place is on the map, 0 to 1; a
    lower bound where under an eighth of the spikes arrived in time."""
    known: bool
    """Decision that the place is on the map."""
    familiarity: float
    """Score that `known` was decided by, 0 to 1, known from 0.5 on; not a probability."""
    scores: FloatArray = field(repr=False)
    """Accumulated evidence of each place, larger is better, in the order of `Recognizer.places`."""
    reason: str = ""
    """Reason why `known` is false; empty where it is true."""
    length: int = 1
    """Frames that the scores were summed over; fewer than requested after a start."""
    complete: bool = True
    """True if every spike was used; else the answer rests on the first ones."""
    spikes: int = 0
    """Spikes of the input cells that were used."""

    def top(self, k: int) -> IntArray:
        """Return the positions in `scores` of the `k` best ones, best first."""
        k = min(max(k, 0), len(self.scores))
        best = np.argpartition(-self.scores, k - 1)[:k] if k else np.zeros(0, np.int64)
        order: IntArray = best[np.argsort(-self.scores[best], kind="stable")]
        return order
