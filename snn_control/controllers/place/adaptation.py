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
    """Effective number of averaged places, at least 0."""
    memory: int
    """Limit of `places`."""

    def after(self, image: FloatArray, distance: float = 1.0) -> AdaptationBaseline:
        """Return the baseline after one more image.

        Adaptation is scaled by the distance travelled, up to one place: at standstill the baseline
        does not change.

        Args:
            image: normalised, (n_inputs,).
            distance: odometry distance since the last image, places.
        """
        fraction = min(abs(distance), 1.0)
        places = min(self.places + fraction, self.memory)
        mean = self.mean + fraction * (image - self.mean) / max(places, 1.0)
        return AdaptationBaseline(mean, places, self.memory)
