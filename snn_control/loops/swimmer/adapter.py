"""Adapter of the swimmer: joint angles and velocities in, efforts out.

The forward speed of the head is a further sense, for controllers that try parameters for a higher
speed. Efforts are fractions of full effort. No constant effort is safe, so that a swimmer has
neither fallback nor trim: efforts are held for a moment, then they are zero.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from snn_control.controllers import Controller
from snn_control.controllers.swimmer.trials import SPEED_SENSOR
from snn_control.errors import InterfaceMismatchError
from snn_control.loops.adapter import (
    AdaptationRequests,
    Moment,
    Observation,
    Reading,
    VehicleAdapter,
)
from snn_control.loops.swimmer.config import SwimmerConfig
from snn_control.loops.swimmer.interface import JointReader, head_command, joint_names
from snn_control.supervision.command_gate import CommandGates

__all__ = ["ODOMETRY", "ORDERS", "SwimmerAdapter"]

FloatArray = npt.NDArray[np.float64]

ORDERS = ("speed", "turn", "frozen")
ODOMETRY = "odometry"
"""Sense of the forward speed of the head, m/s."""
PERIOD_MIN_S = 0.01
"""Minimum time in which joints are allowed to move, s: measurements of a burst are closer."""


class SwimmerAdapter(VehicleAdapter[FloatArray]):
    """Adapter of a swimmer with one effort per joint; measurements are angles, rad, (n_joints,).

    Args:
        controller: swimmer controller.
        config: limits and times.

    Raises:
        InterfaceMismatchError: the controller is not a swimmer controller.
        ConfigError: `joint_names` do not fit its joints.
    """

    config: SwimmerConfig
    senses: ClassVar[tuple[str, ...]] = (ODOMETRY,)

    def __init__(self, controller: Controller, config: SwimmerConfig) -> None:
        self.require_interface(controller)
        super().__init__(config)
        self.observation_names = controller.observation_names
        names = joint_names(config.joint_names, len(controller.action_names))
        self.joints = JointReader(names, config.joint_max_rad)
        self.tries = SPEED_SENSOR in controller.observation_names
        """True if the controller observes the speed of the head."""
        self.blind = self.tries
        """True if the speed is observed, but was missing in the last observation."""
        self.speed_s: float | None = None
        """Time of the last speed, s, on the clock of `Moment.at_s`."""
        self._speed_m_s = math.nan
        self.cmd_vel_s: float | None = None
        """Time of the last velocity, s."""
        self.velocity_limit = ""
        """Report of the last velocity if it was outside the limits, otherwise empty."""
        self._velocity = (0.0, 0.0)
        self._observed = False
        self._measured: tuple[float, FloatArray] | None = None
        """Time and angles of the last plausible measurement."""

    # Inputs.

    def read(self, names: Sequence[str], positions: Sequence[float]) -> Reading[FloatArray]:
        """Return the reading of joint states; it is foreign if they contain none of the joints."""
        foreign = bool(names) and self.joints.foreign(names)
        if foreign and self._observed:  # its fault is not needed, and costly to format
            return Reading(np.empty(0), "joint states of another body", foreign=True)
        angles, fault = self.joints.read(names, positions)
        return Reading(angles, fault, foreign)

    def on_cmd_vel(self, forward_m_s: float, left_rad_s: float, now_s: float) -> bool:
        """Accept a velocity; return False and keep the last one if it is not finite."""
        if not (math.isfinite(forward_m_s) and math.isfinite(left_rad_s)):
            self.reject(f"cmd_vel is {forward_m_s:g} m/s, {left_rad_s:g} rad/s")
            return False
        self._velocity, self.cmd_vel_s = (forward_m_s, left_rad_s), now_s
        self.velocity_limit = self._velocity_limit(forward_m_s, left_rad_s)
        return True

    def lost(self, now_s: float) -> bool:
        """Return True if the last velocity is older than `cmd_vel_max_age_s`."""
        max_age_s = self.config.cmd_vel_max_age_s
        if not max_age_s or self.cmd_vel_s is None:
            return False
        return now_s - self.cmd_vel_s > max_age_s

    def sense(self, name: str, value: float, moment: Moment) -> None:
        """Accept a forward speed of the head, m/s; count one that is not finite."""
        if not math.isfinite(value):
            self.reject(f"odometry is {value:g} m/s")
            return
        self._speed_m_s, self.speed_s = value, moment.at_s

    def speed_m_s(self, now_s: float) -> float:
        """Return the last speed; NaN without one of the last `sense_max_age_s`."""
        if self.speed_s is None or not -1.0 < now_s - self.speed_s < self.config.sense_max_age_s:
            return math.nan
        return self._speed_m_s

    # Calls of the loop.

    def require_interface(self, controller: Controller) -> None:
        """Refuse a controller without one angle and one effort per joint and `ORDERS`.

        It may also observe the speed of the head.
        """
        n_angles = sum(name != SPEED_SENSOR for name in controller.observation_names)
        if controller.order_names != ORDERS or n_angles != len(controller.action_names):
            raise InterfaceMismatchError(
                f"the controller has inputs {controller.observation_names} and outputs "
                f"{controller.action_names}, the node has one angle and one effort per joint, and "
                "the speed of the head: name a model of a swimmer"
            )

    def make_gate(self) -> CommandGates:
        """Return the gate of the efforts."""
        limit = self.config.effort_limit
        return CommandGates(len(self.joints.names), -limit, limit, self.config.slew_per_s)

    @property
    def trim(self) -> FloatArray:
        """Zero effort; unused, as `SwimmerConfig.modes` has no trim."""
        return np.zeros(len(self.joints.names))

    def restart(self) -> None:
        """Accept any first angles; keep the last velocity, which is valid until it is lost."""
        self._measured = None

    def orders(
        self, now_s: float, adaptation: AdaptationRequests, sent: FloatArray
    ) -> tuple[float, float, float]:
        """Return speed, turn and 1.0 if the adaptation is frozen."""
        return *self._head_orders(now_s), float(adaptation.frozen)

    def observe(self, measured: FloatArray, moment: Moment) -> Observation:
        """Return the angles, and the velocity of the head towards the tail if it is observed."""
        self._observed = True
        jump = self._jump(measured, moment.at_s) if moment.automatic else ""
        if self.tries:
            speed_m_s = self.speed_m_s(moment.at_s)
            self.blind = math.isnan(speed_m_s)
            measured = np.append(measured, -speed_m_s)
        return Observation(measured, implausible=jump)

    def limit(self, command: FloatArray) -> FloatArray:
        """Return the command: any effort is allowed at any angle."""
        return command

    def trouble(self, now_s: float) -> str:
        """Return an empty string: no input of a swimmer forbids operation."""
        return ""

    # Implementation.

    def _head_orders(self, now_s: float) -> tuple[float, float]:
        config = self.config
        if self.cmd_vel_s is None:
            return config.cruise_speed, 0.0
        if self.lost(now_s):
            return 0.0, 0.0
        return head_command(
            *self._velocity, config.full_speed_m_s, config.full_turn_rad_s, config.turn_limit
        )

    def _velocity_limit(self, forward_m_s: float, left_rad_s: float) -> str:
        """Return the report of a velocity that is not followed, or an empty string."""
        config = self.config
        turn_max_rad_s = config.turn_limit * config.full_turn_rad_s
        if forward_m_s < 0.0:
            limit = "is not followed: the swimmer only swims forward, it rests instead"
        elif forward_m_s > config.full_speed_m_s or abs(left_rad_s) > turn_max_rad_s:
            limit = (
                f"is limited to full_speed_m_s {config.full_speed_m_s:g} and turn_limit times "
                f"full_turn_rad_s {turn_max_rad_s:g}"
            )
        else:
            return ""
        return f"cmd_vel of {forward_m_s:g} m/s, {left_rad_s:g} rad/s {limit}"

    def _jump(self, angles: FloatArray, at_s: float) -> str:
        """Return the joint that moved faster than `joint_speed_max_rad_s`, or an empty string."""
        since_s, before = self._measured or (math.inf, angles)
        elapsed_s = at_s - since_s
        moved_rad = np.abs(angles - before)
        fastest, limit_rad_s = int(np.argmax(moved_rad)), self.config.joint_speed_max_rad_s
        if elapsed_s >= 0 and moved_rad[fastest] > limit_rad_s * max(elapsed_s, PERIOD_MIN_S):
            return (
                f"{self.joints.names[fastest]} moved by {moved_rad[fastest]:.2f} rad in "
                f"{elapsed_s:.3f} s, above joint_speed_max_rad_s {limit_rad_s:g}"
            )
        self._measured = at_s, angles
        return ""
