"""Calibrated and adapted state of a recogniser, apart from its map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from snn_control.controllers.place.adaptation import AdaptationBaseline
from snn_control.controllers.place.confidence.confidence import Confidence

__all__ = ["Judgement"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Judgement:
    """State that calibration and queries adapt, see `Recognizer.judgement`."""

    confidence: Confidence | None
    """Fitted confidence; None before a calibration."""
    bias: float = 0.0
    """Bias of the log-odds of all probabilities, see `hindsight`."""
    calibrated: bool = False
    """True if a query traverse, not altered copies of the map, was calibrated on."""
    adaptation: AdaptationBaseline | None = None
    """Adaptation baseline of the query traverse; None for recognisers that do not adapt."""
    early: FloatArray | None = None
    """See `PlaceRecognizer.early`; None for recognisers without spikes."""
    members: tuple[Judgement, ...] = ()
    """Judgements of the members of an ensemble."""
