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
    """Name of the method."""
    name: str
    """Name of the resulting controller."""
    network: FreeNetwork = field(default_factory=FreeNetwork)
    """Network of P + D; that of I is the default `counter_integral`."""
    system: Literal["blimp"] = "blimp"
    """System of the controller: networks that imitate the blimp's PID."""
    steps: int = 6000
    """Steps if no budget is passed."""
    learning_rate: float = 0.02
    """Initial learning rate of Adam, relative to the spread of each parameter."""
    batch: int = 192
    """Windows in each step."""
    window_ticks: int = 40
    """Length of a window, ticks."""
    burn_in_ticks: int = 10
    """Ticks at the start of a window that the loss ignores."""
    raw: float = 1.0
    """Weight of the raw output's error; that of its average over 4 ticks has weight 1."""
    surrogate_alpha: float = 3.0
    """Steepness of the surrogate gradient (SuperSpike)."""
    validate_every: int = 100
    """Steps between validations."""
    sequences: int = 96
    """Number of synthetic error sequences for training."""
    validation_sequences: int = 12
    """Number of further synthetic sequences for validation."""
    sequence_ticks: int = 1000
    """Ticks of each synthetic sequence."""
    least_share: tuple[float, float, float] = (0.5, 0.0, 0.4)
    """Lower bounds of the gains of the simulated PIDs, see `synthetic_errors`."""
    random_reference: bool = True
    """Draw random reference steps instead of the environment's, which are further apart."""
    flicker: float = 0.1
    """Fraction of ticks with an error of 1 cm in the measurement, as of a real range sensor."""
    flights: tuple[str, ...] = ()
    """Files of flight logs for training as well."""
    flight_share: float = 0.3
    """Fraction of the windows from these logs, if any."""

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
                f"more than {WINDOW} ticks must remain"
            )
        if self.window_ticks > self.sequence_ticks:
            raise ConfigError(
                f"window_ticks {self.window_ticks} is longer than sequence_ticks "
                f"{self.sequence_ticks}"
            )

    @property
    def recordings(self) -> tuple[str, ...]:
        """Files of flight logs."""
        return self.flights

    def with_recordings(self, recordings: tuple[str, ...], *, alone: bool) -> Self:
        """Return the configuration with flight logs added, see `MethodConfig.with_recordings`."""
        fraction = 1.0 if alone else self.flight_share
        return replace(self, flights=self.flights + recordings, flight_share=fraction)

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
