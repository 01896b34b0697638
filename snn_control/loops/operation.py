"""Operation of a control loop: arming, manual control, emergency stop, replaced controllers."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from snn_control.controllers import Controller
from snn_control.copies import Copied
from snn_control.errors import ControlPeriodError, InterfaceMismatchError, ParameterError
from snn_control.loops.adapter import AdaptationRequests, Sent, VehicleAdapter
from snn_control.loops.reserve import Reserve, text
from snn_control.supervision.command_gate import all_finite
from snn_control.supervision.modes import Mode, ModeMachine
from snn_control.supervision.simplex import Simplex
from snn_control.supervision.stamps import StampCheck
from snn_control.supervision.synchroniser import StreamLimits, Synchroniser

__all__ = ["OperatedLoop"]

FloatArray = npt.NDArray[np.float64]
A = TypeVar("A", bound=VehicleAdapter[Any])
T = TypeVar("T")


class OperatedLoop(Copied, ABC, Generic[A]):
    """State of a control loop, and the requests of its operator; see `ControlLoop`."""

    def __init__(
        self,
        controller: Controller,
        adapter: A,
        fallback: Controller | None = None,
        simulated_time: bool = False,
        simplex: Simplex | None = None,
        baseline: Controller | None = None,
    ) -> None:
        config = adapter.config
        self.adapter = adapter
        self._simulated_time = simulated_time
        self.period_s = controller.control_period_s
        if not 0 < self.period_s < config.hold_s:
            raise ParameterError(
                f"the control period is {self.period_s:g} s, but measurements count as missing "
                f"after hold_s {config.hold_s:g} s: set hold_s and the later times to several "
                "periods"
            )
        for name, other in (("fallback", fallback), ("baseline", baseline)):
            if other is None:
                continue
            adapter.require_interface(other)
            if other.control_period_s != self.period_s:
                raise ControlPeriodError(
                    f"the {name} was made for {other.control_period_s:g} s, the controller "
                    f"for {self.period_s:g} s: load both for one period"
                )
        self.modes = ModeMachine(config.modes(), fallback=fallback is not None)
        self.controller = controller
        self.reserve = Reserve(controller, fallback, adapter, self.modes, simplex, baseline)
        self.gate = adapter.make_gate()
        self._coast_s = max(self.modes.config.coast_s, 2.5 * self.period_s)
        self.stamps = StampCheck(
            self.period_s,
            future_s=config.stamp_future_s,
            restart_s=config.stamp_restart_s,
            max_age_s=config.stamp_max_age_s,
            max_delay_s=config.stamp_max_delay_s,
        )
        limits = StreamLimits(config.sense_max_age_s, config.sense_timeout_s)
        self.streams: Synchroniser[float] = Synchroniser(
            dict.fromkeys(adapter.senses, limits), skew_s=self.period_s
        )
        """Further streams of the vehicle: ages, and events of time-outs and stamps."""
        self.stream_counts: dict[str, int] = {}
        """Number of events so far, by stream and kind."""
        self._present: set[str] = set()
        self.ticks = self.missed = self.resets = 0
        self.estimate_failure = ""
        """Exception that ended the estimate until the next `restart` of the adapter, or empty."""
        self.adaptation = AdaptationRequests()
        """Requests to the adaptation of the controller."""
        self.landing = False
        """True from trouble in operation until disarming; passed to the adapter."""
        self.trouble = ""
        """Reason for the landing."""
        self.measured_s: float | None = None
        """Time of the last usable measurement, s."""
        self.ordered: tuple[float, ...] | None = None
        """Orders at the last call of the controller; None before the first call."""
        self._inputs = adapter.indices(controller.observation_names)
        names, optional = controller.observation_names, controller.optional_names
        self._required = [k for k, name in enumerate(names) if name not in optional]
        self._stepped_s = -math.inf
        self._coasted = False
        """True if the last step of the controller was on the estimate."""
        self._refusal = "", -math.inf
        """Reason and time of the last measurement that the estimate replaced."""
        self._manual_s: float | None = None
        self._clock_ns = 0
        self._commands: list[Sent] = []
        """Changes of the command since the last measurement."""
        self._last_sent: FloatArray | None = None
        self._held = self.gate.last
        self._nothing = np.full(len(adapter.observation_names), np.nan)
        self._no_output = np.full(len(controller.action_names), np.nan)
        self._nothing_observed = self._nothing[self._inputs]
        for shared in (self._nothing, self._nothing_observed, self._no_output):
            shared.setflags(write=False)
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
        if self.modes.emergency:
            trouble = "the emergency stop is not released"
        if trouble:
            self.modes.disarm(f"not armed: {trouble}")
            return
        self.stamps.begin()
        self.gate.reset(now_s)
        self._held = self.gate.last
        self.modes.arm(now_s)

    def disarm(self, reason: str = "disarmed") -> FloatArray:
        """Disarm, and return the command that stops the motors."""
        self.modes.disarm(reason)
        return self._stopped()

    def emergency_stop(self, on: bool) -> FloatArray:
        """Stop the motors and refuse arming until released; return the command to send."""
        self.modes.emergency_stop(on)
        return self._stopped()

    def reset(self) -> None:
        """Reset controller and fallback to their initial state."""
        seed = self.adapter.config.seed
        self.reserve.reset(seed)
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

    def on_manual(self, command: FloatArray, now_s: float) -> FloatArray | None:
        """Accept a manual command; return the command to send, or None outside mode manual."""
        if not all_finite(command):
            self.adapter.reject(f"manual command is {text(command)}")
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

    def _stopped(self) -> FloatArray:
        """End a landing, and return the command that stops the motors."""
        self.landing = False
        self._held = self.gate.stop()
        return self._held

    def _hand_over(self, on: bool, now_s: float, reason: str) -> None:
        if self.modes.manual and not on:
            self._held = self.gate.last
            self._restart(now_s)
        self.modes.override(on, now_s, reason)

    def _restart(self, now_s: float) -> None:
        """Restart the adapter, with the command in force as the first one."""
        self._commands, self._last_sent = [], None
        self._stepped_s, self._coasted = -math.inf, False
        self._sent(self.gate.last, now_s)
        self.estimate_failure = ""
        self._guarded(self.adapter.restart, otherwise=None)

    @abstractmethod
    def _idle(self, now_s: float) -> FloatArray | None:
        """Return the command of an armed vehicle in hold, trim or stop; None in other modes."""

    @abstractmethod
    def _guarded(self, call: Callable[..., T], *arguments: Any, otherwise: T) -> T:
        """Call a method of the adapter; after an exception continue without its estimate."""

    @abstractmethod
    def _sent(self, command: FloatArray, now_s: float) -> FloatArray:
        """Register a command if it is another one."""


def _names(controller: Controller) -> tuple[tuple[str, ...], ...]:
    names = (controller.observation_names, controller.action_names, controller.order_names)
    return tuple(map(tuple, names))
