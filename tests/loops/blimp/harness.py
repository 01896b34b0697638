"""A loop around a controller without a node, and a controller that does what a test says."""

from __future__ import annotations

import numpy as np

from snn_control.controllers import PID, Controller, load
from snn_control.loops.blimp.config import AltitudeNodeConfig
from snn_control.loops.blimp.loop import AltitudeLoop
from snn_control.loops.control_loop import Tick

PERIOD_NS = 100_000_000


class Bench:
    """A loop on a clock of its own; stamps and clocks agree."""

    def __init__(self, controller: Controller | None = None, **config: object) -> None:
        self.config = AltitudeNodeConfig(**config)  # type: ignore[arg-type]
        self.loop = AltitudeLoop(controller or load("blimp-altitude"), PID(), self.config)
        self.now_ns = 10**12

    @property
    def now_s(self) -> float:
        return self.now_ns * 1e-9

    def arm(self, height_m: float | None = 1.0) -> Bench:
        if height_m is not None:
            self.loop.on_set_point(height_m, self.now_s)
        self.loop.arm(self.now_s)
        return self

    def measure(self, range_m: float, periods: float = 1.0, stamp_ns: int | None = None) -> Tick:
        self.now_ns += round(periods * PERIOD_NS)
        stamp = self.now_ns if stamp_ns is None else stamp_ns
        return self.loop.on_range(range_m, stamp, self.now_ns, self.now_s)

    def silence(self, seconds: float) -> list[float | None]:
        sent = []
        for _ in range(round(seconds / 0.05)):
            self.now_ns += 50_000_000
            sent.append(self.loop.watch(self.now_s))
        return sent


class Scripted(Controller):
    """Gives what it is told, and raises where that is an exception."""

    observation_names, action_names = ("height_error_m",), ("motor_command",)
    control_period_s = 0.1

    def __init__(self, *script: float | Exception) -> None:
        self.script = list(script)

    def reset(self, seed: int | None = None) -> None:
        pass

    def _step(self, observation: np.ndarray) -> np.ndarray:
        given = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(given, Exception):
            raise given
        return np.array([given])

    @property
    def readouts(self) -> dict[str, float]:
        return {}
