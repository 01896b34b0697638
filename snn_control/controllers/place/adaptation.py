"""Adaptation of the input cells to the traverse (intrinsic homeostasis)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class AdaptationBaseline:
    """Running mean of the normalised images over the last places of a traverse."""

    mean: FloatArray
    """Mean image, (n_inputs,)."""
    places: float
    """Number of places that the mean counts as, at least 0."""
    memory: int
    """Largest number of places that it can count as."""

    def after(self, image: FloatArray, moved: float = 1.0) -> AdaptationBaseline:
        """Return the baseline after one more image.

        Adaptation is scaled by the distance travelled, up to one place: a vehicle that stands still
        does not adapt, and forgets nothing.

        Args:
            image: normalised, (n_inputs,).
            moved: odometry distance since the last image, places.
        """
        share = min(abs(moved), 1.0)
        places = min(self.places + share, self.memory)
        mean = self.mean + share * (image - self.mean) / max(places, 1.0)
        return AdaptationBaseline(mean, places, self.memory)
