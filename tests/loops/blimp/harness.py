"""Control loop without a node, and a controller with scripted output."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snn_control.controllers import PID, Controller, load
from snn_control.loops.blimp.adapter import BlimpAdapter
from snn_control.loops.blimp.config import AltitudeNodeConfig
from snn_control.loops.control_loop import ControlLoop, Tick
from snn_control.supervision.modes import Mode

PERIOD_NS = 100_000_000


@dataclass
class MotorTick:
    """Tick of a vehicle with one motor, with output and command as numbers."""

    tick: Tick
    output: float
    command: float | None
    observation: np.ndarray
    mode: Mode
    dt_s: float
    missed: int
    resets: int
    failed: bool


def blimp_loop(
    controller: Controller, config: AltitudeNodeConfig, fallback: Controller | None = None
) -> ControlLoop[BlimpAdapter]:
    """Return a loop like that of the node."""
    return ControlLoop(controller, BlimpAdapter(controller, config), fallback or PID())


class Bench:
    """Loop on a simulated clock; stamps and clocks agree.

    The ranges of most tests do not follow the commands: `range_gate_m` is 0 unless it is given.
    """

    def __init__(self, controller: Controller | None = None, **config: object) -> None:
        self.config = AltitudeNodeConfig(**{"range_gate_m": 0.0, **config})  # type: ignore[arg-type]
        self.loop = blimp_loop(controller or load("blimp-altitude"), self.config)
        self.blimp = self.loop.adapter
        self.now_ns = 10**12

    @property
    def now_s(self) -> float:
        return self.now_ns * 1e-9

    @property
    def last(self) -> float:
        """Last command of the gate."""
        return float(self.loop.gate.last[0])

    def configure(self, **changes: object) -> None:
        """Change parameters in operation."""
        self.config = AltitudeNodeConfig(**(vars(self.config) | changes))  # type: ignore[arg-type]
        self.blimp.config = self.config

    def arm(self, height_m: float | None = 1.0) -> Bench:
        if height_m is not None:
            self.setpoint(height_m)
        self.loop.arm(self.now_s)
        return self

    def disarm(self) -> float:
        return float(self.loop.disarm()[0])

    def setpoint(self, height_m: float) -> bool:
        return self.blimp.on_setpoint(height_m, self.now_s)

    def battery(self, voltage: float) -> None:
        if self.blimp.on_battery(voltage, self.now_s):
            self.loop.check(self.now_s)

    def manual(self, command: float) -> float | None:
        return number(self.loop.on_manual(np.array([command]), self.now_s))

    def override(self, on: bool) -> None:
        self.loop.override(on, self.now_s)

    def measure(
        self, range_m: float, periods: float = 1.0, stamp_ns: int | None = None
    ) -> MotorTick:
        self.now_ns += round(periods * PERIOD_NS)
        stamp = self.now_ns if stamp_ns is None else stamp_ns
        measured = self.at(range_m, stamp, self.now_ns)
        self.loop.keep_ready()
        return measured

    def at(
        self,
        range_m: float,
        stamp_ns: int,
        clock_ns: int,
        reach_m: tuple[float, float] = (0.0, 0.0),
    ) -> MotorTick:
        """Process a measurement with any stamp and clock."""
        tick = self.loop.tick(self.blimp.read(range_m, reach_m), stamp_ns, clock_ns, self.now_s)
        assert tick is not None
        return MotorTick(
            tick, float(tick.output[0]), number(tick.command), tick.observation, tick.mode,
            tick.dt_s, tick.missed, tick.resets, tick.failed,
        )  # fmt: skip

    def watch(self) -> float | None:
        return number(self.loop.watch(self.now_s))

    def silence(self, seconds: float) -> list[float | None]:
        sent = []
        for _ in range(round(seconds / 0.05)):
            self.now_ns += 50_000_000
            sent.append(self.watch())
        return sent


def number(command: np.ndarray | None) -> float | None:
    """Return the command of one motor."""
    if command is None:
        return None
    [value] = command.tolist()
    return value


class Scripted(Controller):
    """Controller that returns the entries of a script, and raises those that are exceptions."""

    observation_names, action_names = ("height_error_m",), ("motor_command",)
    control_period_s = 0.1

    def __init__(self, *script: float | Exception) -> None:
        self.script = list(script)

    def reset(self, seed: int | None = None) -> None:
        pass

    def _step(self, observation: np.ndarray) -> np.ndarray:
        entry = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(entry, Exception):
            raise entry
        return np.array([entry])

    @property
    def readouts(self) -> dict[str, float]:
        return {}
