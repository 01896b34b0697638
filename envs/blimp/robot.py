"""The blimp as a craft in the world: it flies on by itself, and commands come when they come.

Body, faults and schedule are those of `BlimpAltitude`: with every command given at the tick that
it answers, the flight is the same, bit for bit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snn_control.envs.blimp import plant
from snn_control.envs.blimp.body import BlimpBody
from snn_control.envs.blimp.metrics import altitude_metrics
from snn_control.envs.blimp.scenario import Scenario
from snn_control.errors import ParameterError


@dataclass(frozen=True)
class Measurement:
    """What the craft reports at one control tick."""

    tick: int
    """Number of the called tick, from 0."""
    time_s: float
    """Time since the start of the flight."""
    range_m: float
    """Of the lidar, a float32 value."""
    battery_v: float
    """A float32 value."""
    height_ref_m: float
    """Height that the task asks for."""


class BlimpRobot:
    """One flight of a scenario, advanced physics step by physics step.

    Args:
        scenario: craft, gusts, ticks and references.
        motor_timeout_s: time without a command after which the motors stop.
    """

    def __init__(self, scenario: Scenario, motor_timeout_s: float = math.inf) -> None:
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
        self._command, self._commanded_at = 0.0, 0
        sag = scenario.constants.item(plant.SAG_SHARE)
        self._sag_v_per_s = sag * scenario.battery_start_v

    @property
    def time_s(self) -> float:
        """Time since the start of the flight, s."""
        return self.step * plant.PHYSICS_STEP_S

    @property
    def finished(self) -> bool:
        """Whether the scenario is at its end."""
        return self.step >= self.scenario.n_steps

    def command(self, motor_command: float) -> None:
        """Hold a command in motor units from now on.

        Raises:
            ParameterError: it is not finite; the last one is held.
        """
        if not math.isfinite(motor_command):
            raise ParameterError(f"motor_command is {motor_command}; expected a finite number")
        self._command, self._commanded_at = motor_command, self.step

    def measure_due(self) -> bool:
        """Whether a measurement is due at this physics step and was not taken yet."""
        return self._next < len(self._tick_steps) and self.step >= self._tick_steps[self._next]

    def measure(self) -> Measurement | None:
        """Return the measurement that is due at this physics step, once; None at others."""
        if not self.measure_due():
            return None
        tick, self._next = self._next, self._next + 1
        fallen_v = self._sag_v_per_s * self.step * plant.PHYSICS_STEP_S
        battery_v = float(np.float32(self.scenario.battery_start_v - fallen_v))
        return Measurement(
            tick, self.time_s, self.body.range_m, battery_v, self._references_m[tick]
        )

    def advance(self) -> None:
        """Fly on for one physics step, 0.01 s.

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
        """Return the flight so far as `BlimpAltitude.trace` does, one entry a physics step."""
        ticks = self.scenario.tick_step
        at = np.searchsorted(ticks, np.arange(self.step), side="right") - 1
        return {
            "time_s": np.arange(self.step) * plant.PHYSICS_STEP_S,
            "height_m": self._heights_m[: self.step].copy(),
            "height_ref_m": self.scenario.reference_m[at],
            "motor_command": self._commands[: self.step].copy(),
        }

    def metrics(self) -> dict[str, float]:
        """Return the figures of `metrics.altitude_metrics` on the true height so far."""
        trace = self.trace()
        return altitude_metrics(trace["time_s"], trace["height_ref_m"], trace["height_m"])
