"""Adapter of the swimmer: joint angles and velocities in, efforts out.

Efforts are fractions of the full one. No effort is safe, so that a swimmer has neither fallback nor
trim: it is held for a moment, then it rests.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from snn_control.controllers import Controller
from snn_control.errors import InterfaceMismatchError
from snn_control.loops.adapter import Observation, Reading, VehicleAdapter
from snn_control.loops.swimmer.config import SwimmerConfig
from snn_control.loops.swimmer.interface import JointReader, head_command, joint_names
from snn_control.supervision.command_gate import CommandGates

__all__ = ["ORDERS", "SwimmerAdapter"]

FloatArray = npt.NDArray[np.float64]

ORDERS = ("speed", "turn", "frozen")


class SwimmerAdapter(VehicleAdapter[FloatArray]):
    """A swimmer with one effort a joint; its measurements are angles in rad, (n_joints,).

    Args:
        controller: of a swimmer.
        config: limits and times.

    Raises:
        InterfaceMismatchError: the controller is not one of a swimmer.
        ConfigError: names that do not fit its joints.
    """

    config: SwimmerConfig

    def __init__(self, controller: Controller, config: SwimmerConfig) -> None:
        self.require_interface(controller)
        super().__init__(config)
        self.observation_names = controller.observation_names
        names = joint_names(config.joint_names, len(controller.action_names))
        self.joints = JointReader(names, config.joint_max_rad)
        self.cmd_vel_s: float | None = None
        """Time of the last velocity."""
        self._velocity = (0.0, 0.0)
        self._observed = False

    # Inputs.

    def read(self, names: Sequence[str], positions: Sequence[float]) -> Reading[FloatArray]:
        """Return the reading of joint states; it is foreign where they hold none of the joints."""
        foreign = bool(names) and self.joints.foreign(names)
        if foreign and self._observed:  # its fault is of no use, and costly to word
            return Reading(np.empty(0), "joint states of another body", foreign=True)
        angles, fault = self.joints.read(names, positions)
        return Reading(angles, fault, foreign)

    def on_cmd_vel(self, forward_m_s: float, left_rad_s: float, now_s: float) -> bool:
        """Take a velocity; return whether it is one. One that is not leaves the last one."""
        if not (math.isfinite(forward_m_s) and math.isfinite(left_rad_s)):
            self.reject(f"cmd_vel is {forward_m_s:g} m/s, {left_rad_s:g} rad/s")
            return False
        self._velocity, self.cmd_vel_s = (forward_m_s, left_rad_s), now_s
        return True

    def lost(self, now_s: float) -> bool:
        """Return whether velocities came and come no more."""
        most_s = self.config.cmd_vel_max_age_s
        return bool(most_s) and self.cmd_vel_s is not None and now_s - self.cmd_vel_s > most_s

    # Calls of the loop.

    def require_interface(self, controller: Controller) -> None:
        """Refuse a controller that is not one of a swimmer: an angle, an effort, `ORDERS`."""
        n_joints = len(controller.action_names)
        if controller.order_names != ORDERS or len(controller.observation_names) != n_joints:
            raise InterfaceMismatchError(
                f"the controller takes {controller.observation_names} and gives "
                f"{controller.action_names}; the node has joint angles and sends an effort a "
                "joint: name a model of a swimmer"
            )

    def make_gate(self) -> CommandGates:
        """Return the gate of the muscles."""
        limit = self.config.effort_limit
        return CommandGates(len(self.joints.names), -limit, limit, self.config.slew_per_s)

    @property
    def trim(self) -> FloatArray:
        """No effort: `SwimmerConfig.modes` has no time at trim."""
        return np.zeros(len(self.joints.names))

    def restart(self) -> None:
        """Keep the last velocity: it holds for as long as it is not lost."""

    def orders(self, now_s: float, frozen: bool) -> tuple[float, float, float]:
        """Return speed, turn and whether adaptation rests."""
        return *self._head_orders(now_s), float(frozen)

    def observe(self, measured: FloatArray, dt_s: float, landing: bool) -> Observation:
        """Return the angles."""
        self._observed = True
        return Observation(measured)

    def limit(self, command: FloatArray) -> FloatArray:
        """Return the command: any effort is allowed at any angle."""
        return command

    def trouble(self, now_s: float) -> str:
        """Return nothing: no input of a swimmer forbids to swim."""
        return ""

    # Inside.

    def _head_orders(self, now_s: float) -> tuple[float, float]:
        config = self.config
        if self.cmd_vel_s is None:
            return config.cruise_speed, 0.0
        if self.lost(now_s):
            return 0.0, 0.0
        return head_command(
            *self._velocity, config.full_speed_m_s, config.full_turn_rad_s, config.turn_limit
        )
