"""Configuration of the altitude loop of the blimp: parameters of its nodes."""

from __future__ import annotations

from dataclasses import dataclass

from snn_control.controllers.blimp.motion import FULL
from snn_control.errors import ParameterError
from snn_control.loops.config import ControllerConfig
from snn_control.loops.field import parameter
from snn_control.supervision.modes import ModeConfig

__all__ = ["AltitudeNodeConfig"]


@dataclass(frozen=True)
class AltitudeNodeConfig(ControllerConfig):
    """Parameters that `altitude_controller` and `pid_controller` share; heights are up.

    Raises:
        ParameterError: limits or times are not in order.
    """

    range_max_m: float = parameter(12.0, 0.1, 1000.0)
    """Maximum plausible height, m; above it the sensor may report millimetres."""
    range_gate_m: float = parameter(0.25, 0.0, 100.0)
    """Maximum difference of the range and the estimate while there is no other sensor, m; 0: no
    estimate, so that a stuck, jumping or wrong sensor is not detected."""
    range_stuck_s: float = parameter(15.0, 3.0, 3600.0)
    """Time after which an unchanged range counts as stuck while there is no other sensor, s; about
    3 for a sensor that does not repeat its value at rest, as its noise is above its resolution."""
    parameters_file: str = parameter("")
    """File of blimp parameters of the model, as written by `snn-control fit`; empty: nominal."""

    coast_s: float = parameter(0.35, 0.05, 60.0)
    """Time without a measurement after which the controller acts on the estimate, s; at least 2.5
    control periods."""
    coast_max_s: float = parameter(10.0, 0.1, 3600.0, live=True)
    """Time without a trusted range for which the blimp acts on the estimate in any case, s; then it
    lands unless there is a barometer."""
    land_sd_m: float = parameter(0.3, 0.01, 100.0, live=True)
    """Standard deviation of the estimate above which the blimp then lands, m."""
    land_rate_m_s: float = parameter(0.2, 0.01, 10.0, live=True)
    """Speed of the setpoint in mode land, m/s."""
    envelope_m: float = parameter(0.6, 0.0, 100.0)
    """Height error that the controller has to correct within 8 s, m; otherwise, and if the loop
    oscillates, a PID of lower gain takes over. 0: it never does."""

    hold_s: float = parameter(1.3, 0.01, 60.0)
    """Age of the last usable measurement at which the mode becomes hold, s."""
    trim_s: float = parameter(1.5, 0.01, 60.0)
    """Age at which the command starts to move to trim, s."""
    ramp_s: float = parameter(0.2, 0.0, 60.0)
    """Time from the held command to trim, s."""
    trim_command: float = parameter(3.1, -FULL, FULL, live=True)
    """Command that approximately holds the height, motor units; within the command limits."""

    command_low: float = parameter(-FULL, -FULL, 0.0)
    """Minimum command, motor units; 0 stops the motors and is always allowed."""
    command_high: float = parameter(FULL, 0.0, FULL)
    """Maximum command, motor units."""
    slew_per_s: float = parameter(0.0, 0.0, 1e4)
    """Maximum change of the command, motor units per second, except to stop; 0: no limit."""

    set_point_low_m: float = parameter(0.3, 0.0, 1000.0)
    """Minimum height setpoint, m."""
    set_point_high_m: float = parameter(3.0, 0.0, 1000.0)
    """Maximum height setpoint, m."""
    set_point_rate_m_s: float = parameter(0.0, 0.0, 100.0)
    """Maximum speed of the setpoint, m/s; 0: no limit."""
    set_point_max_age_s: float = parameter(0.0, 0.0, 3600.0)
    """Age at which the setpoint counts as lost, s; 0: never. A lost setpoint is held."""
    ceiling_m: float = parameter(4.0, 0.1, 1000.0, live=True)
    """Height above which only manual commands may be upward, m."""
    manual_max_age_s: float = parameter(0.5, 0.01, 60.0)
    """Age of the last manual command at which manual control ends, s."""

    battery_max_age_s: float = parameter(0.0, 0.0, 3600.0, live=True)
    """Age at which the battery voltage is reported as lost, s; 0: never."""
    battery_low_v: float = parameter(3.4, 0.0, 100.0, live=True)
    """Voltage below which the battery is reported as low, V."""
    battery_critical_v: float = parameter(3.2, 0.0, 100.0, live=True)
    """Voltage below which the blimp lands, or does not arm, V."""
    battery_critical_s: float = parameter(2.0, 0.0, 600.0, live=True)
    """Time below battery_critical_v after which the blimp lands, s."""
    battery_jump_v: float = parameter(0.4, 0.0, 100.0, live=True)
    """Drop of the voltage between two messages above which it is doubted, V."""
    battery_doubt_s: float = parameter(15.0, 0.0, 600.0, live=True)
    """Time below battery_critical_v after which the blimp lands if the voltage is doubted, s."""
    land_height_m: float = parameter(0.3, 0.0, 100.0, live=True)
    """Height setpoint of the landing, m; a lower setpoint is kept."""

    def __post_init__(self) -> None:
        for low, high in (
            ("command_low", "command_high"),
            ("set_point_low_m", "set_point_high_m"),
            ("set_point_high_m", "ceiling_m"),
            ("ceiling_m", "range_max_m"),
            ("battery_critical_v", "battery_low_v"),
        ):
            if not getattr(self, low) < getattr(self, high):
                raise ParameterError(
                    f"{low} {getattr(self, low):g} is not below {high} {getattr(self, high):g}"
                )
        if not self.command_low <= 0.0 <= self.command_high:
            raise ParameterError(
                f"command_low {self.command_low:g} to command_high {self.command_high:g}: expected "
                "0 between them, which stops the motors"
            )
        if not self.command_low <= self.trim_command <= self.command_high:
            raise ParameterError(
                f"trim_command {self.trim_command:g} is not between command_low "
                f"{self.command_low:g} and command_high {self.command_high:g}; set all three"
            )
        self.modes()

    def modes(self) -> ModeConfig:
        """Return the times of the mode machine."""
        return ModeConfig(
            self.hold_s, self.trim_s, self.ramp_s, self.stop_s, self.recover_ticks,
            self.manual_max_age_s, self.coast_s,
        )  # fmt: skip
