"""Simulated corridor robot that advances independently of its controller.

It accepts commands and requests of rays at any time. Worlds, start and errors equal those of
`CorridorNav`: if each command arrives at its scan, the episodes are equal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snn_control.copies import Copied
from snn_control.envs.corridor.body import REACH_M, CorridorBody
from snn_control.envs.corridor.metrics import corridor_metrics
from snn_control.envs.corridor.scenario import (
    CONTROL_PERIOD_S,
    N_RAYS,
    PHYSICS_STEP_S,
    SUBSTEPS,
    Scenario,
)
from snn_control.envs.corridor.worlds import LENGTH_M
from snn_control.errors import ParameterError

__all__ = ["CorridorRobot", "Measurement"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Measurement:
    """Measurement of one control period; x is forward, y left (REP-103)."""

    tick: int
    """Index of the control period, from 0."""
    range_m: FloatArray
    """Measured ranges, m, shape (72,); NaN: not fired, infinity: no return."""
    odometry: tuple[float, float, float]
    """Position, m, and yaw, rad, by odometry; the origin is the start."""
    pose: tuple[float, float, float]
    """True position, m, and yaw, rad, in the corridor."""
    speed_m_s: float
    """True speed, m/s."""
    turn_rate_rad_s: float
    """True turn rate, rad/s."""


class CorridorRobot(Copied):
    """One episode, advanced physics step by physics step.

    Args:
        scenario: world, start and errors.
        command_timeout_s: time without commands after which the robot stops, s.
    """

    def __init__(self, scenario: Scenario, command_timeout_s: float = math.inf) -> None:
        self.scenario, self.command_timeout_s = scenario, command_timeout_s
        self.body = CorridorBody(scenario)
        self.step, self._tick = 0, 0
        self._commanded_at = 0
        self._command = np.zeros(2)
        self._rays: NDArray[np.intp] = np.arange(N_RAYS)
        n = scenario.n_ticks
        self._odometry = (0.0, 0.0, 0.0)
        self._before = self._pose()
        self._closest_m = self.body.clearance_m
        self._path_m, self._clearance_m = np.zeros((n + 1, 2)), np.zeros(n + 1)
        self._yaw_rad, self._fired = np.zeros(n + 1), np.zeros(n + 1, np.int64)
        self._commands = np.full((n + 1, 2), np.nan)
        self._note(0)

    @property
    def time_s(self) -> float:
        """Time since the start, s."""
        return self.step * PHYSICS_STEP_S

    @property
    def collided(self) -> bool:
        """True after a collision."""
        return self._closest_m < 0.0

    @property
    def finished(self) -> bool:
        """True at the end of the episode: at the goal line, in a collision, or after its time."""
        done = self.step % SUBSTEPS == 0 and self.body.x_m >= LENGTH_M
        return done or self.collided or self.step >= self.scenario.n_ticks * SUBSTEPS

    def command(self, speed_m_s: float, turn_rate_rad_s: float) -> None:
        """Hold a command, clipped to the limits of the robot.

        Raises:
            ParameterError: not finite; the last command stays active.
        """
        if not (math.isfinite(speed_m_s) and math.isfinite(turn_rate_rad_s)):
            raise ParameterError(
                f"command of {speed_m_s:g} m/s, {turn_rate_rad_s:g} rad/s; expected numbers"
            )
        self._command = np.array([speed_m_s, turn_rate_rad_s])
        self._commanded_at = self.step

    def request(self, rays: NDArray[np.intp]) -> None:
        """Fire these rays in the following scans; before the first request all.

        Raises:
            ParameterError: a number is not that of a ray; the last request stays active.
        """
        if rays.size and not (0 <= int(rays.min()) and int(rays.max()) < N_RAYS):
            raise ParameterError(f"rays {rays.tolist()}; expected numbers from 0 to {N_RAYS - 1}")
        self._rays = np.unique(rays)

    def measure(self) -> Measurement | None:
        """Return the measurement due at this physics step, once; None if none is due."""
        if self.finished or self.step < self._tick * SUBSTEPS:
            return None
        tick, self._tick = self._tick, self._tick + 1
        body, rays = self.body, self._rays
        true_m = body.ranges_m(rays)
        noisy_m = np.clip(true_m + self.scenario.range_noise_m[tick, rays], 0.0, REACH_M)
        range_m = np.full(N_RAYS, np.nan)
        range_m[rays] = np.where(true_m >= REACH_M, np.inf, noisy_m)
        self._fired[tick] = rays.size
        if tick:
            self._odometry = self._moved()
        self._before = self._pose()
        return Measurement(
            tick, range_m, self._odometry, self._pose(), body.speed_m_s, body.turn_rate_rad_s
        )

    def advance(self) -> None:
        """Advance by one physics step, 0.02 s.

        Raises:
            ParameterError: the episode is at its end.
        """
        if self.finished:
            raise ParameterError(f"the episode ended after {self.time_s:g} s")
        if (self.step - self._commanded_at) * PHYSICS_STEP_S >= self.command_timeout_s:
            self._command = np.zeros(2)
        clearance_m = self.body.advance(*self._command.tolist(), steps=1)
        self._closest_m = min(self._closest_m, clearance_m)
        tick = self.step // SUBSTEPS
        self.step += 1
        self._commands[tick] = self._command
        if self.step % SUBSTEPS == 0 or self.collided:
            self._note(tick + 1)

    def trace(self) -> dict[str, FloatArray]:
        """Return the time series so far, one sample at each end of a control period and the start.

        `time_s`, `path_m` (n + 1, 2), `yaw_rad`, `clearance_m` (smallest so far), `rays` (fired
        for the scan), `commands` (n + 1, 2), in force at the end of the period that follows, NaN
        in the last row.
        """
        n = self._n_ticks + 1
        return {
            "time_s": np.arange(n) * CONTROL_PERIOD_S,
            "path_m": self._path_m[:n].copy(),
            "yaw_rad": self._yaw_rad[:n].copy(),
            "clearance_m": self._clearance_m[:n].copy(),
            "rays": self._fired[:n].astype(np.float64),
            "commands": self._commands[:n].copy(),
        }

    def metrics(self) -> dict[str, float]:
        """Return `metrics.corridor_metrics` so far."""
        n = self._n_ticks + 1
        fired = self._fired[: max(self._tick, 1)]
        return corridor_metrics(self._path_m[:n], self._clearance_m[:n], fired, CONTROL_PERIOD_S)

    @property
    def _n_ticks(self) -> int:
        """Number of control periods so far; a collision ends one early."""
        whole, part = divmod(self.step, SUBSTEPS)
        return whole + int(part > 0 and self.collided)

    def _note(self, tick: int) -> None:
        self._path_m[tick] = self.body.x_m, self.body.y_m
        self._yaw_rad[tick], self._clearance_m[tick] = self.body.yaw_rad, self._closest_m

    def _pose(self) -> tuple[float, float, float]:
        return self.body.x_m, self.body.y_m, self.body.yaw_rad

    def _moved(self) -> tuple[float, float, float]:
        """Return the odometry after the motion since the last scan, with its errors."""
        scenario, (x_m, y_m, yaw_rad) = self.scenario, self._odometry
        before, now = self._before, self._pose()
        dx_m, dy_m = now[0] - before[0], now[1] - before[1]
        turn_rad = now[2] - before[2] + scenario.yaw_drift_rad_s * CONTROL_PERIOD_S
        away = yaw_rad - before[2]  # frame of the odometry against that of the corridor
        cos, sin, scale = math.cos(away), math.sin(away), scenario.odometry_scale
        return (
            x_m + scale * (cos * dx_m - sin * dy_m),
            y_m + scale * (sin * dx_m + cos * dy_m),
            yaw_rad + turn_rad,
        )
