"""What an altitude controller node does with a measurement; imports no rclpy.

range -> checked -> set-point -> mode -> controller -> ceiling -> gate, see `control_loop`.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from snn_control.controllers import Controller
from snn_control.loops.blimp.config import AltitudeNodeConfig
from snn_control.loops.blimp.interface import OBSERVABLE, range_fault, require_interface
from snn_control.loops.control_loop import ControlLoop, Tick
from snn_control.supervision.command_gate import OFF, CommandGate
from snn_control.supervision.modes import Mode, ModeMachine
from snn_control.supervision.set_point import SetPoint

FloatArray = npt.NDArray[np.float64]


class AltitudeLoop(ControlLoop[float]):
    """An altitude controller and what supervises it.

    Args:
        controller: flies.
        fallback: flies where `controller` fails; it is stepped along, to be ready.
        config: limits and times.
        simulated_time: whether stamps run at a rate of their own.

    Raises:
        InterfaceMismatchError: the controller takes or gives something else.
        ParameterError: every gap between two measurements would count as a loss.
    """

    config: AltitudeNodeConfig

    def __init__(
        self,
        controller: Controller,
        fallback: Controller,
        config: AltitudeNodeConfig,
        simulated_time: bool = False,
    ) -> None:
        require_interface(controller)
        gate = CommandGate(config.command_low, config.command_high, config.slew_per_s)
        super().__init__(controller, config, ModeMachine(config.modes()), gate, simulated_time)
        self.fallback = fallback
        self.set_point = SetPoint(
            config.set_point_low_m, config.set_point_high_m, config.set_point_rate_m_s
        )
        self.over_ceiling = 0
        self.set_point_s: float | None = None
        self.battery_s: float | None = None
        self.battery_v = math.nan
        self.landing = False
        self._battery_since_s: float | None = None
        self._manual_s: float | None = None
        self._range_m = math.nan
        self._indices = [OBSERVABLE.index(name) for name in controller.observation_names]
        self.reset()

    def require_interface(self, controller: Controller) -> None:
        """Refuse a controller that is not one of altitude."""
        require_interface(controller)

    # Orders.

    def arm(self, now_s: float) -> None:
        """Reset controller and fallback and fly with the next usable measurement.

        Not where the battery is critical.
        """
        if not self.modes.armed:
            self.set_point.value = None
        super().arm(now_s)

    def disarm(self, reason: str = "disarmed") -> float:
        """Return the command that stops the motors."""
        self.landing = False
        return super().disarm(reason)

    def override(self, on: bool, now_s: float) -> None:
        """Hand over to manual commands, or take back."""
        self._manual_s = now_s
        self._hand_over(on, now_s, "manual override" if on else "manual override ended")

    def reset(self) -> None:
        """Put controller and fallback into their first state."""
        self.fallback.reset(self.config.seed)
        super().reset()

    # Inputs.

    def on_set_point(self, height_m: float, now_s: float) -> bool:
        """Take a height to hold; return whether it is one and within the limits."""
        if not math.isfinite(height_m):
            self._bad(f"set-point is {height_m:g}")
            return False
        self.set_point_s = now_s
        return self.set_point.want(height_m)

    def on_battery(self, voltage: float, now_s: float) -> None:
        """Take a voltage; one that stays critical makes the craft land until it is disarmed.

        Silence after a critical voltage is no better. A craft that still waits for its first
        measurement is disarmed.
        """
        if not (math.isfinite(voltage) and voltage > 0):
            self._bad(f"battery voltage is {voltage:g}")
            return
        self.battery_v, self.battery_s = voltage, now_s
        if voltage >= self.config.battery_critical_v:
            self._battery_since_s = None
        elif self._battery_since_s is None:
            self._battery_since_s = now_s
        self._mind_battery(now_s)

    def on_manual(self, command: float, now_s: float) -> float | None:
        """Take a manual command; return what is to be sent, None outside of mode manual."""
        if not math.isfinite(command):
            self._bad(f"manual command is {command:g}")
            return None
        self._manual_s = now_s
        if self.modes.mode is not Mode.MANUAL:
            return None
        sent = self.gate.pass_on(command, now_s)[0]
        if sent != OFF:
            self.modes.steered()
        return sent

    def on_range(
        self,
        range_m: float,
        stamp_ns: int,
        clock_ns: int,
        now_s: float,
        reach_m: tuple[float, float] = (0.0, 0.0),
    ) -> Tick[float]:
        """Take a measurement, and what its sensor can measure, and do what it triggers."""
        wrong = range_fault(range_m, self.config.range_max_m, reach_m)
        return self.tick(range_m, wrong, stamp_ns, clock_ns, now_s)

    def watch(self, now_s: float) -> float | None:
        """Let time pass without a measurement; return a command to send, or None."""
        if (
            self.modes.manual
            and self._manual_s is not None
            and now_s - self._manual_s > self.config.manual_max_age_s
        ):
            self._hand_over(False, now_s, "manual command lost")
        self._mind_battery(now_s)
        return super().watch(now_s)

    # Inside.

    def _hand_over(self, on: bool, now_s: float, reason: str) -> None:
        if self.modes.manual and not on:
            self._held = self.gate.last
            self.set_point.value = None  # it starts from where the person left the craft
        self.modes.override(on, now_s, reason)

    def _mind_battery(self, now_s: float) -> None:
        trouble = self._trouble(now_s) if self.modes.armed else ""
        if trouble and self.modes.waiting:
            self.disarm(trouble)
        elif trouble:
            self.landing = True

    def _trouble(self, now_s: float) -> str:
        since_s = self._battery_since_s
        if since_s is None or now_s - since_s < self.config.battery_critical_s:
            return ""
        return f"the battery is critical at {self.battery_v:.2f} V"

    def _unflown_command(self, now_s: float) -> float | None:
        return self.modes.command(self._held, self.config.trim_command, now_s)

    def _limit(self, command: float) -> float:
        """Return the command, none upward where the last usable height is above the ceiling."""
        if self._range_m > self.config.ceiling_m and command > 0:
            self.over_ceiling += 1
            return OFF
        return command

    def _output(self, action: FloatArray) -> float:
        return float(action[0])

    def _act(
        self, observation: FloatArray, measured: float, orders: tuple[float, ...]
    ) -> tuple[float, float, float]:
        output, step_s = self._step(observation, orders)
        error_m = np.array([(self.set_point.value or 0.0) - measured])
        backup = float(self.fallback.step(error_m)[0])
        return output, step_s, backup if self.modes.failure else output

    def _observe(self, measured: float, dt_s: float) -> tuple[FloatArray, str]:
        self._range_m = measured
        if self.set_point.value is None:
            self.set_point.start(measured)
        land_m = min(self.config.land_height_m, self.set_point.value or 0.0)
        # A gap is no time to move in: the ramp would end in a step.
        moving_s = min(dt_s, self.config.hold_s)
        wanted_m = self.set_point.advance(moving_s, land_m if self.landing else None)
        all_of_it = (wanted_m - measured, wanted_m, measured, dt_s, self.battery_v)
        observation = np.array([all_of_it[k] for k in self._indices])
        usable = bool(np.isfinite(observation).all())
        return observation, "" if usable else "no voltage of the battery yet"
