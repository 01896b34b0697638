"""What an altitude controller node does with a measurement; imports no rclpy.

measurement -> stamp and value checked -> set-point -> mode -> controller -> limits -> gate. Times
are given by the caller: `now_s` on a monotonic clock, stamps on that of the node.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from snn_control.controllers import Controller
from snn_control.errors import ParameterError
from snn_control.ros.altitude_config import AltitudeNodeConfig
from snn_control.ros.altitude_interface import (
    OBSERVABLE,
    range_fault,
    require_interface,
    require_same,
)
from snn_control.supervision.command_gate import OFF, CommandGate
from snn_control.supervision.modes import FLYING, Mode, ModeMachine
from snn_control.supervision.rolling import Rolling
from snn_control.supervision.set_point import SetPoint
from snn_control.supervision.stamps import StampCheck, StampFault

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Tick:
    """What became of one measurement."""

    number: int
    stamp_ns: int
    dt_s: float
    missed: int
    resets: int
    mode: Mode
    failed: bool
    output: float
    """Of the controller; NaN where it was not called."""
    command: float | None
    """To send; None: nothing."""
    step_s: float
    observation: FloatArray = field(repr=False)
    """What the controller was or would have been given."""


class AltitudeLoop:
    """Controller, supervision and everything they remember.

    Args:
        controller: flies.
        fallback: flies where `controller` fails; it is stepped along, to be ready.
        config: limits and times.
        simulated_time: whether stamps run at a rate of their own.

    Raises:
        InterfaceMismatchError: the controller takes or gives something else.
        ParameterError: every gap between two measurements would count as a loss.

    `config` may be replaced in flight: its fields that are live take effect with the next event,
    those of modes, gate, set-point and stamps do not.
    """

    def __init__(
        self,
        controller: Controller,
        fallback: Controller,
        config: AltitudeNodeConfig,
        simulated_time: bool = False,
    ) -> None:
        require_interface(controller)
        self._simulated_time = simulated_time
        self.controller, self.fallback, self.config = controller, fallback, config
        self.period_s = controller.control_period_s
        if not 0 < self.period_s < config.hold_s:
            raise ParameterError(
                f"the controller's period is {self.period_s:g} s, measurements count as missing "
                f"after hold_s {config.hold_s:g} s: set hold_s, trim_s and stop_s to several "
                "periods"
            )
        self.modes = ModeMachine(config.modes())
        self.gate = CommandGate(config.command_low, config.command_high, config.slew_per_s)
        self.set_point = SetPoint(
            config.set_point_low_m, config.set_point_high_m, config.set_point_rate_m_s
        )
        self.stamps = StampCheck(
            self.period_s,
            future_s=config.stamp_future_s,
            restart_s=config.stamp_restart_s,
            max_age_s=config.stamp_max_age_s,
        )
        self.ticks = self.missed = self.resets = self.bad_values = self.over_ceiling = 0
        self.range_s: float | None = None
        self.set_point_s: float | None = None
        self.battery_s: float | None = None
        self.battery_v = math.nan
        self.landing = False
        self.bad_value = ""
        self.step_s, self.dt_s = Rolling(), Rolling()
        self._battery_since_s: float | None = None
        self._manual_s: float | None = None
        self._held, self._range_m = OFF, math.nan
        self._indices = [OBSERVABLE.index(name) for name in controller.observation_names]
        self.reset()

    # Orders.

    def arm(self, now_s: float) -> None:
        """Reset controller and fallback and fly with the next usable measurement.

        An armed craft flies on as it does. One whose battery is critical is not armed, nor one
        whose controller cannot be reset; `modes.reason` says so.
        """
        if self.modes.armed:
            return
        self.reset()
        trouble = self._battery_trouble(now_s) or self.modes.failure
        if trouble:
            self.modes.disarm(f"not armed: {trouble}")
            return
        self.stamps.begin()
        self.gate.reset(now_s)
        self._held = OFF
        self.set_point.value = None
        self.modes.arm(now_s)

    def disarm(self, reason: str = "disarmed") -> float:
        """Return the command that stops the motors."""
        self.modes.disarm(reason)
        self.landing = False
        self._held = self.gate.stop()
        return self._held

    def override(self, on: bool, now_s: float) -> None:
        """Hand over to manual commands, or take back."""
        self._manual_s = now_s
        self._hand_over(on, now_s, "manual override" if on else "manual override ended")

    def reset(self) -> None:
        """Put controller and fallback into their first state."""
        self.resets += 1
        self.modes.mend()
        self.fallback.reset(self.config.seed)
        try:
            self.controller.reset(self.config.seed)
        except Exception as exc:
            self.modes.fail(f"controller raised {exc!r} when it was reset")

    def replace(self, controller: Controller) -> None:
        """Fly another controller from the next tick on, from its first state.

        Until then the last command is held. The fallback keeps its state.

        Raises:
            InterfaceMismatchError: it takes or gives something else than the one it replaces.
            ControlPeriodError: it was made for another period.
                In both cases, or where its reset raises, the old one flies on.
        """
        require_same(controller, self.controller)
        controller.reset(self.config.seed)
        self.controller = controller
        self.resets += 1
        self.modes.mend()

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
    ) -> Tick:
        """Take a measurement, and what its sensor can measure, and do what it triggers."""
        wrong = range_fault(range_m, self.config.range_max_m, reach_m)
        steady_s = None if self._simulated_time else now_s
        verdict = self.stamps.judge(stamp_ns, clock_ns, not wrong, steady_s)
        fault = verdict.fault
        reason = f"stamp: {fault}" if fault else wrong
        self.ticks += 1
        self.missed += verdict.missed
        output, step_s, command = math.nan, 0.0, None
        observation = np.full(len(self._indices), math.nan)
        if not reason:
            self.range_s, self._range_m = now_s, range_m
            self.dt_s.add(verdict.dt_s)
            observation = self._observe(range_m, verdict.dt_s)
            if not np.isfinite(observation).all():
                reason = "no voltage of the battery yet"
        elif wrong and not fault:
            self._bad(wrong)
        if fault is StampFault.REPEATED:
            self.modes.watch(now_s)
        elif reason:
            self.modes.bad(now_s, reason)
            command = self._unflown(now_s)
        else:
            self.modes.good(now_s)
            if self.modes.armed and not self.modes.manual:
                output, backup, step_s = self._step(observation, range_m)
                command = self._choose(output, backup, now_s)
        return Tick(
            self.ticks, stamp_ns, verdict.dt_s, verdict.missed, self.resets, self.modes.mode,
            bool(self.modes.failure), output, command, step_s, observation,
        )  # fmt: skip

    def watch(self, now_s: float) -> float | None:
        """Let time pass without a measurement; return a command to send, or None."""
        if (
            self.modes.manual
            and self._manual_s is not None
            and now_s - self._manual_s > self.config.manual_max_age_s
        ):
            self._hand_over(False, now_s, "manual command lost")
        self._mind_battery(now_s)
        self.modes.watch(now_s)
        return self._unflown(now_s)

    # Inside.

    def _hand_over(self, on: bool, now_s: float, reason: str) -> None:
        if self.modes.manual and not on:
            self._held = self.gate.last
            self.set_point.value = None  # it starts from where the person left the craft
        self.modes.override(on, now_s, reason)

    def _mind_battery(self, now_s: float) -> None:
        trouble = self._battery_trouble(now_s) if self.modes.armed else ""
        if trouble and self.modes.waiting:
            self.disarm(trouble)
        elif trouble:
            self.landing = True

    def _battery_trouble(self, now_s: float) -> str:
        since_s = self._battery_since_s
        if since_s is None or now_s - since_s < self.config.battery_critical_s:
            return ""
        return f"the battery is critical at {self.battery_v:.2f} V"

    def _unflown(self, now_s: float) -> float | None:
        if not self.modes.armed:
            return None
        if self.modes.mode is Mode.STOP:
            return self.gate.stop(now_s)
        command = self.modes.command(self._held, self.config.trim_command, now_s)
        return None if command is None else self.gate.pass_on(self._below(command), now_s)[0]

    def _choose(self, output: float, backup: float, now_s: float) -> float | None:
        mode = self.modes.mode
        if mode not in FLYING:
            return self._unflown(now_s)
        wanted = output if mode is Mode.AUTO else backup
        self._held = self.gate.pass_on(self._below(wanted), now_s)[0]
        return self._held

    def _below(self, command: float) -> float:
        """Return the command, none upward where the last usable height is above the ceiling."""
        if self._range_m > self.config.ceiling_m and command > 0:
            self.over_ceiling += 1
            return OFF
        return command

    def _step(self, observation: FloatArray, range_m: float) -> tuple[float, float, float]:
        """Return output, the fallback's output and the time of the controller's step."""
        output, started = math.nan, time.perf_counter()
        if not self.modes.failure:
            try:
                output = float(self.controller.step(observation.copy())[0])
            except Exception as exc:
                self.modes.fail(f"controller raised {exc!r}")
            else:
                if not math.isfinite(output):
                    self.modes.fail(f"controller gave {output}")
        step_s = time.perf_counter() - started
        self.step_s.add(step_s)
        error = np.array([(self.set_point.value or 0.0) - range_m])
        return output, float(self.fallback.step(error)[0]), step_s

    def _observe(self, range_m: float, dt_s: float) -> FloatArray:
        if self.set_point.value is None:
            self.set_point.start(range_m)
        land_m = min(self.config.land_height_m, self.set_point.value or 0.0)
        # A gap is no time to move in: the ramp would end in a step.
        moving_s = min(dt_s, self.config.hold_s)
        wanted_m = self.set_point.advance(moving_s, land_m if self.landing else None)
        all_of_it = (wanted_m - range_m, wanted_m, range_m, dt_s, self.battery_v)
        return np.array([all_of_it[k] for k in self._indices])

    def _bad(self, what: str) -> None:
        self.bad_values += 1
        self.bad_value = what
