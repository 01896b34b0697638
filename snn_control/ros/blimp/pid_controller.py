"""Class and parameters of the node `pid_controller`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from snn_control.controllers import PID, Controller, PIDConfig
from snn_control.loops.blimp.config import AltitudeNodeConfig
from snn_control.loops.field import parameter
from snn_control.ros.base.diagnostics import Status
from snn_control.ros.base.loaded_model import ModelSource
from snn_control.ros.blimp.node import AltitudeNode


@dataclass(frozen=True)
class Config(AltitudeNodeConfig):
    """Parameters of `pid_controller`."""

    kp: float = parameter(9.0, 0.0, 1000.0)
    """Proportional gain, motor units per metre."""
    ki: float = parameter(0.75, 0.0, 1000.0)
    """Integral gain, motor units per metre and second."""
    kd: float = parameter(14.0, 0.0, 1000.0)
    """Derivative gain, motor units per metre per second."""
    derivative_taps: int = parameter(2, 1, 100)
    """Number of differences averaged for the derivative."""
    control_period_s: float = parameter(0.1, 0.001, 10.0)
    """Period of the measurements, s."""


class PidSource(ModelSource):
    """Source of a PID with gains from parameters."""

    def load(self, config: Config) -> Controller:
        """Return the PID."""
        return PID(
            PIDConfig(
                kp=config.kp,
                ki=config.ki,
                kd=config.kd,
                derivative_taps=config.derivative_taps,
                control_period_s=config.control_period_s,
            )
        )

    def status(self, controller: Controller, config: Config) -> Status:
        """Return the name of the controller."""
        return Status(message="pid", values={"model": "pid"})


class PidController(AltitudeNode):
    """Node of a PID with gains from parameters."""

    config_type = Config

    def __init__(self, **options: Any) -> None:
        super().__init__("pid_controller", PidSource(), **options)
