"""Control loop of any vehicle: measurement -> checks -> mode -> controller -> command gate.

The loop calls the adapter of the vehicle, the controller and the supervision; none of them calls
back. The caller passes the times: `now_s` on a monotonic clock, stamps on the clock of the node.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, final

import numpy as np
import numpy.typing as npt

from snn_control.loops.adapter import Moment, Observation, Reading, Sent
from snn_control.loops.operation import A, OperatedLoop, T
from snn_control.loops.reserve import problem
from snn_control.loops.tick import Step, Tick
from snn_control.supervision.command_gate import all_finite
from snn_control.supervision.modes import CONTROLLER_MODES, ESTIMATE_MODES, Mode
from snn_control.supervision.stamps import NS, StampFault, StampVerdict
from snn_control.supervision.synchroniser import Event

__all__ = ["A", "ControlLoop", "Step", "Tick"]

FloatArray = npt.NDArray[np.float64]
MISSING = "no measurement"
"""Reason of mode coast in a gap."""
EARLY_S = 0.01
"""Time by which a step on the estimate may be earlier than the control period, s."""


@final
class ControlLoop(OperatedLoop[A]):
    """Controller of one vehicle with its supervision.

    Args:
        controller: controller of the vehicle; `adapter` was made for it.
        adapter: adapter of the vehicle.
        fallback: controller that takes over if `controller` fails; `keep_ready` keeps its state up
            to date. None: the vehicle stops.
        simulated_time: True if stamps may run at another rate than the monotonic clock.
        simplex: decision to retreat to `baseline`; None: no retreats.
        baseline: controller of retreats, whose output is added to the trim; None: `fallback`.

    Raises:
        ParameterError: the control period is not below `hold_s`: every gap between two
            measurements would count as a loss.
        InterfaceMismatchError: the fallback does not fit the vehicle.
        ControlPeriodError: the fallback was made for another period.
    """

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
        self.missed += verdict.missed
        if reading.fault and not verdict.fault:
            self.adapter.refuse(reading.fault, self._time_s(now_s))
        fault = f"stamp: {verdict.fault}" if verdict.fault else reading.fault
        done, observed = _Done(self._nothing, self._nothing_observed), Observation(self._nothing)
        at_s, dt_s = now_s, verdict.dt_s
        if not fault:
            moment = self._moment(verdict, stamp_ns, now_s)
            at_s, dt_s = moment.at_s, moment.dt_s
            started = time.perf_counter()
            observed = self._observe(reading.value, moment)
            done.filter_s = time.perf_counter() - started
            done.values = observed.values
            done.observation = observed.values[self._inputs]
        refused = observed.implausible or observed.distrusted
        usable = not (fault or refused)
        if usable:
            self.measured_s = now_s
            if not all_finite(done.observation[self._required]):
                fault = observed.missing or "an observable is not finite"
        elif refused and not fault:
            self.adapter.reject(refused)
            self.stamps.discard()
        if verdict.fault is StampFault.REPEATED:
            self.modes.watch(now_s)
        elif observed.implausible:
            self.modes.implausible(now_s, observed.implausible)
            done.command = self._idle(now_s)
        elif fault or observed.distrusted:
            done = self._unmeasured(done, now_s, fault or observed.distrusted)
        else:
            self.modes.good(now_s)
            late = self._coasted and at_s - self._stepped_s < 0.5 * self.period_s
            if self.modes.armed and not self.modes.manual and not late:
                self._act(done, at_s, now_s)
                self._coasted = False
        return self._tick(done, now_s, stamp_ns, dt_s, verdict.missed, usable)

    def coast(self, now_s: float, clock_ns: int) -> Tick | None:
        """Step the controller on the estimate if measurements are missing; otherwise return None.

        Call it in between measurements, at least twice in a control period.

        Args:
            now_s: monotonic time, s.
            clock_ns: present time on the clock of the stamps, ns.
        """
        self._clock_ns = clock_ns
        since_s = self._time_s(now_s) - self._stepped_s
        coasting = self.modes.mode in ESTIMATE_MODES
        if not coasting and not self._coast_s <= since_s < math.inf:
            return None
        self.keep_ready()
        reason, refused_s = self._refusal
        recent = now_s - refused_s < self.modes.config.hold_s
        done = self._coast(now_s, reason if recent else MISSING)
        if done is None:
            return None
        return self._tick(done, now_s, clock_ns, since_s, 0, usable=False, measured=False)

    def sense(self, name: str, value: float, stamp_ns: int, clock_ns: int, now_s: float) -> None:
        """Process a measurement of another stream of the vehicle.

        A stamp that is old, or from the future, is an event of `streams`.

        Args:
            name: one of `adapter.senses`.
            value: value, in its unit.
            stamp_ns: time of the measurement, ns.
            clock_ns: present time on the same clock, ns.
            now_s: monotonic time, s.

        Raises:
            UnknownNameError: no such stream; with the closest names.
        """
        self._clock_ns = clock_ns
        at_s, age_s = self._time_s(now_s), (clock_ns - stamp_ns) / NS
        self._present.add(name)
        if not self.streams.admits(name, at_s - age_s, at_s):
            return
        automatic = self.modes.armed and not self.modes.manual
        moment = Moment(0.0, at_s - age_s, self._flushed(), automatic, self.landing, age_s)
        self._guarded(self.adapter.sense, name, value, moment, otherwise=None)

    def stream_events(self, now_s: float) -> list[Event]:
        """Return the events of further streams since the last call; absent ones have none."""
        events = self.streams.events(self._time_s(now_s))
        happened = [event for event in events if event.stream in self._present]
        for event in happened:
            key = f"{event.stream} {event.kind}"
            self.stream_counts[key] = self.stream_counts.get(key, 0) + 1
        return happened

    def keep_ready(self) -> None:
        """Step the fallback after a command was sent; otherwise the next tick does it."""
        if self.reserve.unstepped is not None:
            self.reserve.keep_ready()

    # Implementation.

    def _time_s(self, now_s: float) -> float:
        """Return the present time on the clock of `Moment.at_s`, s."""
        return self._clock_ns / NS if self._simulated_time else now_s

    def _tick(
        self,
        done: _Done,
        now_s: float,
        stamp_ns: int,
        dt_s: float,
        missed: int,
        usable: bool,
        measured: bool = True,
    ) -> Tick:
        self.ticks += 1
        step = done.step
        if step is None and self.controller.order_names:  # a recorded tick has all its entries
            done.orders = self.adapter.orders(now_s, self.adaptation, self.gate.last)
        return Tick(
            self.ticks, stamp_ns, dt_s, missed, self.resets, self.modes.mode,
            bool(self.modes.failure), self._no_output if step is None else step.output,
            done.command, 0.0 if step is None else step.took_s, done.observation,
            done.orders, usable, step is not None, measured, self._supervised(now_s),
            done.filter_s,
        )  # fmt: skip

    def _guarded(self, call: Callable[..., T], *arguments: Any, otherwise: T) -> T:
        """Call a method of the adapter; after an exception continue without its estimate.

        A failure of the estimate must not stop the vehicle.
        """
        try:
            return call(*arguments)
        except Exception as exc:
            self.estimate_failure = f"raised {exc!r}"
            self.adapter.abandon_estimate()
            return otherwise

    def _observe(self, measured: Any, moment: Moment) -> Observation:
        """Return the observables, without the estimate if that fails."""
        observed = self._guarded(self.adapter.observe, measured, moment, otherwise=None)
        if observed is not None:
            return observed
        try:
            return self.adapter.observe(measured, moment)
        except Exception as exc:
            return Observation(self._nothing, distrusted=f"the measurement raised {exc!r}")

    def _supervised(self, now_s: float) -> tuple[float, ...]:
        unknown = (math.nan,) * len(self.adapter.supervised_names)
        if not unknown:
            return ()
        return self._guarded(self.adapter.supervised, self._time_s(now_s), otherwise=unknown)

    def _act(self, done: _Done, at_s: float, now_s: float) -> None:
        """Step the controller, and send its command."""
        self._stepped_s = at_s
        if self.controller.order_names:
            done.orders = self.adapter.orders(now_s, self.adaptation, self.gate.last)
        done.step = self._step(done, at_s)
        done.command = self._send(done.step.command, now_s)

    def _unmeasured(self, done: _Done, now_s: float, reason: str) -> _Done:
        """Act without a usable measurement: on the estimate if there is one."""
        if self.adapter.estimates and self.modes.may_coast():
            self.modes.distrust()
            self._refusal = reason, now_s
            coasted = self._coast(now_s, reason)
            if coasted or self.adapter.estimates:
                return coasted or done
        self.modes.bad(now_s, reason)
        done.command = self._idle(now_s)
        return done

    def _coast(self, now_s: float, reason: str) -> _Done | None:
        """Step the controller on the estimate; None if it is not due or there is no estimate."""
        at_s, modes = self._time_s(now_s), self.modes
        since_s = at_s - self._stepped_s
        due = since_s >= self.period_s - EARLY_S and modes.may_coast()
        if not (due and since_s < math.inf):
            return None
        sent = self._flushed()
        landing = self.landing or modes.mode is Mode.LAND
        started = time.perf_counter()
        moment = Moment(since_s, at_s, sent, True, landing)
        estimated = self._guarded(self.adapter.estimate, moment, otherwise=None)
        observation = None if estimated is None else estimated.values[self._inputs]
        if estimated is None or observation is None or not all_finite(observation[self._required]):
            self._commands = [*sent, *self._commands]
            return None
        self.modes.coast(now_s, estimated.land or estimated.missing or reason, bool(estimated.land))
        done = _Done(estimated.values, observation, filter_s=time.perf_counter() - started)
        if estimated.landed:
            modes.landed("landed on the estimate")
            done.command = self._idle(now_s)
            return done
        self._act(done, at_s, now_s)
        self._coasted = True
        return done

    def _idle(self, now_s: float) -> FloatArray | None:
        """Return the command of an armed vehicle in hold, trim or stop; None in other modes."""
        if not self.modes.armed:
            return None
        if self.modes.mode is Mode.STOP:
            return self._sent(self.gate.stop(now_s), now_s)
        command = self.modes.command(self._held, self.adapter.trim, now_s)
        return None if command is None else self._limited(np.asarray(command), now_s)

    def _moment(self, verdict: StampVerdict, stamp_ns: int, now_s: float) -> Moment:
        at_s = stamp_ns / NS if self._simulated_time else now_s - verdict.delay_s
        automatic = self.modes.armed and not self.modes.manual
        dt_s = max(at_s - self._stepped_s, 0.0) if self._coasted else verdict.dt_s
        age_s = (self._clock_ns - stamp_ns) / NS if self._simulated_time else verdict.delay_s
        return Moment(dt_s, at_s, self._flushed(), automatic, self.landing, age_s)

    def _flushed(self) -> tuple[Sent, ...]:
        """Return the changes of the command since the last call."""
        sent, self._commands = tuple(self._commands), []
        return sent

    def _send(self, requested: FloatArray, now_s: float) -> FloatArray | None:
        if self.modes.mode not in CONTROLLER_MODES:
            return self._idle(now_s)
        self._held = self._limited(requested, now_s)
        return self._held

    def _limited(self, command: FloatArray, now_s: float) -> FloatArray:
        return self._sent(self.gate.pass_on(self.adapter.limit(command), now_s)[0], now_s)

    def _sent(self, command: FloatArray, now_s: float) -> FloatArray:
        """Register a command if it is another one."""
        if self._last_sent is None or command.tolist() != self._last_sent.tolist():
            at_s = self._clock_ns / NS if self._simulated_time else now_s
            self._commands.append(Sent(at_s, command))
            self._last_sent = command
        return command

    def _step(self, done: _Done, at_s: float) -> Step:
        """Step the controller; the reserve replaces its output if necessary."""
        output, reserve = self._no_output, self.reserve
        started = time.perf_counter()
        if not self.modes.failure:
            self.ordered = done.orders
            try:
                if done.orders:
                    self.controller.take_orders(done.orders)
                output = np.array(self.controller.step(done.observation.copy()), np.float64)
            except Exception as exc:
                self.modes.fail(f"controller raised {exc!r}")
            else:
                if output.shape != self._no_output.shape or not all_finite(output):
                    self.modes.fail(f"controller {problem(output, self._no_output.shape)}")
                    output = self._no_output
        took_s = time.perf_counter() - started
        if self.modes.failure or reserve.simplex is not None:
            return Step(output, reserve.command(done.values, output, self.gate.last, at_s), took_s)
        if reserve.fallback is not None:
            reserve.unstepped = done.values
        return Step(output, output, took_s)


class _Done:
    """Course of one tick so far.

    Args:
        values: observables of the vehicle.
        observation: those that the controller takes.
        filter_s: wall time of checks and estimate, s.
    """

    __slots__ = ("command", "filter_s", "observation", "orders", "step", "values")

    def __init__(self, values: FloatArray, observation: FloatArray, filter_s: float = 0.0) -> None:
        self.values, self.observation, self.filter_s = values, observation, filter_s
        self.step: Step | None = None
        self.command: FloatArray | None = None
        self.orders: tuple[float, ...] = ()
