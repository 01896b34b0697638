"""Configuration of the control loop of the swimmer: parameters of its node."""

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
        ParameterError: `hold_s` is above `stop_s`.
        UnknownNameError: no such output.
    """

    hold_s: float = parameter(0.06, 0.01, 60.0)
    """Age of the last usable measurement at which the mode becomes hold, s."""
    stop_s: float = parameter(0.1, 0.01, 3600.0)
    """Age at which the efforts become zero, s."""
    recover_ticks: int = parameter(2, 1, 1000)
    """Number of usable measurements in a row that end hold and stop; with 2, one bad measurement
    does not lead to stop."""

    model: str = parameter("swimmer-spiking")
    """Name of a shipped model, a run folder or a model file."""
    control_period_s: float = parameter(0.0, 0.0, 10.0)
    """Period of the measurements, s; 0: that of the model. Another period is refused."""
    resample: bool = parameter(False)
    """Resample a model of another period instead of refusing it."""
    max_lag_change: float = parameter(0.1, 0.0, 1.0)
    """Largest change of the lag of a filter by `resample`, as a fraction of its time constant; 1
    accepts any."""

    trials: bool = parameter(False)
    """Try period and receptor gain for a higher speed, and keep changes that made the head faster.
    Needs odometry; joint encoders alone do not measure the speed."""
    healthy_speed_m_s: float = parameter(0.0995, 1e-6, 100.0)
    """Mean forward speed of the undamaged body at full command, m/s; trials start below 97 %."""

    joint_names: tuple[str, ...] = parameter(("",))
    """Joints from head to tail, named as in joint_states; one empty name: joint_0, joint_1, ..."""
    joint_max_rad: float = parameter(math.pi, 0.01, 100.0)
    """Maximum plausible angle of a joint to either side, rad."""
    joint_speed_max_rad_s: float = parameter(50.0, 0.01, 1e6)
    """Maximum plausible speed of a joint, rad/s; those of the simulated body reach 7."""
    output: str = parameter("efforts")
    """Output, efforts or trajectory: efforts on joint_efforts, for effort controllers of
    ros2_control; or one point of efforts alone on joint_trajectory, for drivers that need one."""
    effort_scale: float = parameter(1.0, 1e-9, 1e6)
    """Effort of a full muscle, N m; 1: efforts are fractions of it, as the circuit outputs them."""
    effort_limit: float = parameter(1.0, 0.001, 1.0)
    """Maximum effort, fraction of `effort_scale`."""
    slew_per_s: float = parameter(0.0, 0.0, 1e4)
    """Maximum change of an effort, `effort_scale` per second, except to stop; 0: no limit."""

    cruise_speed: float = parameter(1.0, 0.0, 1.0, live=True)
    """Speed before the first cmd_vel, fraction of `full_speed_m_s`."""
    cmd_vel_max_age_s: float = parameter(0.5, 0.0, 3600.0, live=True)
    """Age at which cmd_vel counts as lost and the body rests, s; 0: never."""
    full_speed_m_s: float = parameter(0.1, 1e-6, 100.0, live=True)
    """Forward speed that maps to full command, m/s; the speed of the body at full effort."""
    full_turn_rad_s: float = parameter(2.0, 1e-3, 1000.0, live=True)
    """Turn rate that maps to full command, rad/s: measured turn rate over `turn_limit`."""
    turn_limit: float = parameter(0.15, 0.0, 1.0, live=True)
    """Maximum turn command; above it the body curls up and stays in place."""

    def __post_init__(self) -> None:
        if self.output not in OUTPUTS:
            raise UnknownNameError("output", self.output, OUTPUTS)
        if self.hold_s > self.stop_s:
            raise ParameterError(
                f"hold_s {self.hold_s:g} is above stop_s {self.stop_s:g}; expected at most stop_s"
            )

    def modes(self) -> ModeConfig:
        """Return the times of the mode machine: hold, then stop, without trim."""
        return ModeConfig(self.hold_s, self.stop_s, 0.0, self.stop_s, self.recover_ticks)
