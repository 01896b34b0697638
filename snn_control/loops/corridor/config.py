"""Configuration of the control loop of the corridor robot: parameters of its node."""

from __future__ import annotations

from dataclasses import dataclass

from snn_control.errors import ParameterError
from snn_control.loops.config import ControllerConfig
from snn_control.loops.corridor.rays import N_RAYS
from snn_control.loops.field import parameter
from snn_control.supervision.modes import ModeConfig

__all__ = ["CorridorConfig"]


@dataclass(frozen=True)
class CorridorConfig(ControllerConfig):
    """Parameters of `corridor_controller`; x is forward, positive turns are to the left (REP-103).

    Raises:
        ParameterError: `hold_s` is above `stop_s`.
    """

    hold_s: float = parameter(0.25, 0.01, 60.0)
    """Age of the last usable scan at which the mode becomes hold, s."""
    stop_s: float = parameter(0.4, 0.01, 3600.0)
    """Age at which the robot stops, s; at full speed it then has moved 0.3 m."""
    recover_ticks: int = parameter(2, 1, 1000)
    """Number of usable scans in a row that end hold and stop."""

    model: str = parameter("corridor-spiking")
    """Name of a shipped model, `gap`, a run folder or a model file."""
    control_period_s: float = parameter(0.0, 0.0, 10.0)
    """Period of the scans, s; 0: that of the model. Another period is refused."""
    resample: bool = parameter(False)
    """Resample a model of another period instead of refusing it."""

    rays: int = parameter(N_RAYS, 1, N_RAYS)
    """Rays of each scan, of the 72. Below 72 the node requests them on ray_request, and completes
    scans by its memory of points."""
    odom_max_age_s: float = parameter(0.3, 0.01, 3600.0, live=True)
    """Age of the last odom at which scans are not used, s."""
    speed_max_m_s: float = parameter(0.8, 0.01, 100.0, live=True)
    """Maximum speed, m/s."""
    turn_max_rad_s: float = parameter(2.0, 0.01, 100.0, live=True)
    """Maximum turn rate to either side, rad/s."""

    def __post_init__(self) -> None:
        if self.hold_s > self.stop_s:
            raise ParameterError(
                f"hold_s {self.hold_s:g} is above stop_s {self.stop_s:g}; expected at most stop_s"
            )

    def modes(self) -> ModeConfig:
        """Return the times of the mode machine: hold, then stop, without trim."""
        return ModeConfig(self.hold_s, self.stop_s, 0.0, self.stop_s, self.recover_ticks)
