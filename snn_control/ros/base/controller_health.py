"""Health of a controller node, as tasks of `/diagnostics`."""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Generic, final

from snn_control.loops.control_loop import A, ControlLoop, Tick
from snn_control.ros.base.diagnostics import ERROR, OK, STALE, WARN, Status
from snn_control.supervision.modes import Mode
from snn_control.supervision.rolling import Rolling

__all__ = [
    "MODE_LEVELS",
    "RATE_TOLERANCE",
    "ControllerHealth",
    "PlainStatus",
    "VehicleStatus",
    "age",
    "quantiles",
]

RATE_TOLERANCE = 0.1
MODE_LEVELS = {
    Mode.DISARMED: OK,
    Mode.MANUAL: OK,
    Mode.AUTO: OK,
    Mode.FALLBACK: ERROR,
    Mode.HOLD: WARN,
    Mode.TRIM: ERROR,
    Mode.STOP: ERROR,
    Mode.COAST: WARN,
    Mode.LAND: ERROR,
}


class VehicleStatus(ABC, Generic[A]):
    """Vehicle-specific part of the health of a controller node.

    Attributes:
        measurement: display name of the measured quantity.
    """

    measurement: str

    @abstractmethod
    def add_inputs(self, loop: ControlLoop[A], now_s: float, status: Status) -> None:
        """Add the status of the inputs beside the measurements."""

    @abstractmethod
    def add_commands(self, loop: ControlLoop[A], status: Status) -> None:
        """Add the status of the command."""

    @abstractmethod
    def expects_spikes(self, loop: ControlLoop[A]) -> bool:
        """Return True if a healthy network spikes at its present orders."""


@final
class PlainStatus(VehicleStatus[Any]):
    """Status of a vehicle with only measurement, mode and command.

    Args:
        measurement: display name of the measured quantity.
    """

    def __init__(self, measurement: str) -> None:
        self.measurement = measurement

    def add_inputs(self, loop: ControlLoop[Any], now_s: float, status: Status) -> None:
        """Add nothing."""

    def add_commands(self, loop: ControlLoop[Any], status: Status) -> None:
        """Add the last command."""
        status.values |= {f"command {k}": value for k, value in enumerate(loop.gate.last.tolist())}

    def expects_spikes(self, loop: ControlLoop[Any]) -> bool:
        """Return False: silence is not a fault of an unknown vehicle."""
        return False


