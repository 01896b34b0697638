"""Former module of `CalibrationState`, under its former name `Judgement`; kept for one version."""

from __future__ import annotations

import warnings
from typing import Any

from snn_control.controllers.place.confidence.calibration_state import CalibrationState


def __getattr__(name: str) -> Any:
    if name == "Judgement":
        message = "Judgement: use calibration_state.CalibrationState"
        warnings.warn(message, DeprecationWarning, stacklevel=2)
        return CalibrationState
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
