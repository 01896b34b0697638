"""Internal protocol between an ensemble and its members."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from snn_control.controllers.place.confidence.calibration import Judged
from snn_control.controllers.place.evidence import Evidence
from snn_control.controllers.place.queries import Queries
from snn_control.controllers.place.waiting import Waiting

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class Member(Protocol):
    """Steps of a recogniser that an ensemble takes in all of its members at once."""

    def normalised(self, image: Any) -> tuple[FloatArray, str]:
        """Return the normalised image, (n_inputs,), and its fault, see `Recognizer`."""

    def learn(self, mapped: FloatArray, queries: Queries | None) -> Judged:
        """Map places from the start and calibrate; return the calibration.

        Args:
            mapped: normalised images, (n_places, n_inputs).
            queries: to calibrate on; None: altered copies of `mapped`.
        """

    def recalibrate(self, queries: Queries | None) -> Judged:
        """Calibrate on the present map; return the calibration."""

    def evidence(self, image: FloatArray, waiting: Waiting, moved: float) -> Evidence:
        """Return the evidence of a normalised image, see `Recognizer`."""

    def append(self, image: FloatArray) -> int:
        """Append a place by its normalised image; return its number."""

    def keep(self, positions: IntArray) -> None:
        """Keep the places at some positions, in that order."""

    def require_mergeable(self, other: Any) -> None:
        """Require that the map of another member can be appended.

        Raises:
            ParameterError: it cannot.
        """
