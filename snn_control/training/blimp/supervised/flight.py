"""Flight of the native blimp with the supervised altitude loop, and faults of its streams.

The loop is that of the node, on a simulated clock; faults are those of `supervision.faults`, on the
messages between simulated sensors, loop and motor.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.controllers import load
from snn_control.envs.blimp import plant
from snn_control.envs.blimp.presets import blimp_parameters
from snn_control.envs.blimp.scenario import Scenario, draw_scenario
from snn_control.envs.blimp.sensing.errors import (
    SenseErrors,
    SenseParameters,
    draw_sense_errors,
    in_steps,
)
from snn_control.loops.blimp.adapter import BlimpAdapter
from snn_control.loops.blimp.config import AltitudeNodeConfig
from snn_control.loops.blimp.loop import altitude_loop
from snn_control.loops.control_loop import ControlLoop, Tick
from snn_control.supervision.faults import Channel, Fault, FaultyStreams, Message
from snn_control.supervision.monitors.monitor import Sample

__all__ = ["CHANNELS", "FlightRecorder", "FlightSettings", "SupervisedFlight", "fly"]

FloatArray = npt.NDArray[np.float64]

CHANNELS = (
    Channel("lidar", 0.0, 12.0),
    Channel("barometer", -5.0, 20.0),
    Channel("accelerometer", -5.0, 5.0),
    Channel("battery", 0.0, 5.0),
    Channel("setpoint", 0.3, 3.0),
    Channel("motor", -10.0, 10.0, rest=0.0),
)
"""Streams of the blimp."""
WATCH_STEPS = 5
"""Physics steps between two calls of the watch."""
START_NS = 10**12
BAROMETER_OFFSET_M = 3.0
"""Barometric height of the floor, m."""
BATTERY_S = 1.0
"""Time between two voltages, s."""


@dataclass(frozen=True)
class FlightSettings:
    """Blimp and conditions of a flight."""

    duration_s: float = 60.0
    """Duration, s."""
    preset: str = "default"
    """Preset of blimp, gusts and timing."""
    changes: Mapping[str, Any] | None = None
    """Blimp parameters that override the preset."""
    reference_m: Callable[[float], float] | None = None
    """Setpoint over time; None: that of the scenario."""
    senses: SenseParameters | None = SenseParameters()
    """Barometer, accelerometer and noise of the lidar; None: a lidar without noise alone."""
    common_drift_m: FloatArray | None = None
    """Drift of the barometer that neighbours share, m, one entry a second."""
    neighbour_m: Sequence[tuple[float, float]] = ()
    """Messages of a neighbour: time, s, and offset of its barometer, m."""
    model: str = "blimp-altitude"
    """Controller."""
    config: Mapping[str, Any] | None = None
    """Parameters of the loop that override their defaults."""


@dataclass(frozen=True)
class SupervisedFlight:
    """Record of a flight: one entry each 0.05 s and at each tick."""

    time_s: FloatArray
    height_m: FloatArray
    reference_m: FloatArray
    range_m: FloatArray
    """Last delivered range, m."""
    command: FloatArray
    """Command in force after the fault of the motor, motor units."""
    supervised: dict[str, FloatArray]
    """Estimate, trust and fault of the motors, as in `BlimpAdapter.supervised_names`."""
    modes: tuple[tuple[float, str, str], ...]
    """Time, mode and reason at each change."""
    offsets_m: tuple[tuple[float, float], ...]
    """Messages to neighbours, one a second: time, s, and offset of the barometer, m."""
    loop: ControlLoop[BlimpAdapter]
    """Loop at the end of the flight."""

    def loss_m(self, healthy: SupervisedFlight, start_s: float, stop_s: float) -> float:
        """Return the largest difference of the height from that of the flight without the fault."""
        during = (self.time_s >= start_s) & (self.time_s < stop_s)
        reference = np.interp(self.time_s[during], healthy.time_s, healthy.height_m)
        return float(np.abs(self.height_m[during] - reference).max())

    def first(self, name: str, start_s: float, low: float, high: float = math.inf) -> float:
        """Return the time from `start_s` until a column is in a range; NaN if it never is."""
        column = self.supervised[name]
        at_s = self.time_s[(self.time_s >= start_s) & (column >= low) & (column <= high)]
        return float(at_s[0] - start_s) if at_s.size else math.nan

    def first_mode(self, start_s: float, *names: str) -> float:
        """Return the time from `start_s` until one of the modes; NaN if none is entered."""
        before = [mode for at_s, mode, _ in self.modes if at_s <= start_s]
        if before and before[-1] in names:
            return 0.0
        later = [at_s for at_s, mode, _ in self.modes if at_s > start_s and mode in names]
        return later[0] - start_s if later else math.nan


class FlightRecorder:
    """Messages and spikes of a flight, for monitors that run on the record."""

    def __init__(self) -> None:
        self.samples: dict[str, list[Sample]] = {}
        """Judged messages of each sensor and of the battery; times are those of the flight."""
        self.spike_times_s: list[float] = []
        """Time of each step of the controller, s."""
        self.spikes: list[FloatArray] = []
        """Spikes of its neurons in each step."""

    def keep(self, stream: str, sample: Sample) -> None:
        """Keep a message."""
        start_s = START_NS * 1e-9
        shifted = Sample(sample.now_s - start_s, sample.stamp_s - start_s, *sample[2:])
        self.samples.setdefault(stream, []).append(shifted)


class _Flight:
    """State of a flight in progress."""

    def __init__(
        self,
        seed: int,
        faults: Sequence[Fault],
        settings: FlightSettings,
        recorder: FlightRecorder | None,
    ) -> None:
        parameters = blimp_parameters(settings.preset, dict(settings.changes or {}))
        self.scenario: Scenario = draw_scenario(parameters, seed, settings.duration_s)
        self.settings, self.senses = settings, settings.senses
        self.received, self.offsets_m = 0, list[tuple[float, float]]()
        self.errors: SenseErrors | None = None
        if self.senses is not None:
            self.errors = draw_sense_errors(self.senses, self.scenario)
        self.state = np.zeros(plant.STATE_SIZE)
        plant.reset(self.state, self.scenario.constants)
        self.reference_m = settings.reference_m
        self.streams = FaultyStreams(CHANNELS, faults)
        controller = load(settings.model)
        self.loop = altitude_loop(controller, AltitudeNodeConfig(**(settings.config or {})))
        self.recorder = recorder
        if recorder is not None and self.loop.adapter.estimator is not None:
            self.loop.adapter.estimator.record = recorder.keep
        self.applied = 3.1
        self.range_m = math.nan
        self.battery_s = -math.inf
        self.before = -0.1, 0.0
        self.tick_supervised: tuple[float, ...] = ()
        self.sag = self.scenario.constants.item(plant.SAG_PER_S) * self.scenario.battery_start_v

    def send(self, command: FloatArray | None, time_s: float) -> None:
        """Send a command to the motor."""
        if command is None:
            return
        for message in self.streams.put("motor", Message(time_s, np.array(command)), time_s):
            self.apply(message)

    def apply(self, message: Message) -> None:
        """Apply a delivered command; the motor stops at one that is not finite."""
        value = message.values.item()
        self.applied = value if math.isfinite(value) else 0.0

    def deliver(self, name: str, message: Message, time_s: float, now_ns: int) -> None:
        """Deliver a message to the loop."""
        value, now_s = message.values.item(), now_ns * 1e-9
        stamp_ns = START_NS + round(message.stamp_s * 1e9)
        loop, adapter = self.loop, self.loop.adapter
        if name == "motor":
            self.apply(message)
        elif name == "battery":
            if self.recorder is not None:
                self.recorder.keep(name, Sample(now_s, stamp_ns * 1e-9, value))
            if adapter.on_battery(value, now_s):
                loop.check(now_s)
        elif name == "setpoint":
            adapter.on_setpoint(value, now_s)
        elif name == "lidar":
            self.range_m = value
            tick = loop.tick(adapter.read(value, (0.0, 12.0)), stamp_ns, now_ns, now_s)
            self.ticked(tick, time_s)
        else:
            loop.sense(name, value, stamp_ns, now_ns, now_s)

    def ticked(self, tick: Tick | None, time_s: float) -> None:
        """Send the command of a tick."""
        if tick is None:
            return
        self.tick_supervised = tick.supervised
        if self.recorder is not None and tick.stepped:
            self.recorder.spike_times_s.append(time_s)
            self.recorder.spikes.append(self.loop.controller.spikes.copy())
        self.send(tick.command, time_s)
        self.loop.keep_ready()

    def drift_m(self, time_s: float) -> float:
        """Return the common drift of the barometers, m."""
        drift_m = self.settings.common_drift_m
        return (
            0.0 if drift_m is None else float(np.interp(time_s, np.arange(drift_m.size), drift_m))
        )

    def exchange(self, time_s: float, now_ns: int) -> None:
        """Receive due messages of the neighbour, and send one each second."""
        while self.received < len(self.settings.neighbour_m):
            at_s, offset_m = self.settings.neighbour_m[self.received]
            if at_s > time_s:
                break
            self.received += 1
            self.loop.sense("neighbour_offset", offset_m, now_ns, now_ns, now_ns * 1e-9)
        estimator = self.loop.adapter.estimator
        if estimator is not None and time_s >= len(self.offsets_m):
            self.offsets_m.append((time_s, estimator.barometer_offset(now_ns * 1e-9)))

    def measure(self, k: int, time_s: float) -> list[tuple[str, float]]:
        """Return the measurements of tick `k`, those of the height last."""
        height_m, speed_m_s = self.state.item(plant.HEIGHT), self.state.item(plant.SPEED)
        reference_m = self.scenario.reference_m.item(k)
        if self.reference_m is not None:
            reference_m = self.reference_m(time_s)
        measured = [("setpoint", reference_m)]
        if time_s - self.battery_s >= BATTERY_S:
            self.battery_s = time_s
            measured.append(("battery", self.scenario.battery_start_v - self.sag * time_s))
        if self.errors is None or self.senses is None:
            return [*measured, ("lidar", float(plant.sense(self.state, self.scenario.constants)))]
        mean_m_s2 = (speed_m_s - self.before[1]) / (time_s - self.before[0])
        self.before = time_s, speed_m_s
        acceleration = mean_m_s2 + self.errors.acceleration_m_s2.item(k)
        barometer_m = height_m + self.errors.barometer_m.item(k) + self.drift_m(time_s)
        range_m = plant.measure(height_m + self.errors.lidar_m.item(k), self.scenario.constants)
        return [
            *measured,
            ("accelerometer", in_steps(acceleration, self.senses.accelerometer_step_m_s2)),
            ("barometer", BAROMETER_OFFSET_M + in_steps(barometer_m, self.senses.barometer_step_m)),
            ("lidar", float(range_m)),
        ]

    def row(self, time_s: float) -> tuple[float, ...]:
        """Return the entries of the record at a time."""
        reference_m = self.loop.adapter.setpoint.value
        if reference_m is None:
            reference_m = math.nan
        return time_s, self.state.item(plant.HEIGHT), reference_m, self.range_m, self.applied

    def watch(self, time_s: float, now_ns: int) -> None:
        """Call the watch of the loop."""
        now_s = now_ns * 1e-9
        if tick := self.loop.coast(now_s, now_ns):
            self.ticked(tick, time_s)
        else:
            self.send(self.loop.watch(now_s, now_ns), time_s)


def fly(
    seed: int,
    faults: Sequence[Fault] = (),
    settings: FlightSettings | None = None,
    recorder: FlightRecorder | None = None,
) -> SupervisedFlight:
    """Fly one scenario.

    Args:
        seed: seed of blimp, gusts, timing and noise.
        faults: faults of `CHANNELS`; one without effect is refused.
        settings: blimp and conditions.
        recorder: keeps messages and spikes; None: they are not kept.

    Raises:
        ParameterError: a fault has changed no message.
        UnknownNameError: a fault of another channel.
    """
    settings = settings or FlightSettings()
    flight = _Flight(seed, faults, settings, recorder)
    scenario, loop = flight.scenario, flight.loop
    gust = np.ascontiguousarray(scenario.gust_m_s2[2])
    ticks = {int(step): k for k, step in enumerate(scenario.tick_step)}
    events = sorted(set(ticks) | set(range(0, scenario.n_steps, WATCH_STEPS)))
    rows: list[tuple[float, ...]] = []
    supervised: list[tuple[float, ...]] = []
    nothing = (math.nan,) * len(BlimpAdapter.supervised_names)
    changes: list[tuple[float, str, str]] = []
    loop.arm(START_NS * 1e-9)
    for step, following in zip(events, [*events[1:], scenario.n_steps], strict=True):
        time_s, now_ns = step * plant.PHYSICS_STEP_S, START_NS + step * 10_000_000
        for name, messages in flight.streams.due(time_s).items():
            for message in messages:
                flight.deliver(name, message, time_s, now_ns)
        if step in ticks:
            for name, value in flight.measure(ticks[step], time_s):
                sent = Message(time_s, np.array([value]))
                for message in flight.streams.put(name, sent, time_s):
                    flight.deliver(name, message, time_s, now_ns)
        if step % WATCH_STEPS == 0:
            flight.exchange(time_s, now_ns)
            flight.watch(time_s, now_ns)
        rows.append(flight.row(time_s))
        supervised.append(flight.tick_supervised or nothing)
        if not changes or changes[-1][1:] != (str(loop.modes.mode), loop.modes.reason):
            changes.append((time_s, str(loop.modes.mode), loop.modes.reason))
        plant.advance(flight.state, scenario.constants, gust, flight.applied, following - step)
    flight.streams.require_effect(settings.duration_s)
    time_s, height_m, reference_m, range_m, command = np.array(rows).T
    trust = dict(zip(BlimpAdapter.supervised_names, np.array(supervised).T, strict=True))
    return SupervisedFlight(
        time_s,
        height_m,
        reference_m,
        range_m,
        command,
        trust,
        tuple(changes),
        tuple(flight.offsets_m),
        loop,
    )
