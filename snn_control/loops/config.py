"""Configuration that all control loops have."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from snn_control.loops.field import parameter
from snn_control.supervision.modes import ModeConfig

__all__ = ["ControllerConfig"]


@dataclass(frozen=True)
class ControllerConfig(ABC):
    """Configuration of a loop that steps a controller when a measurement arrives."""

    seed: int = parameter(0, 0, 2**31 - 1)
    """Seed of the controller's resets."""
    arm_on_activate: bool = parameter(False)
    """Whether activation arms the craft; else the service ~/arm does."""
    probe_s: float = parameter(0.5, 0.0, 10.0)
    """How long configure waits for a measurement to judge where a sensor is there, s; 0: not."""
    stamp_future_s: float = parameter(0.1, 0.0, 10.0)
    """How far a stamp may be ahead of the node's clock, s."""
    stamp_max_age_s: float = parameter(0.0, 0.0, 3600.0)
    """How far a stamp may be behind the node's clock, s; 0: any, where clocks differ."""
    stamp_restart_s: float = parameter(1.0, 0.01, 3600.0)
    """Jump back of stamps that means that simulated time began again, s."""
    hold_s: float = parameter(0.6, 0.01, 60.0)
    """Age of the last usable measurement at which the mode becomes hold, s."""
    stop_s: float = parameter(10.0, 0.01, 3600.0)
    """Age at which the motors stop, s."""
    recover_ticks: int = parameter(3, 1, 1000)
    """Usable measurements in a row that end hold, trim and stop."""
    step_budget_s: float = parameter(0.0, 0.0, 10.0, live=True)
    """Time in which a command must follow its measurement, s; 0: the control period."""

    @abstractmethod
    def modes(self) -> ModeConfig:
        """Return the times of the mode machine."""
