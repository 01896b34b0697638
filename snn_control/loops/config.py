"""Configuration shared by all control loops."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from snn_control.loops.field import parameter
from snn_control.supervision.modes import ModeConfig

__all__ = ["ControllerConfig"]


@dataclass(frozen=True)
class ControllerConfig(ABC):
    """Configuration of a loop that steps a controller at each measurement."""

    seed: int = parameter(0, 0, 2**31 - 1)
    """Seed for the resets of the controller."""
    arm_on_activate: bool = parameter(False)
    """Arm on activation; if false, arm by the service ~/arm."""
    probe_s: float = parameter(0.5, 0.0, 10.0)
    """Maximum wait of configure for a first measurement, to check the sensor, s; 0: no check."""
    stamp_future_s: float = parameter(0.1, 0.0, 10.0)
    """Maximum time by which a stamp may be ahead of the node's clock, s."""
    stamp_max_age_s: float = parameter(0.0, 0.0, 3600.0)
    """Maximum age of a stamp by the node's clock, s; 0: no limit, for clocks that differ."""
    stamp_max_delay_s: float = parameter(0.7, 0.0, 3600.0)
    """Maximum delay of a measurement beyond the shortest one so far, s; 0: no limit. Unused in
    simulated time."""
    stamp_restart_s: float = parameter(1.0, 0.01, 3600.0)
    """Jump back of the stamps that counts as a restart of simulated time, s."""
    sense_max_age_s: float = parameter(1.0, 0.01, 3600.0)
    """Maximum age of a message of a further sensor, s."""
    sense_timeout_s: float = parameter(2.0, 0.01, 3600.0)
    """Time without a message of a further sensor that counts as its loss, s."""
    hold_s: float = parameter(0.6, 0.01, 60.0)
    """Age of the last usable measurement at which the mode becomes hold, s."""
    stop_s: float = parameter(10.0, 0.01, 3600.0)
    """Age at which the motors stop, s."""
    recover_ticks: int = parameter(3, 1, 1000)
    """Number of usable measurements in a row that end hold, trim and stop."""
    step_budget_s: float = parameter(0.0, 0.0, 10.0, live=True)
    """Latency budget from measurement to command, s; 0: the control period."""

    @abstractmethod
    def modes(self) -> ModeConfig:
        """Return the times of the mode machine."""
