"""Calibrated and adapted state of a recogniser without its map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from snn_control.controllers.place.adaptation import AdaptationBaseline
from snn_control.controllers.place.confidence.confidence import Confidence

__all__ = ["CalibrationState"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CalibrationState:
    """State that calibration and queries change, see `Recognizer.calibration_state`."""

    confidence: Confidence | None
    """Fitted confidence; None before a calibration."""
    bias: float = 0.0
    """Bias of the log-odds of all probabilities, see `hindsight`."""
    calibrated: bool = False
    """True if calibrated on a query traverse, not on augmented copies of the map."""
    adaptation: AdaptationBaseline | None = None
    """Adaptation baseline of the query traverse; None for recognisers without adaptation."""
    early: FloatArray | None = None
    """See `PlaceRecognizer.early`; None for recognisers without spikes."""
    members: tuple[CalibrationState, ...] = ()
    """States of the members of an ensemble."""
