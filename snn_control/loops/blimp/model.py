"""Vertical motion of the blimp for the observer, in plain Python: commands, motors and drag.

The law is that of `snn_control.envs.blimp.parameters`, without the slew of the servo and without
battery sag and leak, which the observer's unmodelled acceleration covers.
"""

from __future__ import annotations

import math
from collections import deque

from snn_control.controllers.blimp.motion import (
    COUNT_AT_REST,
    COUNTS,
    COUNTS_PER_UNIT,
    FULL,
    BlimpMotion,
)
from snn_control.supervision.motion import MotionModel
from snn_control.supervision.observer import ObserverNoise

__all__ = ["BLIND_BELOW_M", "NOISE", "RANGE_SD_M", "BlimpModel", "lidar_sd_m"]

NOISE = ObserverNoise(
    start_speed_m_s=0.2,
    start_acceleration_m_s2=0.1,
    speed_m_s_rs=0.01,
    acceleration_m_s2_rs=0.008,
    model_error=0.15,
    timing_s=0.05,
)
"""Noise of a blimp: gusts, leak and differences from the nominal parameters."""
RANGE_SD_M = 0.006
"""Standard deviation of a range, m: steps of 1 cm and noise of 5 mm."""
BLIND_BELOW_M = 0.3
"""Range below which the lidar has steps of 4.5 cm, m."""
BLIND_SD_M = 0.02
"""Standard deviation of a range below `BLIND_BELOW_M`, m."""
TRIM_MAX_M_S2 = 0.12
"""Maximum acceleration at the trim command, m/s^2: two motor units off hover."""


class BlimpModel(MotionModel):
    """Blimp with known parameters; commands in motor units.

    Args:
        motion: parameters of the blimp.
    """

    def __init__(self, motion: BlimpMotion) -> None:
        self._motion = motion
        self.lowest_m = motion.rest_height_m
        hover_count = COUNT_AT_REST + COUNTS_PER_UNIT * motion.hover_motor_units
        self._weight_m_s2 = self._thrust(hover_count / COUNTS)
        self.start(motion.hover_motor_units, 0.0)

    def start(self, command: float, now_s: float) -> None:
        """Start with the motors settled at a command.

        A blimp whose motors are off rests on the floor, is held or is about to rise: they count as
        at the hover command until the next one takes effect.
        """
        self._target = self._signed_duty = self._duty(command or self._motion.hover_motor_units)
        self._at_s = now_s
        self._pending: deque[tuple[float, float]] = deque()

    def send(self, command: float, now_s: float) -> None:
        """Register a command; the motors receive it after the transport delay."""
        self._pending.append((now_s + self._motion.transport_delay_s, self._duty(command)))

    def advance(self, end_s: float) -> float:
        """Advance the motors to `end_s`; return thrust and buoyancy, m/s^2."""
        while self._pending and self._pending[0][0] <= end_s:
            self._target = self._pending.popleft()[1]
        kept = math.exp(-max(end_s - self._at_s, 0.0) / self._motion.motor_time_constant_s)
        self._at_s = end_s
        size = abs(self._target) + kept * (abs(self._signed_duty) - abs(self._target))
        self._signed_duty = math.copysign(size, self._target)
        return self._thrust(self._signed_duty) - self._weight_m_s2

    def damping_per_s(self, speed_m_s: float) -> float:
        """Return linear and quadratic drag at a speed, 1/s."""
        motion = self._motion
        return motion.linear_drag_per_s + motion.quadratic_drag_per_m * abs(speed_m_s)

    def acceleration_at(self, command: float) -> float:
        """Return the acceleration of a blimp at rest at a constant command, m/s^2."""
        return self._thrust(self._duty(command)) - self._weight_m_s2

    def hover_command(self, unmodelled_m_s2: float) -> float:
        """Return the command, to 0.1 motor units, that balances an unmodelled acceleration."""
        commands = [k / 10 for k in range(-100, 101)]
        return min(commands, key=lambda u: abs(self.acceleration_at(u) + unmodelled_m_s2))

    def trim_fault(self, trim: float, unmodelled_m_s2: float, only_up: bool) -> str:
        """Return the reason why a trim command does not keep the height, or an empty string.

        Args:
            trim: command, motor units.
            unmodelled_m_s2: unmodelled acceleration, as estimated.
            only_up: True to accept a descent.
        """
        change_m_s2 = self.acceleration_at(trim) + unmodelled_m_s2
        if (change_m_s2 if only_up else abs(change_m_s2)) <= TRIM_MAX_M_S2:
            return ""
        hover = self.hover_command(unmodelled_m_s2)
        return (
            f"trim_command {trim:g} does not keep the height: by the model it accelerates the "
            f"blimp by {change_m_s2:+.2f} m/s^2, at most {TRIM_MAX_M_S2:g} is allowed; "
            f"{hover:.1f} keeps it"
        )

    def _duty(self, command: float) -> float:
        size = min(abs(command), FULL)
        count = math.floor(COUNT_AT_REST + COUNTS_PER_UNIT * size)
        off = size < self._motion.dead_zone_motor_units
        return math.copysign(0.0 if off else count / COUNTS, command)

    def _thrust(self, signed_duty: float) -> float:
        return self._motion.thrust_gain_m_s2 * signed_duty * abs(signed_duty)


def lidar_sd_m(range_m: float, sd_m: float = RANGE_SD_M) -> float:
    """Return the standard deviation of a range, m: `sd_m`, or that of the blind zone."""
    return BLIND_SD_M if range_m < BLIND_BELOW_M else sd_m
