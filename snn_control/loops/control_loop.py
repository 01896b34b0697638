"""Control loop of any vehicle: measurement -> checks -> mode -> controller -> command gate.

The loop calls the adapter of the vehicle, the controller and the supervision; none of them calls
back. The caller passes the times: `now_s` on a monotonic clock, stamps on the clock of the node.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Generic, TypeVar, final

import numpy as np
import numpy.typing as npt

from snn_control.controllers import Controller
from snn_control.copies import Copied
from snn_control.errors import ControlPeriodError, InterfaceMismatchError, ParameterError
from snn_control.loops.adapter import Moment, Observation, Reading, Sent, VehicleAdapter
from snn_control.loops.tick import Step, Tick
from snn_control.supervision.modes import CONTROLLER_MODES, Mode, ModeMachine
from snn_control.supervision.stamps import NS, StampCheck, StampFault, StampVerdict

__all__ = ["ControlLoop", "Step", "Tick"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
A = TypeVar("A", bound=VehicleAdapter[Any])


@final
class ControlLoop(Copied, Generic[A]):
    """Controller of one vehicle with its supervision.

    Args:
        controller: controller of the vehicle; `adapter` was made for it.
        adapter: adapter of the vehicle.
        fallback: controller that takes over if `controller` fails; `keep_ready` keeps its state up
            to date. None: the vehicle stops.
        simulated_time: True if stamps may run at another rate than the monotonic clock.

    Raises:
        ParameterError: the control period is not below `hold_s`: every gap between two
            measurements would count as a loss.
        InterfaceMismatchError: the fallback does not fit the vehicle.
        ControlPeriodError: the fallback was made for another period.
    """

    def __init__(
        self,
        controller: Controller,
        adapter: A,
        fallback: Controller | None = None,
        simulated_time: bool = False,
    ) -> None:
        config = adapter.config
        self.controller, self.adapter, self.fallback = controller, adapter, fallback
        self._simulated_time = simulated_time
        self.period_s = controller.control_period_s
        if not 0 < self.period_s < config.hold_s:
            raise ParameterError(
                f"the control period is {self.period_s:g} s, but measurements count as missing "
                f"after hold_s {config.hold_s:g} s: set hold_s and the later times to several "
                "periods"
            )
        if fallback is not None:
            adapter.require_interface(fallback)
            if fallback.control_period_s != self.period_s:
                raise ControlPeriodError(
                    f"the fallback was made for {fallback.control_period_s:g} s, the controller "
                    f"for {self.period_s:g} s: load both for one period"
                )
        self.modes = ModeMachine(config.modes(), fallback=fallback is not None)
        self.gate = adapter.make_gate()
        self.stamps = StampCheck(
            self.period_s,
            future_s=config.stamp_future_s,
            restart_s=config.stamp_restart_s,
            max_age_s=config.stamp_max_age_s,
            max_delay_s=config.stamp_max_delay_s,
        )
        self.ticks = self.missed = self.resets = 0
        self.frozen = False
        """True while the adaptation of the controller is frozen."""
        self.landing = False
        """True from trouble in operation until disarming; passed to the adapter."""
        self.trouble = ""
        """Reason for the landing."""
        self.measured_s: float | None = None
        """Time of the last usable measurement, s."""
        self.ordered: tuple[float, ...] | None = None
        """Orders at the last call of the controller; None before the first call."""
        self._manual_s: float | None = None
        self._clock_ns = 0
        self._commands: list[Sent] = []
        """Changes of the command since the last measurement."""
        self._last_sent: FloatArray | None = None
        self._held = self.gate.last
        self._nothing = np.full(len(adapter.observation_names), np.nan)
        self._inputs = self._indices(controller.observation_names)
        self._fallback_inputs = self._indices(fallback.observation_names if fallback else ())
        self._unstepped: FloatArray | None = None
        """Observation of the next, deferred step of the fallback."""
        self.fallback_failure = ""
        """Failure that disables the fallback until the next reset; empty if there is none."""
        self.reset()

    # Requests.

    def arm(self, now_s: float) -> None:
        """Reset the controllers and start with the next usable measurement.

        An armed vehicle is left as it is. A vehicle in trouble is not armed, nor is one whose
        controller cannot be reset; `modes.reason` gives the reason.
        """
        if self.modes.armed:
            return
        self._restart(now_s)
        self.reset()
        trouble = self.adapter.trouble(now_s) or self.modes.failure
        if trouble:
            self.modes.disarm(f"not armed: {trouble}")
            return
        self.stamps.begin()
        self.gate.reset(now_s)
        self._held = self.gate.last
        self.modes.arm(now_s)

    def disarm(self, reason: str = "disarmed") -> FloatArray:
        """Disarm, and return the command that stops the motors."""
        self.landing = False
        self.modes.disarm(reason)
        self._held = stopped = self.gate.stop()
        return stopped

    def reset(self) -> None:
        """Reset controller and fallback to their initial state."""
        seed = self.adapter.config.seed
        self._unstepped, self.fallback_failure = None, ""
        if self.fallback is not None:
            self.fallback.reset(seed)
            self.modes.regain_fallback()
        self.resets += 1
        self.modes.clear_failure()
        try:
            self.controller.reset(seed)
        except Exception as exc:
            self.modes.fail(f"controller raised {exc!r} at its reset")

    def replace(self, controller: Controller) -> None:
        """Replace the controller from the next tick on; the new one starts in its initial state.

        Until then the last command is held.

        Raises:
            InterfaceMismatchError: its inputs or outputs differ from those of the current one.
            ControlPeriodError: it was made for another period.
                In both cases, or if its reset raises, the current controller stays active.
        """
        self.adapter.require_interface(controller)
        new, old = _names(controller), _names(self.controller)
        if new != old:
            raise InterfaceMismatchError(
                f"observations, actions and orders of the new controller are {new}, those of the "
                f"current one {old}: configure the node again"
            )
        if controller.control_period_s != self.period_s:
            raise ControlPeriodError(
                f"the new controller was made for {controller.control_period_s:g} s, the current "
                f"one for {self.period_s:g} s: configure the node again"
            )
        controller.reset(self.adapter.config.seed)
        self.controller = controller
        self.resets += 1
        self.modes.clear_failure()

    def override(self, on: bool, now_s: float) -> None:
        """Start or end manual control."""
        self._manual_s = now_s
        self._hand_over(on, now_s, "manual override" if on else "manual override ended")

    # Events.

    def tick(
        self, reading: Reading[Any], stamp_ns: int, clock_ns: int, now_s: float
    ) -> Tick | None:
        """Process one measurement; return None for one of another vehicle.

        Args:
            reading: reading of the adapter.
            stamp_ns: time of the measurement, ns.
            clock_ns: present time on the same clock, ns.
            now_s: monotonic time, s.
        """
        self.keep_ready()
        if reading.foreign:
            if self.measured_s is None:  # reported; its stamps do not count
                self.adapter.reject(reading.fault)
                self.modes.bad(now_s, reading.fault)
            return None
        steady_s = None if self._simulated_time else now_s
        verdict = self.stamps.judge(stamp_ns, clock_ns, not reading.fault, steady_s)
        self._clock_ns = clock_ns
        if verdict.fault is StampFault.RESTARTED and self._simulated_time:
            self._restart(now_s)
        self.ticks += 1
        self.missed += verdict.missed
        if reading.fault and not verdict.fault:
            self.adapter.reject(reading.fault)
        fault = f"stamp: {verdict.fault}" if verdict.fault else reading.fault
        takes_orders = bool(self.controller.order_names)
        orders = self.adapter.orders(now_s, self.frozen) if takes_orders else ()
        observed = Observation(self._nothing)
        if not fault:
            observed = self.adapter.observe(reading.value, self._moment(verdict, stamp_ns, now_s))
        usable, values = not (fault or observed.implausible), observed.values
        observation = values[self._inputs]
        if usable:
            self.measured_s = now_s
            if not np.isfinite(observation).all():
                fault = observed.missing or "an observable is not finite"
        elif not fault:
            self.adapter.reject(observed.implausible)
            self.stamps.discard()
        step, command = None, None
        if verdict.fault is StampFault.REPEATED:
            self.modes.watch(now_s)
        elif observed.implausible:
            self.modes.implausible(now_s, observed.implausible)
            command = self._idle(now_s)
        elif fault:
            self.modes.bad(now_s, fault)
            command = self._idle(now_s)
        else:
            self.modes.good(now_s)
            if self.modes.armed and not self.modes.manual:
                step = self._step(values, orders)
                command = self._send(step.command, now_s)
        return Tick(
            self.ticks, stamp_ns, verdict.dt_s, verdict.missed, self.resets, self.modes.mode,
            bool(self.modes.failure), self._no_output() if step is None else step.output, command,
            0.0 if step is None else step.took_s, observation, orders, usable, step is not None,
        )  # fmt: skip

    def keep_ready(self) -> None:
        """Step the fallback after a command was sent; otherwise the next tick does it."""
        observation, self._unstepped = self._unstepped, None
        if observation is not None and np.isfinite(observation).all():
            self._step_fallback(observation)

    def on_manual(self, command: FloatArray, now_s: float) -> FloatArray | None:
        """Accept a manual command; return the command to send, or None outside mode manual."""
        if not np.isfinite(command).all():
            self.adapter.reject(f"manual command is {_text(command)}")
            return None
        self._manual_s = now_s
        if self.modes.mode is not Mode.MANUAL:
            return None
        sent = self.gate.pass_on(command, now_s)[0]
        if sent.any():
            self.modes.steered()
        return sent

    def watch(self, now_s: float, clock_ns: int | None = None) -> FloatArray | None:
        """Update the mode without a measurement; return a command to send, or None.

        Args:
            now_s: monotonic time, s.
            clock_ns: present time on the clock of the stamps, ns; needed in simulated time.
        """
        if clock_ns is not None:
            self._clock_ns = clock_ns
        if (
            self.modes.manual
            and self._manual_s is not None
            and now_s - self._manual_s > self.modes.config.manual_max_age_s
        ):
            self._hand_over(False, now_s, "manual command lost")
        self.check(now_s)
        self.modes.watch(now_s)
        return self._idle(now_s)

    def check(self, now_s: float) -> None:
        """Act on trouble: land an armed vehicle, or disarm it if it waits for a measurement."""
        trouble = self.adapter.trouble(now_s) if self.modes.armed else ""
        if trouble and self.modes.waiting:
            self.disarm(trouble)
        elif trouble:
            self.landing, self.trouble = True, trouble

    # Implementation.

    def _hand_over(self, on: bool, now_s: float, reason: str) -> None:
        if self.modes.manual and not on:
            self._held = self.gate.last
            self._restart(now_s)
        self.modes.override(on, now_s, reason)

    def _restart(self, now_s: float) -> None:
        """Restart the adapter, with the command in force as the first one."""
        self._commands, self._last_sent = [], None
        self._sent(self.gate.last, now_s)
        self.adapter.restart()

    def _idle(self, now_s: float) -> FloatArray | None:
        """Return the command of an armed vehicle in hold, trim or stop; None in other modes."""
        if not self.modes.armed:
            return None
        if self.modes.mode is Mode.STOP:
            return self._sent(self.gate.stop(now_s), now_s)
        command = self.modes.command(self._held, self.adapter.trim, now_s)
        return None if command is None else self._limited(np.asarray(command), now_s)

    def _moment(self, verdict: StampVerdict, stamp_ns: int, now_s: float) -> Moment:
        sent, self._commands = tuple(self._commands), []
        at_s = stamp_ns / NS if self._simulated_time else now_s - verdict.delay_s
        automatic = self.modes.armed and not self.modes.manual
        return Moment(verdict.dt_s, at_s, sent, automatic, self.landing)

    def _send(self, requested: FloatArray, now_s: float) -> FloatArray | None:
        if self.modes.mode not in CONTROLLER_MODES:
            return self._idle(now_s)
        self._held = self._limited(requested, now_s)
        return self._held

    def _limited(self, command: FloatArray, now_s: float) -> FloatArray:
        return self._sent(self.gate.pass_on(self.adapter.limit(command), now_s)[0], now_s)

    def _sent(self, command: FloatArray, now_s: float) -> FloatArray:
        """Register a command if it is another one."""
        if self._last_sent is None or not np.array_equal(command, self._last_sent):
            at_s = self._clock_ns / NS if self._simulated_time else now_s
            self._commands.append(Sent(at_s, command))
            self._last_sent = command
        return command

    def _step(self, values: FloatArray, orders: tuple[float, ...]) -> Step:
        """Step the controller, or the fallback if the controller has failed."""
        output = self._no_output()
        started = time.perf_counter()
        if not self.modes.failure:
            self.ordered = orders
            try:
                if orders:
                    self.controller.take_orders(orders)
                output = np.array(self.controller.step(values[self._inputs]), np.float64)
            except Exception as exc:
                self.modes.fail(f"controller raised {exc!r}")
            else:
                if problem := self._problem(output):
                    self.modes.fail(f"controller {problem}")
                    output = self._no_output()
        took_s = time.perf_counter() - started
        requested = output
        if self.fallback is not None and not self.fallback_failure:
            if self.modes.failure:
                requested = self._step_fallback(values[self._fallback_inputs])
            else:
                self._unstepped = values[self._fallback_inputs]
        return Step(output, requested, took_s)

    def _step_fallback(self, observation: FloatArray) -> FloatArray:
        """Return the command of the fallback, NaN if it has failed as well."""
        assert self.fallback is not None
        try:
            command = np.array(self.fallback.step(observation), np.float64)
            problem = self._problem(command)
        except Exception as exc:
            problem = f"raised {exc!r}"
        if problem:
            self.fallback_failure = f"fallback {problem}"
            self.modes.lose_fallback(f"{self.modes.failure}; {self.fallback_failure}")
            return self._no_output()
        return command

    def _problem(self, output: FloatArray) -> str:
        """Return the reason why an output cannot be sent, or an empty string."""
        expected = (len(self.controller.action_names),)
        if output.shape != expected:
            return f"returned shape {output.shape}, expected {expected}"
        return "" if np.isfinite(output).all() else f"returned {_text(output)}"

    def _no_output(self) -> FloatArray:
        return np.full(len(self.controller.action_names), np.nan)

    def _indices(self, names: Sequence[str]) -> IntArray:
        """Return the indices of observables among those of the vehicle."""
        return np.array([self.adapter.observation_names.index(name) for name in names], np.int64)


def _names(controller: Controller) -> tuple[tuple[str, ...], ...]:
    names = (controller.observation_names, controller.action_names, controller.order_names)
    return tuple(map(tuple, names))


def _text(values: FloatArray) -> str:
    return str(values[0] if len(values) == 1 else values)
