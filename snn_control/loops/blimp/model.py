"""Vertical motion of the blimp for the observer, in plain Python: commands, motors and drag.

The law is that of `snn_control.envs.blimp.parameters`, with nominal values, without the slew of the
servo and without battery sag and leak, which the observer's unmodelled acceleration covers.
"""

from __future__ import annotations

import math
from collections import deque

from snn_control.envs.blimp.parameters import BlimpParameters
from snn_control.supervision.observer import MotionModel

__all__ = ["BlimpModel"]

_COUNTS, _COUNT_AT_REST, _COUNTS_PER_UNIT = 45.0, 9.0, 3.0
_FULL = 10.0


class BlimpModel(MotionModel):
    """Blimp with nominal parameters; commands in motor units.

    Args:
        parameters: parameters of the blimp.
    """

    def __init__(self, parameters: BlimpParameters) -> None:
        self._parameters = parameters
        self.lowest_m = parameters.rest_height_m
        hover_count = _COUNT_AT_REST + _COUNTS_PER_UNIT * parameters.hover_motor_units
        self._weight_m_s2 = self._thrust(hover_count / _COUNTS)
        self._delay_s = parameters.transport_delay_s if parameters.transport_delay else 0.0
        self.start(0.0)

    def start(self, now_s: float) -> None:
        """Start with the motors at the nominal hover command."""
        self._target = self._duty(self._parameters.hover_motor_units)
        self._signed_duty = self._target
        self._at_s = now_s
        self._pending: deque[tuple[float, float]] = deque()

    def send(self, command: float, now_s: float) -> None:
        """Register a command; the motors receive it after the transport delay."""
        self._pending.append((now_s + self._delay_s, self._duty(command)))

    def advance(self, end_s: float) -> float:
        """Advance the motors to `end_s`; return thrust and buoyancy, m/s^2."""
        while self._pending and self._pending[0][0] <= end_s:
            self._target = self._pending.popleft()[1]
        lag_s = self._parameters.motor_time_constant_s if self._parameters.motor_lag else 0.0
        kept = math.exp(-(end_s - self._at_s) / lag_s) if lag_s else 0.0
        self._at_s = end_s
        size = abs(self._target) + kept * (abs(self._signed_duty) - abs(self._target))
        self._signed_duty = math.copysign(size, self._target)
        return self._thrust(self._signed_duty) - self._weight_m_s2

    def damping_per_s(self, speed_m_s: float) -> float:
        """Return linear and quadratic drag at a speed, 1/s."""
        p = self._parameters
        return p.linear_drag_per_s + p.quadratic_drag_per_m * abs(speed_m_s)

    def acceleration_at(self, command: float) -> float:
        """Return the acceleration of a blimp at rest at a constant command, m/s^2."""
        return self._thrust(self._duty(command)) - self._weight_m_s2

    def hover_command(self, unmodelled_m_s2: float) -> float:
        """Return the command, to 0.1 motor units, that balances an unmodelled acceleration."""
        commands = [k / 10 for k in range(-100, 101)]
        return min(commands, key=lambda u: abs(self.acceleration_at(u) + unmodelled_m_s2))

    def _duty(self, command: float) -> float:
        size = min(abs(command), _FULL)
        count = _COUNT_AT_REST + _COUNTS_PER_UNIT * size
        p = self._parameters
        if p.integer_pwm:
            count = math.floor(count)
        off = p.dead_zone and size < p.dead_zone_motor_units
        return math.copysign(0.0 if off else count / _COUNTS, command)

    def _thrust(self, signed_duty: float) -> float:
        return self._parameters.thrust_gain_m_s2 * signed_duty * abs(signed_duty)
