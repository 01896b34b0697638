"""Closed-loop controllers and their files.

All except the PID are imported on first use, so that its node needs neither a compiler nor files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from snn_control.controllers.blimp.pid import PID, PIDConfig
from snn_control.controllers.controller import Controller
from snn_control.controllers.document import ControllerDocument
from snn_control.lazy import lazy

if TYPE_CHECKING:
    from snn_control.controllers.blimp.altitude import Altitude
    from snn_control.controllers.files import load, model_names, save
    from snn_control.controllers.network_controller import NetworkController
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

__getattr__, __dir__ = lazy(
    __name__,
    {
        "Altitude": "snn_control.controllers.blimp.altitude",
        "NetworkController": "snn_control.controllers.network_controller",
        "Swimmer": "snn_control.controllers.swimmer.swimmer",
        "load": "snn_control.controllers.files",
        "model_names": "snn_control.controllers.files",
        "save": "snn_control.controllers.files",
    },
)
