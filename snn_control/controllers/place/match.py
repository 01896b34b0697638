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
    """Number of the best place; None if the map is empty."""
    probability: float
    """Calibrated probability that the answer is correct, given that the place is on the map, 0 to
    1; a lower bound if under an eighth of the spikes arrived in time."""
    known: bool
    """Decision that the place is on the map."""
    familiarity: float
    """Score that decides `known`, 0 to 1, with the threshold at 0.5; not a probability."""
    scores: FloatArray = field(repr=False)
    """Accumulated evidence of each place, larger is better, in the order of `Recognizer.places`."""
    reason: str = ""
    """Reason for `known` being false; empty otherwise."""
    length: int = 1
    """Number of summed frames; smaller than requested after a start."""
    complete: bool = True
    """True if all spikes were used; False if only the first ones were."""
    spikes: int = 0
    """Number of input spikes used."""

    def top(self, k: int) -> IntArray:
        """Return the positions of the `k` best scores, best first."""
        k = min(max(k, 0), len(self.scores))
        best = np.argpartition(-self.scores, k - 1)[:k] if k else np.zeros(0, np.int64)
        order: IntArray = best[np.argsort(-self.scores[best], kind="stable")]
        return order
