"""Interface between the control loop and a vehicle: everything that differs between vehicles."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from snn_control.controllers import Controller
from snn_control.copies import Copied
from snn_control.loops.config import ControllerConfig
from snn_control.supervision.command_gate import CommandGates

__all__ = [
    "AdaptationRequests",
    "Estimated",
    "Moment",
    "Observation",
    "Reading",
    "Sent",
    "VehicleAdapter",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
M = TypeVar("M")


class Reading(NamedTuple, Generic[M]):
    """One measurement and its fault."""

    value: M
    fault: str = ""
    """Reason why the value cannot be used and how to fix it; empty if it can be used."""
    foreign: bool = False
    """True if the measurement is of another vehicle on the same topic."""


class Sent(NamedTuple):
    """Command that was sent to the vehicle."""

    at_s: float
    """Time on the clock of `Moment.at_s`, s."""
    command: FloatArray
    """Command, (n_actions,), in force until the next one."""


class AdaptationRequests(NamedTuple):
    """Requests of the operator to an adapting controller."""

    frozen: bool = False
    """True to keep the learned parameters."""
    adapting: bool = True
    """False to switch the adaptation off, as far as the controller can do without it."""
    saves: int = 0
    """Number of requests to save the parameters."""
    rollbacks: int = 0
    """Number of requests to return to the saved parameters."""


class Moment(NamedTuple):
    """Times of one measurement, and the commands before it."""

    dt_s: float
    """Time since the previous usable measurement, s."""
    at_s: float
    """Time of the measurement, s: monotonic, or the simulated time, which jumps back at its
    restart."""
    sent: tuple[Sent, ...] = ()
    """Changes of the command since the previous measurement, or since `restart`."""
    automatic: bool = True
    """True if the vehicle is armed and not under manual control."""
    landing: bool = False
    """True while the vehicle lands because of `trouble`."""
    age_s: float = 0.0
    """Time from the measurement to its processing, s."""


class Observation(NamedTuple):
    """Observables at one measurement."""

    values: FloatArray
    """Values in the order of `VehicleAdapter.observation_names`; NaN if unavailable."""
    missing: str = ""
    """Reason for unavailable values."""
    implausible: str = ""
    """Reason to refuse the measurement; the values are then not used."""
    distrusted: str = ""
    """Reason to act on the estimate instead; the values are then not used."""


class Estimated(NamedTuple):
    """Observables by the estimate of the state."""

    values: FloatArray
    """Values in the order of `VehicleAdapter.observation_names`; NaN if unavailable."""
    missing: str = ""
    """Evidence against the stream of measurements; empty if it is trusted."""
    land: str = ""
    """Reason to land, since the estimate is too uncertain."""
    landed: bool = False
    """True after a landing, by the estimate."""


class VehicleAdapter(Copied, ABC, Generic[M]):
    """Interface of one vehicle to the control loop; M is the type of its measurements.

    A subclass checks measurements and receives the other inputs in its own methods; the loop calls
    the methods below. The adapter never calls the loop. Commands have shape (n_actions,).

    Args:
        config: limits and times. It may be replaced in operation: live fields take effect with the
            next event, fields of modes, gate and stamps do not.

    Attributes:
        observation_names: observables, each with its unit; a controller uses some of them.
    """

    observation_names: tuple[str, ...]
    senses: ClassVar[tuple[str, ...]] = ()
    """Further streams of measurements, beside the one that triggers ticks; see `sense`."""
    supervised_names: ClassVar[tuple[str, ...]] = ()
    """Entries of `supervised`."""

    def __init__(self, config: ControllerConfig) -> None:
        self.config = config
        self.bad_values = 0
        """Number of unusable measurements and other inputs, without those with a faulty stamp."""
        self.bad_value = ""
        """Reason for the last rejection."""

    def reject(self, reason: str) -> None:
        """Count an input that cannot be used."""
        self.bad_values += 1
        self.bad_value = reason

    def refuse(self, fault: str, now_s: float) -> None:
        """Count a reading with a fault.

        Args:
            fault: fault of the reading.
            now_s: present time, on the clock of `Moment.at_s`.
        """
        self.reject(fault)

    @abstractmethod
    def require_interface(self, controller: Controller) -> None:
        """Refuse a controller of another vehicle.

        Raises:
            InterfaceMismatchError: lists the names of both.
        """

    @abstractmethod
    def make_gate(self) -> CommandGates:
        """Return the command gate of the actuators."""

    @property
    @abstractmethod
    def trim(self) -> FloatArray:
        """Command that approximately keeps the vehicle in place, (n_actions,)."""

    @abstractmethod
    def restart(self) -> None:
        """Restart from the present state of the vehicle, at arming or after manual control."""

    @abstractmethod
    def orders(
        self, now_s: float, adaptation: AdaptationRequests, sent: FloatArray
    ) -> tuple[float, ...]:
        """Return the inputs of the controller beside its observation, as in its `order_names`.

        Args:
            now_s: monotonic time.
            adaptation: requests of the operator to the adaptation.
            sent: command in force, after limits and gate, (n_actions,).
        """

    def indices(self, names: Sequence[str]) -> IntArray:
        """Return the indices of observables in `observation_names`, (len(names),)."""
        return np.array([self.observation_names.index(name) for name in names], np.int64)

    @abstractmethod
    def observe(self, measured: M, moment: Moment) -> Observation:
        """Return the observables, or the reason to refuse a measurement that is implausible.

        Args:
            measured: value of a reading without fault.
            moment: times of the measurement and commands before it.
        """

    def sense(self, name: str, value: float, moment: Moment) -> None:
        """Process a measurement of one of `senses`; `moment.dt_s` is not used.

        Args:
            name: one of `senses`.
            value: value, in its unit.
            moment: time, and commands since the last measurement.
        """
        raise NotImplementedError(f"{type(self).__name__} has no sense {name!r}")

    def supervised(self, now_s: float) -> tuple[float, ...]:
        """Return the state of the supervision for the record, in the order of its names.

        Args:
            now_s: present time, on the clock of `Moment.at_s`.
        """
        return ()

    @property
    def estimates(self) -> bool:
        """True while there is an estimate of the state."""
        return False

    def estimate(self, moment: Moment) -> Estimated | None:
        """Return the observables by the estimate at a time; None without an estimate.

        A vehicle without an observer has none.

        Args:
            moment: time, and commands since the last measurement or estimate; `dt_s` is the time
                since the last step of the controller, `landing` is also True in mode land.
        """
        return None

    def abandon_estimate(self) -> None:
        """Continue without the estimate, whose code has failed, until the next `restart`."""

    def deviation(self, values: FloatArray) -> float:
        """Return the deviation from the setpoint that a retreat depends on; NaN: none."""
        return math.nan

    def objection(self, config: Any) -> str:
        """Return the reason to refuse a configuration in operation; by default none."""
        return ""

    @abstractmethod
    def limit(self, command: FloatArray) -> FloatArray:
        """Return a command within the limits of the present state, before the gate."""

    @abstractmethod
    def trouble(self, now_s: float) -> str:
        """Return the reason to refuse arming and to land an armed vehicle, or an empty string."""
