"""Lidar, barometer and vertical accelerometer of one flight."""

from __future__ import annotations

from dataclasses import dataclass

from snn_control.copies import Copied
from snn_control.envs.blimp.body import BlimpBody
from snn_control.envs.blimp.scenario import Scenario
from snn_control.envs.blimp.sensing.errors import SenseParameters, draw_sense_errors, in_steps

__all__ = ["Sensed", "Senses"]


@dataclass(frozen=True)
class Sensed:
    """Readings of the sensors at one control tick, float32 values."""

    range_m: float
    """Lidar reading, m."""
    barometer_m: float
    """Height above the floor by the pressure, m."""
    vertical_acceleration_m_s2: float
    """Mean vertical acceleration since the last tick, m/s^2; 0 plus its errors at the first."""


class Senses(Copied):
    """Sensors of one flight of a scenario.

    Args:
        parameters: noise and steps.
        scenario: scenario, whose seed is that of the noise.
    """

    def __init__(self, parameters: SenseParameters, scenario: Scenario) -> None:
        self.parameters = parameters
        self._errors = draw_sense_errors(parameters, scenario)
        self._tick = 0
        self._speed_m_s = self._acceleration_m_s2 = 0.0

    def measure(self, body: BlimpBody, dt_s: float) -> Sensed:
        """Return the readings of the next tick.

        Args:
            body: blimp.
            dt_s: time since the last tick, s; the first tick ignores it.
        """
        k, errors, steps = self._tick, self._errors, self.parameters
        speed_m_s = body.speed_m_s
        if k and dt_s > 0.0:
            self._acceleration_m_s2 = (speed_m_s - self._speed_m_s) / dt_s
        self._speed_m_s, self._tick = speed_m_s, k + 1
        return Sensed(
            body.noisy_range_m(errors.lidar_m.item(k)),
            in_steps(body.height_m + errors.barometer_m.item(k), steps.barometer_step_m),
            in_steps(
                self._acceleration_m_s2 + errors.acceleration_m_s2.item(k),
                steps.accelerometer_step_m_s2,
            ),
        )
