"""Closed-loop controllers and their files.

`Swimmer` has compiled kernels and is imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snn_control.controllers.blimp.altitude import Altitude
from snn_control.controllers.blimp.pid import PID, PIDConfig
from snn_control.controllers.controller import Controller
from snn_control.controllers.document import ControllerDocument
from snn_control.controllers.files import load, model_names, save
from snn_control.controllers.network_controller import NetworkController

if TYPE_CHECKING:
    from snn_control.controllers.swimmer.swimmer import Swimmer

__all__ = [
    "PID",
    "Altitude",
    "Controller",
    "ControllerDocument",
    "NetworkController",
    "PIDConfig",
    "Swimmer",
    "load",
    "model_names",
    "save",
]


def __getattr__(name: str) -> Any:
    if name == "Swimmer":
        from snn_control.controllers.swimmer.swimmer import Swimmer

        return Swimmer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