@final
class ControllerHealth(Generic[A]):
    """Counts of a controller node, reported as one status per task.

    Args:
        vehicle: vehicle-specific part of the status.
    """

    def __init__(self, vehicle: VehicleStatus[A]) -> None:
        self._vehicle = vehicle
        self._loop: ControlLoop[A] | None = None
        self._latency_s, self._age_s = Rolling(), Rolling()
        self._step_s, self._dt_s, self._filter_s = Rolling(), Rolling(), Rolling()
        self.reset()

    # Events.

    def tasks(self) -> Mapping[str, Callable[[], Status]]:
        """Return the tasks by name."""
        return {
            "mode": self.mode_status,
            "loop": self._loop_status,
            "inputs": self._input_status,
            "commands": self._command_status,
            "network": self._network_status,
            "adaptation": self._adaptation_status,
        }

    def watch(self, loop: ControlLoop[A] | None) -> None:
        """Set the loop to report on, and reset all counts."""
        self._loop = loop
        self._step_s.reset()
        self._filter_s.reset()
        self._dt_s.reset()
        self.reset()

    def reset(self) -> None:
        """Reset the counts, except the times of steps and periods, which belong to the loop."""
        self._latency_s.reset()
        self._age_s.reset()
        self.overruns = self.own_overruns = self.deadlines = 0
        self._overruns_before = (0, 0)
        self._bad_before = self._loop.adapter.bad_values if self._loop else 0
        self._spikes, self._spikes_since_s = 0.0, time.monotonic()
        self._ticks_since_s = time.monotonic()
        self._ticks_before = self._loop.ticks if self._loop else 0

    def ticked(self, tick: Tick, latency_s: float, age_s: float) -> None:
        """Record the times of one tick.

        An overrun is a command later than the budget after the start of the callback, on the
        monotonic clock: stamps of another machine's clock must not raise alarms. `own_overruns`
        counts controller steps that alone exceed the budget.
        """
        self._latency_s.add(latency_s)
        self._age_s.add(age_s)
        if tick.usable:
            self._dt_s.add(tick.dt_s)
        if tick.stepped:
            self._step_s.add(tick.step_s)
            self._filter_s.add(tick.filter_s)
        budget_s = self._budget_s()
        self.overruns += latency_s > budget_s
        self.own_overruns += tick.step_s > budget_s

    def spiked(self, spikes: float) -> None:
        """Record the number of spikes of one tick."""
        self._spikes += spikes

    def deadline(self, _: Any) -> None:
        """Record the event of a missed command deadline."""
        self.deadlines += self._loop is not None and self._loop.modes.armed

    # Tasks.

    def mode_status(self) -> Status:
        """Return mode and reason."""
        if self._loop is None:
            return Status(message="not configured")
        modes = self._loop.modes
        status = Status(message=str(modes.mode))
        status.values = {"mode": modes.mode, "reason": modes.reason, "armed": modes.armed}
        if (simplex := self._loop.reserve.simplex) is not None:
            status.values |= {
                "retreats": simplex.switches,
                "time in the baseline (s)": simplex.baseline_s,
                "pole of the deviation": simplex.pole,
            }
        if MODE_LEVELS[modes.mode] != OK:
            status.escalate(MODE_LEVELS[modes.mode], f"{modes.mode}: {modes.reason}")
        if self._loop.landing:
            status.escalate(ERROR, f"landing: {self._loop.trouble}")
        if self._loop.estimate_failure:
            status.escalate(ERROR, f"no estimate: {self._loop.estimate_failure}")
        if self._loop.reserve.retreat_failure:
            status.escalate(ERROR, f"no retreats: {self._loop.reserve.retreat_failure}")
        if self._loop.reserve.fallback_failure:
            status.escalate(WARN, f"no fallback: {self._loop.reserve.fallback_failure}")
        return status

    def _loop_status(self) -> Status:
        loop = self._loop
        if loop is None:
            return Status(message="not configured")
        status = Status(values=quantiles("step time (s)", self._step_s))
        status.values |= quantiles("filter time (s)", self._filter_s)
        status.values |= quantiles("latency (s)", self._latency_s)
        status.values |= quantiles("period (s)", self._dt_s)
        rate_hz = self._rate_hz(loop)
        status.values |= {
            "budget (s)": self._budget_s(),
            "rate (Hz)": rate_hz,
            "expected rate (Hz)": 1.0 / loop.period_s,
            "ticks": loop.ticks,
            "missed ticks": loop.missed,
            "overruns": self.overruns,
            "own overruns": self.own_overruns,
        }
        period_s = self._dt_s.quantiles()[0]
        if math.isfinite(period_s) and abs(period_s / loop.period_s - 1) > RATE_TOLERANCE:
            status.escalate(
                WARN,
                f"measurements arrive every {period_s:.4g} s, the controller was made for "
                f"{loop.period_s:g} s",
            )
        overruns, own = self._overruns_before
        if self.own_overruns > own:
            status.escalate(
                ERROR, f"{self.own_overruns} controller steps exceeded the latency budget"
            )
        elif self.overruns > overruns:
            status.escalate(WARN, f"{self.overruns} commands exceeded the latency budget")
        self._overruns_before = (self.overruns, self.own_overruns)
        return status

    def _input_status(self) -> Status:
        loop = self._loop
        if loop is None:
            return Status(message="not configured")
        now_s = time.monotonic()
        status = Status(values=quantiles("observation age (s)", self._age_s))
        status.values[f"{self._vehicle.measurement} age (s)"] = age(loop.measured_s, now_s)
        status.values |= {f"stamps: {fault}": count for fault, count in loop.stamps.counts.items()}
        status.values |= {
            "bad values": loop.adapter.bad_values,
            "last bad value": loop.adapter.bad_value or "none",
        }
        if loop.measured_s is None:
            status.escalate(STALE, f"no {self._vehicle.measurement} yet")
        elif now_s - loop.measured_s > loop.adapter.config.hold_s:
            since_s = now_s - loop.measured_s
            status.escalate(ERROR, f"no usable {self._vehicle.measurement} for {since_s:.1f} s")
        status.values |= {f"events: {name}": n for name, n in loop.stream_counts.items()}
        self._vehicle.add_inputs(loop, now_s, status)
        if loop.adapter.bad_values > self._bad_before:
            status.escalate(WARN, loop.adapter.bad_value)
        self._bad_before = loop.adapter.bad_values
        return status

    def _command_status(self) -> Status:
        loop = self._loop
        if loop is None:
            return Status(message="not configured")
        status = Status(values={f"gate: {fault}": n for fault, n in loop.gate.counts.items()})
        status.values |= {"commands": loop.gate.passed, "missed deadlines": self.deadlines}
        self._vehicle.add_commands(loop, status)
        return status

    def _network_status(self) -> Status:
        loop = self._loop
        if loop is None or not loop.controller.spikes.size:
            return Status(message="no spiking network")
        elapsed_s = time.monotonic() - self._spikes_since_s
        rate = self._spikes / elapsed_s if elapsed_s > 0 else 0.0
        status = Status(values={"spikes per second": rate})
        self._spikes, self._spikes_since_s = 0.0, time.monotonic()
        if loop.modes.mode is Mode.AUTO and not rate and self._vehicle.expects_spikes(loop):
            status.escalate(WARN, "the network is silent")
        return status

    def _adaptation_status(self) -> Status:
        loop = self._loop
        if loop is None or not loop.controller.adapts:
            return Status(message="no adaptation")
        status = Status(values=dict(loop.controller.adaptation))
        if str(status.values.get("model", "used")) != "used":
            status.escalate(WARN, f"forward model {status.values['model']}")
        return status

    def _rate_hz(self, loop: ControlLoop[A]) -> float:
        now_s = time.monotonic()
        rate_hz = (loop.ticks - self._ticks_before) / max(now_s - self._ticks_since_s, 1e-9)
        self._ticks_since_s, self._ticks_before = now_s, loop.ticks
        return rate_hz

    def _budget_s(self) -> float:
        if self._loop is None:
            return math.inf
        return self._loop.adapter.config.step_budget_s or self._loop.period_s


def age(since_s: float | None, now_s: float) -> float:
    """Return the age of an input received at `since_s`; NaN if there was none."""
    return math.nan if since_s is None else now_s - since_s


def quantiles(name: str, values: Rolling) -> dict[str, float]:
    """Return p50, p99 and maximum of values by name; `name` ends with the unit."""
    stem, _, unit = name.rpartition(" ")
    named = zip(("p50", "p99", "max"), values.quantiles(), strict=True)
    return {f"{stem} {label} {unit}": value for label, value in named}
