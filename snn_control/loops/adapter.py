"""Contract between the control loop and a vehicle: everything that differs between vehicles."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from snn_control.controllers import Controller
from snn_control.loops.config import ControllerConfig
from snn_control.supervision.command_gate import CommandGates

__all__ = ["Observation", "Reading", "VehicleAdapter"]

FloatArray = npt.NDArray[np.float64]
M = TypeVar("M")


@dataclass(frozen=True)
class Reading(Generic[M]):
    """One measurement, checked on its own."""

    value: M
    fault: str = ""
    """Reason why it cannot be used and how to mend it; empty: it can."""
    foreign: bool = False
    """True for a measurement of another vehicle on the same topic."""


@dataclass(frozen=True)
class Observation:
    """Values of all observables at one usable measurement."""

    values: FloatArray
    """By `VehicleAdapter.observation_names`; NaN where a value is not available."""
    missing: str = ""
    """Reason why values are not available."""


class VehicleAdapter(ABC, Generic[M]):
    """One vehicle, as the control loop needs it; M is the type of its measurements.

    An adapter reads measurements and takes the inputs beside them, on its own; the loop calls the
    methods below. It never calls the loop. Commands have shape (n_actions,).

    Args:
        config: limits and times. It may be replaced in operation: live fields take effect with the
            next event, those of modes, gate and stamps do not.

    Attributes:
        observation_names: observables, each with its unit; a controller takes some of them.
    """

    observation_names: tuple[str, ...]

    def __init__(self, config: ControllerConfig) -> None:
        self.config = config
        self.bad_values = 0
        """Measurements and other inputs that could not be used, but for those of a wrong stamp."""
        self.bad_value = ""
        """Reason of the last one."""

    def reject(self, reason: str) -> None:
        """Count an input that cannot be used."""
        self.bad_values += 1
        self.bad_value = reason

    @abstractmethod
    def require_interface(self, controller: Controller) -> None:
        """Refuse a controller of another vehicle.

        Raises:
            InterfaceMismatchError: lists the names of both.
        """

    @abstractmethod
    def make_gate(self) -> CommandGates:
        """Return the gate of its actuators."""

    @property
    @abstractmethod
    def trim(self) -> FloatArray:
        """Command that keeps the vehicle about where it is, (n_actions,)."""

    @abstractmethod
    def restart(self) -> None:
        """Start from where the vehicle is: it is armed, or a person hands it back."""

    @abstractmethod
    def orders(self, now_s: float, frozen: bool) -> tuple[float, ...]:
        """Return the inputs of the controller beside its observation, by its `order_names`.

        Args:
            now_s: monotonic time.
            frozen: True while adaptation rests.
        """

    @abstractmethod
    def observe(self, measured: M, dt_s: float, landing: bool) -> Observation:
        """Return the observables at a usable measurement.

        Args:
            measured: value of its reading.
            dt_s: time since the usable measurement before it, s.
            landing: True while trouble brings the vehicle down.
        """

    @abstractmethod
    def limit(self, command: FloatArray) -> FloatArray:
        """Return the part of a command that is allowed where the vehicle is, before the gate."""

    @abstractmethod
    def trouble(self, now_s: float) -> str:
        """Return the reason why the vehicle must not be armed, and lands if it is; or nothing."""
