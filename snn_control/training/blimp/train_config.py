"""Configuration of gradient training: network, optimiser, data."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, Self

from snn_control.controllers.blimp.free_networks import FreeNetwork
from snn_control.errors import ConfigError
from snn_control.evolution.ranges import check_between, check_positive
from snn_control.training.blimp.imitation import WINDOW
from snn_control.training.blimp.system import Blimp
from snn_control.training.blimp.task import AltitudeTask
from snn_control.training.method import MethodConfig, check_controller_name

__all__ = ["TrainConfig"]


@dataclass(frozen=True)
class TrainConfig(MethodConfig):
    """Configuration of gradient training."""

    method: Literal["gradient"]
    name: str
    """Name of the controller that comes out."""
    network: FreeNetwork = field(default_factory=FreeNetwork)
    """The network of P + D; that of I is `counter_integral` as it is."""
    system: Literal["blimp"] = "blimp"
    """System of the controller: networks that imitate the blimp's PID."""
    steps: int = 6000
    """Steps where no budget is given."""
    learning_rate: float = 0.02
    """Of Adam at the start, relative to the spread of each parameter."""
    batch: int = 192
    """Windows a step."""
    window_ticks: int = 40
    """Length of a window."""
    burn_in_ticks: int = 10
    """Ticks at the start of a window that do not count."""
    raw: float = 1.0
    """Weight of the raw output's error; that of its average over 4 ticks weighs 1."""
    surrogate_alpha: float = 3.0
    """Steepness of the surrogate gradient (SuperSpike)."""
    validate_every: int = 100
    """Steps between validations."""
    sequences: int = 96
    """Synthetic error sequences to train on."""
    validation_sequences: int = 12
    """Further ones to choose the best network by."""
    sequence_ticks: int = 1000
    """Ticks of each."""
    least_share: tuple[float, float, float] = (0.5, 0.0, 0.4)
    """Gains of the PIDs that fly: see `synthetic_errors`."""
    random_reference: bool = True
    """Whether they follow random steps instead of the environment's, which are further apart."""
    flicker: float = 0.1
    """Share of ticks in which the error is a centimetre off, as it is of a real range sensor."""
    flights: tuple[str, ...] = ()
    """Files of flight logs to train on as well."""
    flight_share: float = 0.3
    """Share of the windows that come from these logs, where there are any."""

    def __post_init__(self) -> None:
        check_controller_name(self.name, Blimp())
        for name in ("steps", "batch", "validate_every", "sequences", "validation_sequences"):
            check_between(name, getattr(self, name), 1)
        check_between("burn_in_ticks", self.burn_in_ticks, 0)
        check_between("flicker", self.flicker, 0, 1)
        check_between("flight_share", self.flight_share, 0, 1)
        check_positive("learning_rate", self.learning_rate)
        check_positive("surrogate_alpha", self.surrogate_alpha)
        if not WINDOW < self.window_ticks - self.burn_in_ticks <= self.window_ticks:
            raise ConfigError(
                f"window_ticks {self.window_ticks} and burn_in_ticks {self.burn_in_ticks}: "
                f"more than {WINDOW} ticks must count"
            )
        if self.window_ticks > self.sequence_ticks:
            raise ConfigError(
                f"window_ticks {self.window_ticks} is longer than sequence_ticks "
                f"{self.sequence_ticks}"
            )

    def with_flights(self, flights: tuple[str, ...], *, alone: bool) -> Self:
        """Return the configuration with flight logs added, see `MethodConfig.with_flights`."""
        share = 1.0 if alone else self.flight_share
        return replace(self, flights=self.flights + flights, flight_share=share)

    @property
    def data(self) -> str:
        """Origin of the data beside the flight logs."""
        return AltitudeTask.data

    @property
    def in_environment(self) -> bool:
        """Return False: it learns from error sequences."""
        return False

    @property
    def default_budget(self) -> str:
        """Steps of the configuration."""
        return f"{self.steps}gen"
