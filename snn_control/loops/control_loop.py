"""What a controller node does with a measurement, whatever the robot; imports no rclpy.

measurement -> stamp and value checked -> mode -> controller -> gate. Times are given by the caller:
`now_s` on a monotonic clock, stamps on that of the node. C is the command: a number, or an array
with one for each actuator.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from snn_control.controllers import Controller
from snn_control.errors import ControlPeriodError, InterfaceMismatchError, ParameterError
from snn_control.loops.config import ControllerConfig
from snn_control.supervision.command_gates import Gate
from snn_control.supervision.modes import FLYING, Mode, ModeMachine
from snn_control.supervision.rolling import Rolling
from snn_control.supervision.stamps import StampCheck, StampFault

FloatArray = npt.NDArray[np.float64]
C = TypeVar("C")


@dataclass(frozen=True)
class Tick(Generic[C]):
    """What became of one measurement."""

    number: int
    stamp_ns: int
    dt_s: float
    missed: int
    resets: int
    mode: Mode
    failed: bool
    output: C
    """Of the controller; NaN where it was not called."""
    command: C | None
    """To send; None: nothing."""
    step_s: float
    observation: FloatArray = field(repr=False)
    """What the controller was or would have been given."""
    orders: tuple[float, ...] = ()
    """What it was told beside its observation, by `ControlLoop.order_names`."""


class ControlLoop(ABC, Generic[C]):
    """Controller, supervision and everything they remember.

    Args:
        controller: flies; it was checked by `require_interface`.
        config: limits and times.
        modes: of the craft, disarmed.
        gate: passes commands on.
        simulated_time: whether stamps run at a rate of their own.

    Raises:
        ParameterError: every gap between two measurements would count as a loss.

    `config` may be replaced in flight: its fields that are live take effect with the next event,
    those of modes, gates and stamps do not.
    """

    order_names: ClassVar[tuple[str, ...]] = ()
    """What the controller is told beside its observation."""

    def __init__(
        self,
        controller: Controller,
        config: ControllerConfig,
        modes: ModeMachine,
        gate: Gate[C],
        simulated_time: bool = False,
    ) -> None:
        self.controller, self.config, self.modes, self.gate = controller, config, modes, gate
        self._simulated_time = simulated_time
        self.period_s = controller.control_period_s
        if not 0 < self.period_s < config.hold_s:
            raise ParameterError(
                f"the controller's period is {self.period_s:g} s, measurements count as missing "
                f"after hold_s {config.hold_s:g} s: set hold_s and the times that follow it to "
                "several periods"
            )
        self.stamps = StampCheck(
            self.period_s,
            future_s=config.stamp_future_s,
            restart_s=config.stamp_restart_s,
            max_age_s=config.stamp_max_age_s,
        )
        self.ticks = self.missed = self.resets = self.bad_values = 0
        self.bad_value = ""
        self.frozen = False
        """Whether the adaptation of a controller that adapts rests."""
        self.measured_s: float | None = None
        """When the last usable measurement came."""
        self.step_s, self.dt_s = Rolling(), Rolling()
        self._held = gate.last

    # What a robot's loop implements.

    @abstractmethod
    def require_interface(self, controller: Controller) -> None:
        """Refuse a controller that is not one of this robot.

        Raises:
            InterfaceMismatchError: lists the names of both.
        """

    @abstractmethod
    def _observe(self, measured: Any, dt_s: float) -> tuple[FloatArray, str]:
        """Return the observation of a usable measurement, and what makes it unusable, if so."""

    @abstractmethod
    def _act(
        self, observation: FloatArray, measured: Any, orders: tuple[float, ...]
    ) -> tuple[C, float, C]:
        """Step the controller; return its output, the time that took, and what is wanted."""

    @abstractmethod
    def _output(self, action: FloatArray) -> C:
        """Return the output of a controller, of its action."""

    @abstractmethod
    def _unflown_command(self, now_s: float) -> C | None:
        """Return what an armed craft that is neither flown nor stopped does; None: nothing new."""

    def _trouble(self, now_s: float) -> str:
        """Return why the craft must not be armed, or nothing."""
        return ""

    def _limit(self, command: C) -> C:
        """Return what may be sent of a command, before the gate."""
        return command

    def _orders(self, now_s: float) -> tuple[float, ...]:
        """Return what the controller is told in a tick, by `order_names`."""
        return ()

    def _call(self, observation: FloatArray, orders: tuple[float, ...]) -> FloatArray:
        """Call the controller; what it raises is its failure."""
        return self.controller.step(observation)

    # Orders.

    def arm(self, now_s: float) -> None:
        """Reset the controller and fly with the next usable measurement.

        An armed craft flies on as it does. One in trouble is not armed, nor one whose controller
        cannot be reset; `modes.reason` says so.
        """
        if self.modes.armed:
            return
        self.reset()
        trouble = self._trouble(now_s) or self.modes.failure
        if trouble:
            self.modes.disarm(f"not armed: {trouble}")
            return
        self.stamps.begin()
        self.gate.reset(now_s)
        self._held = self.gate.last
        self.modes.arm(now_s)

    def disarm(self, reason: str = "disarmed") -> C:
        """Return the command that stops the motors."""
        self.modes.disarm(reason)
        self._held = self.gate.stop()
        return self._held

    def reset(self) -> None:
        """Put the controller into its first state."""
        self.resets += 1
        self.modes.mend()
        try:
            self.controller.reset(self.config.seed)
        except Exception as exc:
            self.modes.fail(f"controller raised {exc!r} when it was reset")

    def replace(self, controller: Controller) -> None:
        """Fly another controller from the next tick on, from its first state.

        Until then the last command is held.

        Raises:
            InterfaceMismatchError: it takes or gives something else than the one it replaces.
            ControlPeriodError: it was made for another period.
                In both cases, or where its reset raises, the old one flies on.
        """
        self.require_interface(controller)
        new, old = controller.observation_names, self.controller.observation_names
        if tuple(new) != tuple(old):
            raise InterfaceMismatchError(
                f"the controller takes {new}, the one it replaces {old}: configure the node anew"
            )
        if controller.control_period_s != self.period_s:
            raise ControlPeriodError(
                f"the controller was made for {controller.control_period_s:g} s, the one it "
                f"replaces for {self.period_s:g} s: configure the node anew"
            )
        controller.reset(self.config.seed)
        self.controller = controller
        self.resets += 1
        self.modes.mend()

    # Inputs.

    def tick(
        self, measured: Any, wrong: str, stamp_ns: int, clock_ns: int, now_s: float
    ) -> Tick[C]:
        """Take a measurement, and what is wrong with it, and do what it triggers."""
        steady_s = None if self._simulated_time else now_s
        verdict = self.stamps.judge(stamp_ns, clock_ns, not wrong, steady_s)
        fault = verdict.fault
        reason = f"stamp: {fault}" if fault else wrong
        self.ticks += 1
        self.missed += verdict.missed
        observation = np.full(len(self.controller.observation_names), np.nan)
        output = self._output(np.full(len(self.controller.action_names), np.nan))
        step_s, command, orders = 0.0, None, self._orders(now_s)
        if not reason:
            self.measured_s = now_s
            self.dt_s.add(verdict.dt_s)
            observation, reason = self._observe(measured, verdict.dt_s)
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
                output, step_s, wanted = self._act(observation, measured, orders)
                command = self._choose(wanted, now_s)
        return Tick(
            self.ticks, stamp_ns, verdict.dt_s, verdict.missed, self.resets, self.modes.mode,
            bool(self.modes.failure), output, command, step_s, observation, orders,
        )  # fmt: skip

    def watch(self, now_s: float) -> C | None:
        """Let time pass without a measurement; return a command to send, or None."""
        self.modes.watch(now_s)
        return self._unflown(now_s)

    # Inside.

    def _unflown(self, now_s: float) -> C | None:
        if not self.modes.armed:
            return None
        if self.modes.mode is Mode.STOP:
            return self.gate.stop(now_s)
        command = self._unflown_command(now_s)
        return None if command is None else self.gate.pass_on(self._limit(command), now_s)[0]

    def _choose(self, wanted: C, now_s: float) -> C | None:
        if self.modes.mode not in FLYING:
            return self._unflown(now_s)
        self._held = self.gate.pass_on(self._limit(wanted), now_s)[0]
        return self._held

    def _step(self, observation: FloatArray, orders: tuple[float, ...]) -> tuple[C, float]:
        """Return the controller's output, NaN where it has failed, and the time of its step."""
        action = np.full(len(self.controller.action_names), np.nan)
        started = time.perf_counter()
        if not self.modes.failure:
            try:
                action = self._call(observation.copy(), orders)
            except Exception as exc:
                self.modes.fail(f"controller raised {exc!r}")
            else:
                if not np.isfinite(action).all():
                    self.modes.fail(f"controller gave {self._output(action)}")
        step_s = time.perf_counter() - started
        self.step_s.add(step_s)
        return self._output(action), step_s

    def _bad(self, what: str) -> None:
        self.bad_values += 1
        self.bad_value = what
