"""Protocol between an ensemble and its members; internal."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from snn_control.controllers.place.confidence.calibration import Calibration
from snn_control.controllers.place.evidence import Evidence
from snn_control.controllers.place.presentation_options import PresentationOptions
from snn_control.controllers.place.queries import Queries

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class Member(Protocol):
    """Methods of a recogniser that an ensemble calls on each of its members."""

    def normalised(self, image: Any) -> tuple[FloatArray, str]:
        """Return the normalised image, (n_inputs,), and its fault, see `Recognizer`."""

    def learn(self, mapped: FloatArray, queries: Queries | None) -> Calibration:
        """Replace the map and calibrate; return the calibration.

        Args:
            mapped: normalised images, (n_places, n_inputs).
            queries: for the calibration; None: augmented copies of `mapped`.
        """

    def recalibrate(self, queries: Queries | None) -> Calibration:
        """Calibrate on the present map; return the calibration."""

    def evidence(
        self, image: FloatArray, options: PresentationOptions, distance: float
    ) -> Evidence:
        """Return the evidence of a normalised image, see `Recognizer`."""

    def append(self, image: FloatArray) -> int:
        """Append a place by its normalised image; return its number."""

    def keep(self, positions: IntArray) -> None:
        """Keep the places at some positions, in that order."""

    def require_mergeable(self, other: Any) -> None:
        """Check that the map of another member can be appended.

        Raises:
            ParameterError: the maps are not compatible.
        """
