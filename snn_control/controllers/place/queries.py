"""Query traverse with known places, used for calibration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Queries:
    """Images of a query traverse with their places."""

    images: FloatArray
    """Normalised images, in order, (n, n_inputs)."""
    places: IntArray
    """Position of each image on the map, (n,)."""

    def __len__(self) -> int:
        return len(self.places)

    def part(self, which: IntArray) -> Queries:
        """Return the queries at some positions."""
        return Queries(self.images[which], self.places[which])
