"""What a swimmer's controller node does with joint states; imports no rclpy.

joint angles -> picked by name, checked -> mode -> circuit -> gates, see `control_loop`. Efforts are
shares of the full one. No effort is safe, so that there is neither a fallback nor a trim.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from snn_control.controllers import Controller, Swimmer
from snn_control.loops.control_loop import ControlLoop, Tick
from snn_control.loops.swimmer.config import SwimmerConfig
from snn_control.loops.swimmer.interface import (
    JointReader,
    head_command,
    joint_names,
    require_swimmer,
)
from snn_control.supervision.command_gates import CommandGates
from snn_control.supervision.modes import Mode, ModeMachine

FloatArray = npt.NDArray[np.float64]


class SwimmerLoop(ControlLoop[FloatArray]):
    """A swimmer's circuit and what supervises it.

    Args:
        controller: a `Swimmer`.
        config: limits and times.
        simulated_time: whether stamps run at a rate of their own.

    Raises:
        InterfaceMismatchError: no swimmer.
        ConfigError: names that do not fit its joints.
        ParameterError: every gap between two measurements would count as a loss.
    """

    config: SwimmerConfig
    order_names = ("speed", "turn", "frozen")

    def __init__(
        self, controller: Controller, config: SwimmerConfig, simulated_time: bool = False
    ) -> None:
        require_swimmer(controller)
        n_joints = len(controller.action_names)
        gates = CommandGates(n_joints, -config.effort_limit, config.effort_limit, config.slew_per_s)
        modes = ModeMachine(config.modes(), fallback=False)
        super().__init__(controller, config, modes, gates, simulated_time)
        names = joint_names(config.joint_names, n_joints)
        self.joints = JointReader(names, config.joint_max_rad)
        self.cmd_vel_s: float | None = None
        """When the last velocity came."""
        self._velocity = (0.0, 0.0)
        self.told_speed = config.cruise_speed
        """Speed that the head was told last, 0 to 1."""
        self.reset()

    def require_interface(self, controller: Controller) -> None:
        """Refuse a controller that is not one of a swimmer."""
        require_swimmer(controller)

    # Inputs.

    def on_cmd_vel(self, forward_m_s: float, left_rad_s: float, now_s: float) -> bool:
        """Take a velocity; return whether it is one. One that is not leaves the last one."""
        if not (math.isfinite(forward_m_s) and math.isfinite(left_rad_s)):
            self._bad(f"cmd_vel is {forward_m_s:g} m/s, {left_rad_s:g} rad/s")
            return False
        self._velocity, self.cmd_vel_s = (forward_m_s, left_rad_s), now_s
        return True

    def on_joints(
        self,
        names: Sequence[str],
        positions: Sequence[float],
        stamp_ns: int,
        clock_ns: int,
        now_s: float,
    ) -> Tick[FloatArray] | None:
        """Take joint states and do what they trigger; None for those of another body alone."""
        if names and self.joints.foreign(names):
            if self.measured_s is None:  # told, but its stamps are none of ours
                wrong = self.joints.read(names, positions)[1]
                self._bad(wrong)
                self.modes.bad(now_s, wrong)
            return None
        angles, wrong = self.joints.read(names, positions)
        return self.tick(angles, wrong, stamp_ns, clock_ns, now_s)

    def lost(self, now_s: float) -> bool:
        """Whether velocities came and come no more."""
        most_s = self.config.cmd_vel_max_age_s
        return bool(most_s) and self.cmd_vel_s is not None and now_s - self.cmd_vel_s > most_s

    # Inside.

    def _orders(self, now_s: float) -> tuple[float, float, float]:
        return *self._head_orders(now_s), float(self.frozen)

    def _head_orders(self, now_s: float) -> tuple[float, float]:
        config = self.config
        if self.cmd_vel_s is None:
            return config.cruise_speed, 0.0
        if self.lost(now_s):
            return 0.0, 0.0
        return head_command(
            *self._velocity, config.full_speed_m_s, config.full_turn_rad_s, config.turn_limit
        )

    def _call(self, observation: FloatArray, orders: tuple[float, ...]) -> FloatArray:
        assert isinstance(self.controller, Swimmer)
        speed, turn, frozen = orders
        self.told_speed = speed
        self.controller.command(speed, turn, bool(frozen))
        return self.controller.step(observation)

    def _observe(self, measured: FloatArray, dt_s: float) -> tuple[FloatArray, str]:
        return measured, ""

    def _act(
        self, observation: FloatArray, measured: FloatArray, orders: tuple[float, ...]
    ) -> tuple[FloatArray, float, FloatArray]:
        output, step_s = self._step(observation, orders)
        return output, step_s, output

    def _output(self, action: FloatArray) -> FloatArray:
        return action

    def _unflown_command(self, now_s: float) -> FloatArray | None:
        return self._held if self.modes.mode is Mode.HOLD else None
