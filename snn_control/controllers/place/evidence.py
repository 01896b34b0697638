"""Scores of all places from one frame, and the spikes they rest on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Evidence:
    """Scores of all places from one frame, larger is better, both (n_places,)."""

    alone: FloatArray
    """Scores for matching this frame alone."""
    summed: FloatArray
    """Scores to be summed over a sequence."""
    complete: bool = True
    """See `Match`."""
    spikes: int = 0
    """See `Match`."""
    arrived: float = 1.0
    """Fraction of the spikes that arrived before the deadline, 0 to 1."""
