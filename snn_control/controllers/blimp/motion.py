"""Parameters of the vertical motion of the blimp that controllers and estimates assume."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

__all__ = ["COUNTS", "COUNTS_PER_UNIT", "COUNT_AT_REST", "FULL", "BlimpMotion"]

FULL = 10.0
"""Largest magnitude of a command, motor units."""
COUNTS, COUNT_AT_REST, COUNTS_PER_UNIT = 45.0, 9.0, 3.0
"""Pulse-width counts of duty 1 and of a command just above the dead zone, and counts per motor
unit."""


@dataclass(frozen=True)
class BlimpMotion:
    """Parameters of the vertical motion, named as in `snn_control.envs.blimp.parameters`."""

    thrust_gain_m_s2: float = 1.11
    """Vertical acceleration at duty 1, m/s^2."""
    motor_time_constant_s: float = 0.15
    """First-order lag of the motors' duty, s."""
    transport_delay_s: float = 0.33
    """Delay from command to motor, s."""
    linear_drag_per_s: float = 0.20
    """Linear drag over effective mass, 1/s."""
    quadratic_drag_per_m: float = 0.34
    """Quadratic drag over effective mass, 1/m."""
    hover_motor_units: float = 3.1
    """Hover command, motor units."""
    dead_zone_motor_units: float = 0.3
    """Magnitude below which a command stops the motors, motor units."""
    rest_height_m: float = 0.06
    """Height of the lidar with the blimp on the floor, m."""

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any]) -> BlimpMotion:
        """Return the motion of blimp parameters; the others are not used."""
        names = [field.name for field in fields(cls)]
        return cls(**{name: float(parameters[name]) for name in names if name in parameters})
