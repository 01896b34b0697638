"""Simulated blimp that advances independently of its controller and accepts commands at any time.

Body, faults and schedule equal those of `BlimpAltitude`: if each command arrives at the tick of its
measurement, the episodes are equal, bit for bit. With senses, so are the measurements of
`BlimpAltitude-v1`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snn_control.copies import Copied
from snn_control.envs.blimp import plant
from snn_control.envs.blimp.body import BlimpBody
from snn_control.envs.blimp.metrics import altitude_metrics
from snn_control.envs.blimp.scenario import Scenario
from snn_control.envs.blimp.sensing.errors import SenseParameters
from snn_control.envs.blimp.sensing.senses import Senses
from snn_control.errors import ParameterError


@dataclass(frozen=True)
class Measurement:
    """Measurement of the blimp at one control tick."""

    tick: int
    """Index of the called tick, from 0."""
    time_s: float
    """Time since the start of the flight, s."""
    range_m: float
    """Lidar reading, m, a float32 value."""
    battery_v: float
    """Battery voltage, V, a float32 value."""
    height_ref_m: float
    """Reference height of the task, m."""
    barometer_m: float | None = None
    """Height above the floor by the pressure, m, a float32 value; None without senses."""
    vertical_acceleration_m_s2: float | None = None
    """Mean vertical acceleration since the last tick, m/s^2; None without senses."""


class BlimpRobot(Copied):
    """One flight of a scenario, advanced physics step by physics step.

    Args:
        scenario: blimp, gusts, ticks and references.
        motor_timeout_s: time without a command after which the motors stop.
        senses: noise of the sensors of `BlimpAltitude-v1`; None: the lidar of `BlimpAltitude-v0`
            alone. The motion is the same.
    """

    def __init__(
        self,
        scenario: Scenario,
        motor_timeout_s: float = math.inf,
        senses: SenseParameters | None = None,
    ) -> None:
        self.scenario, self.motor_timeout_s = scenario, motor_timeout_s
        self.body = BlimpBody()
        self.body.reset(scenario.constants, scenario.gust_m_s2)
        self.step = 0
        self._heights_m = np.empty(scenario.n_steps + 1)
        self._heights_m[0] = self.body.height_m
        self._commands = np.zeros(scenario.n_steps)
        self._tick_steps = scenario.tick_step.tolist()
        self._references_m = scenario.reference_m.tolist()
        self._next = 0
        self._senses = None if senses is None else Senses(senses, scenario)
        self._measured_at = 0
        self._command, self._commanded_at = 0.0, 0
        sag = scenario.constants.item(plant.SAG_PER_S)
        self._sag_v_per_s = sag * scenario.battery_start_v

    @property
    def time_s(self) -> float:
        """Time since the start of the flight, s."""
        return self.step * plant.PHYSICS_STEP_S

    @property
    def finished(self) -> bool:
        """True at the end of the scenario."""
        return self.step >= self.scenario.n_steps

    def command(self, motor_command: float) -> None:
        """Hold a command, motor units, until the next one.

        Raises:
            ParameterError: the command is not finite; the last one stays active.
        """
        if not math.isfinite(motor_command):
            raise ParameterError(f"motor_command is {motor_command}; expected a finite number")
        self._command, self._commanded_at = motor_command, self.step

    def measure_due(self) -> bool:
        """Return True if a measurement is due at this physics step and was not taken yet."""
        return self._next < len(self._tick_steps) and self.step >= self._tick_steps[self._next]

    def measure(self) -> Measurement | None:
        """Return the measurement due at this physics step, once; None if none is due."""
        if not self.measure_due():
            return None
        tick, self._next = self._next, self._next + 1
        drop_v = self._sag_v_per_s * self.step * plant.PHYSICS_STEP_S
        battery_v = float(np.float32(self.scenario.battery_start_v - drop_v))
        reference_m = self._references_m[tick]
        if self._senses is None:
            return Measurement(tick, self.time_s, self.body.range_m, battery_v, reference_m)
        dt_s = (self.step - self._measured_at) * plant.PHYSICS_STEP_S
        self._measured_at = self.step
        sensed = self._senses.measure(self.body, dt_s)
        return Measurement(
            tick,
            self.time_s,
            sensed.range_m,
            battery_v,
            reference_m,
            sensed.barometer_m,
            sensed.vertical_acceleration_m_s2,
        )

    def advance(self) -> None:
        """Advance by one physics step, 0.01 s.

        Raises:
            ParameterError: the scenario is at its end.
        """
        if self.finished:
            raise ParameterError(f"the flight ended after {self.scenario.duration_s:g} s")
        silent_s = (self.step - self._commanded_at) * plant.PHYSICS_STEP_S
        if silent_s >= self.motor_timeout_s:
            self._command = 0.0
        self.body.advance(self._command, 1, self._heights_m, self.step + 1)
        self._commands[self.step] = self._command
        self.step += 1

    def trace(self) -> dict[str, NDArray[np.float64]]:
        """Return the time series so far, as `BlimpAltitude.trace`, one sample per physics step."""
        ticks = self.scenario.tick_step
        at = np.searchsorted(ticks, np.arange(self.step), side="right") - 1
        return {
            "time_s": np.arange(self.step) * plant.PHYSICS_STEP_S,
            "height_m": self._heights_m[: self.step].copy(),
            "height_ref_m": self.scenario.reference_m[at],
            "motor_command": self._commands[: self.step].copy(),
        }

    def metrics(self) -> dict[str, float]:
        """Return `metrics.altitude_metrics` of the true height so far."""
        trace = self.trace()
        return altitude_metrics(trace["time_s"], trace["height_ref_m"], trace["height_m"])
