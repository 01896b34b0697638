"""Assembled closed-loop controllers, and their files."""

from snn_control.controllers.altitude import Altitude
from snn_control.controllers.controller import Controller
from snn_control.controllers.files import load, model_names, save
from snn_control.controllers.pid import PID, PIDConfig

__all__ = ["PID", "Altitude", "Controller", "PIDConfig", "load", "model_names", "save"]
