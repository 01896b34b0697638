"""Adapter of the corridor robot: scans and odometry in, speed and turn rate out.

A robot at rest is safe: there is no trim, commands are held for a moment, then they are zero.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from snn_control.controllers import Controller
from snn_control.errors import InterfaceMismatchError
from snn_control.loops.adapter import (
    AdaptationRequests,
    Moment,
    Observation,
    Reading,
    VehicleAdapter,
)
from snn_control.loops.corridor.completion import Interpolation, Remembered
from snn_control.loops.corridor.config import CorridorConfig
from snn_control.loops.corridor.interface import Pose, displacement, read_ranges
from snn_control.loops.corridor.ray_choice import AllRays, ExpectedInformation
from snn_control.loops.corridor.rays import N_RAYS, Motion
from snn_control.loops.corridor.sensing import RaySensing
from snn_control.supervision.command_gate import CommandGates

__all__ = ["DRIVE", "CorridorAdapter"]

FloatArray = npt.NDArray[np.float64]

DRIVE = ("speed_m_s", "turn_rate_rad_s")
MAX_STEP = 1.0
"""Limit of an entry of the displacement between two scans, m or rad, as in the environment."""


class CorridorAdapter(VehicleAdapter[FloatArray]):
    """Adapter of a disc robot with 72 rays; measurements are ranges, m, (72,), -1: not fired.

    Args:
        controller: controller of speed and turn rate.
        config: limits and times.

    Raises:
        InterfaceMismatchError: the controller is of another vehicle.
    """

    config: CorridorConfig
    observation_names = (
        *(f"ray_{k}_m" for k in range(N_RAYS)),
        "dx_m",
        "dy_m",
        "dyaw_rad",
        "dt_s",
    )

    def __init__(self, controller: Controller, config: CorridorConfig) -> None:
        self.require_interface(controller)
        super().__init__(config)
        sparse = config.rays < N_RAYS
        self.sensing = (
            RaySensing(Remembered(), ExpectedInformation(config.rays))
            if sparse
            else RaySensing(Interpolation(), AllRays())
        )
        self.request: FloatArray = self.sensing.fire()
        """Mask of the rays of the next scan, 1: fire, shape (72,)."""
        self.odom_s: float | None = None
        """Time of the last odom, s, on the clock of `read`."""
        self._pose: Pose | None = None
        self._last: tuple[Pose, float] | None = None
        """Pose and time of the last scan."""

    # Inputs.

    def read(
        self,
        ranges: Sequence[float],
        first_rad: float,
        spacing_rad: float,
        nearest_m: float,
        now_s: float,
    ) -> Reading[FloatArray]:
        """Return the reading of a scan, see `interface.read_ranges`; it needs a recent odom."""
        range_m, fault = read_ranges(ranges, first_rad, spacing_rad, nearest_m)
        if not fault and self.lost(now_s):
            age = "none has arrived" if self.odom_s is None else f"{now_s - self.odom_s:.2f} s old"
            fault = f"odom: {age}; expected at most odom_max_age_s {self.config.odom_max_age_s:g}"
        return Reading(range_m, fault)

    def on_odom(self, x_m: float, y_m: float, yaw_rad: float, now_s: float) -> bool:
        """Accept a pose; return False and keep the last one if it is not finite."""
        if not all(map(math.isfinite, (x_m, y_m, yaw_rad))):
            self.reject(f"odom is at {x_m:g}, {y_m:g} m, {yaw_rad:g} rad")
            return False
        self._pose, self.odom_s = (x_m, y_m, yaw_rad), now_s
        return True

    def lost(self, now_s: float) -> bool:
        """Return True if the last odom is older than `odom_max_age_s`, or none has arrived."""
        return self.odom_s is None or now_s - self.odom_s > self.config.odom_max_age_s

    # Calls of the loop.

    def require_interface(self, controller: Controller) -> None:
        """Refuse a controller with other observations or actions."""
        unknown = set(controller.observation_names) - set(self.observation_names)
        if unknown or tuple(controller.action_names) != DRIVE:
            raise InterfaceMismatchError(
                f"the controller has inputs {controller.observation_names} and outputs "
                f"{controller.action_names}, the node has rays, odometry and {DRIVE}: name a "
                "model of the corridor"
            )

    def make_gate(self) -> CommandGates:
        """Return the gate of speed and turn rate; `limit` has the limits of each."""
        most = max(self.config.speed_max_m_s, self.config.turn_max_rad_s)
        return CommandGates(len(DRIVE), -most, most)

    @property
    def trim(self) -> FloatArray:
        """Rest."""
        return np.zeros(len(DRIVE))

    def restart(self) -> None:
        """Forget the points seen so far; the next scan is the first one."""
        self.sensing.reset()
        self.request = self.sensing.fire()
        self._last = None

    def orders(
        self, now_s: float, adaptation: AdaptationRequests, sent: FloatArray
    ) -> tuple[float, ...]:
        """Return (): such a controller takes no orders."""
        return ()

    def observe(self, measured: FloatArray, moment: Moment) -> Observation:
        """Return completed ranges and displacement; the mask of the next scan is in `request`."""
        assert self._pose is not None, "read refuses scans without odom"
        before, at_s = self._last or (self._pose, moment.at_s)
        motion = displacement(before, self._pose, max(moment.at_s - at_s, 0.0))
        self._last = self._pose, moment.at_s
        estimated_m = self.sensing.update(measured, motion)
        self.request = self.sensing.fire()
        moved = _limited(motion)
        return Observation(np.concatenate([estimated_m, moved]))

    def limit(self, command: FloatArray) -> FloatArray:
        """Return the command with speed and turn rate within their limits."""
        turn = self.config.turn_max_rad_s
        most = np.array([self.config.speed_max_m_s, turn])
        limited: FloatArray = np.clip(command, np.array([0.0, -turn]), most)
        return limited

    def trouble(self, now_s: float) -> str:
        """Return an empty string: without inputs the robot stops by itself."""
        return ""


def _limited(motion: Motion) -> FloatArray:
    """Return the entries of a motion within the bounds of the observation."""
    moved: FloatArray = np.clip(
        [motion.dx_m, motion.dy_m, motion.dyaw_rad, motion.dt_s], -MAX_STEP, MAX_STEP
    )
    return moved
