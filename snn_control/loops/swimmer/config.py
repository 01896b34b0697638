"""Configuration of the swimmer's loop: parameters of its node."""

from __future__ import annotations

import math
from dataclasses import dataclass

from snn_control.errors import ParameterError, UnknownNameError
from snn_control.loops.config import ControllerConfig
from snn_control.loops.field import parameter
from snn_control.supervision.modes import ModeConfig

__all__ = ["OUTPUTS", "SwimmerConfig"]

OUTPUTS = ("efforts", "trajectory")


@dataclass(frozen=True)
class SwimmerConfig(ControllerConfig):
    """Parameters of `swimmer_controller`; x is forward, positive turns are to the left (REP-103).

    Raises:
        ParameterError: times are not in order.
        UnknownNameError: no such output.
    """

    hold_s: float = parameter(0.06, 0.01, 60.0)
    """Age of the last usable measurement at which the mode becomes hold, s."""
    stop_s: float = parameter(0.1, 0.01, 3600.0)
    """Age at which the efforts become zero, s."""
    recover_ticks: int = parameter(2, 1, 1000)
    """Usable measurements in a row that end hold and stop; 2 ride out a single bad one."""

    model: str = parameter("swimmer-spiking")
    """Name of a shipped model, a run folder or a model file."""
    control_period_s: float = parameter(0.0, 0.0, 10.0)
    """Period the measurements come at, s; 0: that of the model. Another one is refused."""
    resample: bool = parameter(False)
    """Whether a model of another period may be resampled instead."""

    joint_names: tuple[str, ...] = parameter(("",))
    """Joints from the head to the tail, as in joint_states; an empty one: joint_0 and on."""
    joint_max_rad: float = parameter(math.pi, 0.01, 100.0)
    """Maximum plausible angle of a joint, to either side, rad."""
    output: str = parameter("efforts")
    """What is sent: efforts on joint_efforts, as effort controllers of ros2_control take them, or a
    trajectory of one point, efforts alone, on joint_trajectory, for drivers that take such."""
    effort_scale: float = parameter(1.0, 1e-9, 1e6)
    """Effort of a full muscle, N m; 1: efforts are shares of it, as the circuit gives them."""
    effort_limit: float = parameter(1.0, 0.001, 1.0)
    """Largest effort, share of `effort_scale`."""
    slew_per_s: float = parameter(0.0, 0.0, 1e4)
    """Largest change of an effort, shares of `effort_scale` a second, except to stop; 0: any."""

    cruise_speed: float = parameter(1.0, 0.0, 1.0, live=True)
    """Speed before the first cmd_vel, share of `full_speed_m_s`."""
    cmd_vel_max_age_s: float = parameter(0.5, 0.0, 3600.0, live=True)
    """Age of the last cmd_vel at which it is lost and the body rests, s; 0: never."""
    full_speed_m_s: float = parameter(0.1, 1e-6, 100.0, live=True)
    """Forward speed that maps to full command, m/s; that of the body at full effort."""
    full_turn_rad_s: float = parameter(2.0, 1e-3, 1000.0, live=True)
    """Turning that maps to full command, rad/s: turning over `turn_limit`, as measured."""
    turn_limit: float = parameter(0.15, 0.0, 1.0, live=True)
    """Largest turn command; above it the body curls up and stays where it is."""

    def __post_init__(self) -> None:
        if self.output not in OUTPUTS:
            raise UnknownNameError("output", self.output, OUTPUTS)
        if self.hold_s > self.stop_s:
            raise ParameterError(
                f"hold_s {self.hold_s:g} is above stop_s {self.stop_s:g}; expected it below"
            )

    def modes(self) -> ModeConfig:
        """Return the times of the mode machine: held, then stopped, never at trim."""
        return ModeConfig(self.hold_s, self.stop_s, 0.0, self.stop_s, self.recover_ticks)
