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
from snn_control.errors import InterfaceMismatchError
from snn_control.ros.altitude_config import AltitudeNodeConfig
from snn_control.supervision.command_gate import CommandGate
from snn_control.supervision.modes import FLYING, Mode, ModeMachine
from snn_control.supervision.rolling import Rolling
from snn_control.supervision.set_point import SetPoint
from snn_control.supervision.stamps import StampCheck, StampFault

FloatArray = npt.NDArray[np.float64]
OBSERVABLE = ("height_error_m", "height_ref_m", "range_m", "dt_s", "battery_v")
"""What a controller may observe, as in `snn_control/BlimpAltitude-v0`."""
ACTIONS = ("motor_command",)


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

    Raises:
        InterfaceMismatchError: the controller takes or gives something else.
    """

    def __init__(
        self, controller: Controller, fallback: Controller, config: AltitudeNodeConfig
    ) -> None:
        require_interface(controller)
        self.controller, self.fallback, self.config = controller, fallback, config
        self.period_s = controller.control_period_s
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
        self._held = 0.0
        self._take_indices()
        self.reset()

    # Orders.

    def arm(self, now_s: float) -> None:
        """Reset everything and fly with the next usable measurement."""
        self.reset()
        self.stamps.reset()
        self.gate.reset(0.0)
        self._held = 0.0
        self.set_point.value = None
        self.landing = False
        self._battery_since_s = None
        self.modes.arm(now_s)

    def disarm(self, reason: str = "disarmed") -> float:
        """Return the command that stops the motors."""
        self.modes.disarm(reason)
        self.gate.last = self._held = 0.0
        return 0.0

    def override(self, on: bool, now_s: float) -> None:
        """Hand over to manual commands, or take back."""
        self._manual_s = now_s
        self.modes.override(on, now_s, "manual override" if on else "manual override ended")

    def reset(self) -> None:
        """Put controller and fallback into their first state."""
        self.controller.reset(self.config.seed)
        self.fallback.reset(self.config.seed)
        self.resets += 1
        self.modes.mend()

    def replace(self, controller: Controller) -> None:
        """Fly another controller from the next tick on, from its first state.

        Raises:
            InterfaceMismatchError: it takes or gives something else; the old one flies on.
        """
        require_interface(controller)
        self.controller = controller
        self.period_s = self.stamps.period_s = controller.control_period_s
        self._take_indices()
        self.reset()

    # Inputs.

    def on_set_point(self, height_m: float, now_s: float) -> bool:
        """Take a height to hold; return whether it is one and within the limits."""
        if not math.isfinite(height_m):
            self._bad("set-point", height_m)
            return False
        self.set_point_s = now_s
        return self.set_point.want(height_m) or self.landing

    def on_battery(self, voltage: float, now_s: float) -> None:
        """Take a voltage; one that stays critical makes the craft land."""
        if not (math.isfinite(voltage) and voltage >= 0):
            self._bad("battery voltage", voltage)
            return
        self.battery_v, self.battery_s = voltage, now_s
        if voltage >= self.config.battery_critical_v:
            self._battery_since_s = None
            return
        if self._battery_since_s is None:
            self._battery_since_s = now_s
        if self.modes.armed and now_s - self._battery_since_s >= self.config.battery_critical_s:
            self.landing = True

    def on_manual(self, command: float, now_s: float) -> float | None:
        """Take a manual command; return what is to be sent, None outside of mode manual."""
        if not math.isfinite(command):
            self._bad("manual command", command)
            return None
        self._manual_s = now_s
        if self.modes.mode is not Mode.MANUAL:
            return None
        self._held = self.gate.pass_on(command, now_s)[0]
        return self._held

    def on_range(self, range_m: float, stamp_ns: int, clock_ns: int, now_s: float) -> Tick:
        """Take a measurement and do what it triggers."""
        verdict = self.stamps.judge(stamp_ns, clock_ns)
        fault = verdict.fault
        reason = f"stamp: {fault}" if fault else self._range_fault(range_m)
        self.ticks += 1
        output, step_s, command = math.nan, 0.0, None
        observation = np.full(len(self._indices), math.nan)
        if fault is StampFault.REPEATED:
            self.modes.watch(now_s)
        elif reason:
            self.modes.bad(now_s, reason)
            command = self._unflown(now_s) if self.modes.armed else None
        else:
            self.range_s = now_s
            self.dt_s.add(verdict.dt_s)
            self.missed += verdict.missed
            self.modes.good(now_s)
            observation = self._observe(range_m, verdict.dt_s)
            if self.modes.armed and not self.modes.manual:
                output, backup, step_s = self._step(observation, range_m)
                command = self._choose(output, backup, range_m, now_s)
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
            self.modes.override(False, now_s, "manual command lost")
        self.modes.watch(now_s)
        if not self.modes.armed:
            return None
        return self._unflown(now_s)

    # Inside.

    def _unflown(self, now_s: float) -> float | None:
        command = self.modes.command(self._held, self.config.trim_command, 0.0, now_s)
        return None if command is None else self.gate.pass_on(command, now_s)[0]

    def _choose(self, output: float, backup: float, range_m: float, now_s: float) -> float | None:
        mode = self.modes.mode
        if mode not in FLYING:
            return self._unflown(now_s)
        wanted = output if mode is Mode.AUTO else backup
        if range_m > self.config.ceiling_m and wanted > 0:
            self.over_ceiling += 1
            wanted = 0.0
        self._held = self.gate.pass_on(wanted, now_s)[0]
        return self._held

    def _step(self, observation: FloatArray, range_m: float) -> tuple[float, float, float]:
        """Return output, the fallback's output and the time of the controller's step."""
        output, started = math.nan, time.perf_counter()
        if not self.modes.failure:
            try:
                output = float(self.controller.step(observation)[0])
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
        if self.landing:
            self.set_point.wanted = self.config.land_height_m
        wanted_m = self.set_point.advance(dt_s)
        all_of_it = (wanted_m - range_m, wanted_m, range_m, dt_s, self.battery_v)
        return np.array([all_of_it[k] for k in self._indices])

    def _range_fault(self, range_m: float) -> str:
        if 0 <= range_m <= self.config.range_max_m:
            return ""
        if math.isnan(range_m):
            what = "range is NaN"
        elif math.isinf(range_m):
            what = "no return"
        elif range_m < 0:
            what = f"range {range_m:g} m is negative: ranges are positive downwards"
        else:
            what = (
                f"range {range_m:g} m is beyond range_max_m {self.config.range_max_m:g}: does the "
                "sensor speak of millimetres? Range messages are in metres (REP-103)"
            )
        self.bad_values += 1
        self.bad_value = what
        return what

    def _bad(self, what: str, value: float) -> None:
        self.bad_values += 1
        self.bad_value = f"{what} is {value:g}"

    def _take_indices(self) -> None:
        self._indices = [OBSERVABLE.index(name) for name in self.controller.observation_names]


def require_interface(controller: Controller) -> None:
    """Refuse a controller that is not one of altitude.

    Raises:
        InterfaceMismatchError: lists the names of both.
    """
    wrong = [name for name in controller.observation_names if name not in OBSERVABLE]
    if wrong or tuple(controller.action_names) != ACTIONS:
        raise InterfaceMismatchError(
            f"the controller takes {controller.observation_names} and gives "
            f"{controller.action_names}; the node has {OBSERVABLE} and sends {ACTIONS}: "
            "name a model of an altitude controller"
        )
