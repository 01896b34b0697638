"""Closed-loop controllers and their files."""

from snn_control.controllers.blimp.altitude import Altitude
from snn_control.controllers.blimp.pid import PID, PIDConfig
from snn_control.controllers.controller import Controller
from snn_control.controllers.document import ControllerDocument
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
