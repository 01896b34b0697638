"""Flight of the altitude loop on the native plant, with a faulty lidar."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from snn_control.controllers import PID, load
from snn_control.controllers.blimp.motion import BlimpMotion
from snn_control.envs.blimp import plant
from snn_control.envs.blimp.presets import blimp_parameters
from snn_control.envs.blimp.scenario import Scenario, draw_scenario
from snn_control.loops.blimp.adapter import BlimpAdapter
from snn_control.loops.blimp.config import AltitudeNodeConfig
from snn_control.loops.control_loop import ControlLoop
from snn_control.supervision.modes import MEASURED_MODES

WATCH_STEPS = 5
START_NS = 10**12


class Fault(ABC):
    """Fault of the lidar from `at_s` on."""

    def __init__(self, at_s: float) -> None:
        self.at_s = at_s

    def measure(self, time_s: float, range_m: float) -> tuple[float, float]:
        """Return the published range, m, and the delay of its stamp, s."""
        if time_s < self.at_s:
            self.keep(time_s, range_m)
            return range_m, 0.0
        return self.fail(time_s, range_m)

    def keep(self, time_s: float, range_m: float) -> None:  # noqa: B027
        """Record a range before the fault; by default nothing."""

    @abstractmethod
    def fail(self, time_s: float, range_m: float) -> tuple[float, float]:
        """Return the published range, m, and the delay of its stamp, s."""


class Noisy(Fault):
    """Lidar with noise before its steps of 1 cm, from the start on."""

    def __init__(self, sd_m: float, seed: int = 0) -> None:
        super().__init__(0.0)
        self._sd_m, self._rng = sd_m, np.random.default_rng(seed)

    def fail(self, time_s: float, range_m: float) -> tuple[float, float]:
        return max(round(range_m + self._sd_m * self._rng.normal(), 2), 0.01), 0.0


class Stuck(Fault):
    """Lidar that repeats its last range, with noise."""

    def __init__(self, at_s: float, noise_sd_m: float = 0.0, seed: int = 0) -> None:
        super().__init__(at_s)
        self._noise_sd_m, self._rng = noise_sd_m, np.random.default_rng(seed)

    def keep(self, time_s: float, range_m: float) -> None:
        self._last_m = range_m

    def fail(self, time_s: float, range_m: float) -> tuple[float, float]:
        return self._last_m + self._noise_sd_m * self._rng.normal(), 0.0


class Flickering(Stuck):
    """Lidar that repeats its last range, alternating by one step of 1 cm."""

    def fail(self, time_s: float, range_m: float) -> tuple[float, float]:
        self._up = not getattr(self, "_up", False)
        return self._last_m + 0.01 * self._up, 0.0


class Offset(Fault):
    """Lidar whose range jumps."""

    def __init__(self, at_s: float, offset_m: float) -> None:
        super().__init__(at_s)
        self._offset_m = offset_m

    def fail(self, time_s: float, range_m: float) -> tuple[float, float]:
        return max(range_m + self._offset_m, 0.01), 0.0


class Drift(Fault):
    """Lidar whose range drifts."""

    def __init__(self, at_s: float, speed_m_s: float) -> None:
        super().__init__(at_s)
        self._speed_m_s = speed_m_s

    def fail(self, time_s: float, range_m: float) -> tuple[float, float]:
        return max(range_m + self._speed_m_s * (time_s - self.at_s), 0.01), 0.0


class Garbage(Fault):
    """Lidar that returns any range within its reach."""

    def __init__(self, at_s: float, seed: int) -> None:
        super().__init__(at_s)
        self._rng = np.random.default_rng(seed)

    def fail(self, time_s: float, range_m: float) -> tuple[float, float]:
        return float(self._rng.uniform(0.06, 4.0)), 0.0


class Zero(Fault):
    """Lidar that returns 0."""

    def fail(self, time_s: float, range_m: float) -> tuple[float, float]:
        return 0.0, 0.0


class Delay(Fault):
    """Lidar whose ranges arrive late, with the stamp of the measurement or of the arrival."""

    def __init__(self, at_s: float, delay_s: float, stamped: bool) -> None:
        super().__init__(at_s)
        self._delay_s, self._stamped = delay_s, stamped
        self._ranges: list[tuple[float, float]] = []

    def keep(self, time_s: float, range_m: float) -> None:
        self._ranges.append((time_s, range_m))

    def fail(self, time_s: float, range_m: float) -> tuple[float, float]:
        self.keep(time_s, range_m)
        at_s, late_m = [x for x in self._ranges if x[0] <= time_s - self._delay_s][-1]
        return late_m, time_s - at_s if self._stamped else 0.0


@dataclass(frozen=True)
class Flight:
    """Recorded flight."""

    time_s: np.ndarray
    height_m: np.ndarray
    setpoint_m: np.ndarray
    range_m: np.ndarray
    """Published range; NaN between the ticks."""
    modes: tuple[tuple[float, str, str], ...]
    """Time, mode and reason of each change of the mode."""

    def left_auto(self, since_s: float = 0.0) -> tuple[float, str] | None:
        """Return time and reason of the first departure from AUTO, or None; gaps do not count."""
        for time_s, mode, reason in self.modes:
            gap = mode == "coast" and ("no measurement" in reason or "silent" in reason)
            if time_s >= since_s and mode not in MEASURED_MODES and not gap:
                return time_s, reason
        return None

    def at(self, time_s: float) -> int:
        """Return the index of a time."""
        return int(np.searchsorted(self.time_s, time_s))


def identify(scenario: Scenario) -> BlimpMotion:
    """Return the parameters of the blimp of a scenario."""
    row, step_s = scenario.constants, plant.PHYSICS_STEP_S
    hover_duty = math.sqrt(-row.item(plant.BIAS) / row.item(plant.GAIN))
    return BlimpMotion(
        thrust_gain_m_s2=row.item(plant.GAIN),
        motor_time_constant_s=-step_s / math.log1p(-row.item(plant.MOTOR_FRACTION)),
        transport_delay_s=row.item(plant.DELAY_STEPS) * step_s,
        linear_drag_per_s=row.item(plant.LINEAR_DRAG),
        quadratic_drag_per_m=row.item(plant.QUADRATIC_DRAG),
        hover_motor_units=(45.0 * hover_duty - 9.0) / 3.0,
    )


def fly(
    preset: str,
    seed: int,
    duration_s: float,
    fault: Fault | None = None,
    setpoint_m: Callable[[float], float] | None = None,
    changes: dict[str, Any] | None = None,
    identified: bool = False,
    **config: Any,
) -> Flight:
    """Fly one scenario.

    Args:
        preset, seed, changes: blimp, gusts and ticks, as in `draw_scenario`.
        duration_s: length of the flight.
        fault: fault of the lidar.
        setpoint_m: setpoint over time; None: that of the scenario.
        identified: True to check ranges against a model with the parameters of this blimp.
        config: parameters of the loop.
    """
    scenario = draw_scenario(blimp_parameters(preset, changes), seed, duration_s)
    state = np.zeros(plant.STATE_SIZE)
    plant.reset(state, scenario.constants)
    gust = np.ascontiguousarray(scenario.gust_m_s2[2])
    controller = load("blimp-altitude")
    motion = identify(scenario) if identified else None
    adapter = BlimpAdapter(controller, AltitudeNodeConfig(**config), motion)
    loop = ControlLoop(controller, adapter, PID())
    ticks = {int(step): k for k, step in enumerate(scenario.tick_step)}
    watched = range(0, scenario.n_steps, WATCH_STEPS)
    events = sorted(set(ticks) | set(watched))
    command, last_ns = 3.1, 0
    rows, modes = [], [("disarmed", "")]
    changed: list[tuple[float, str, str]] = []
    loop.arm(START_NS * 1e-9)
    for step, following in zip(events, [*events[1:], scenario.n_steps], strict=True):
        time_s, now_ns = step * plant.PHYSICS_STEP_S, START_NS + step * 10_000_000
        published_m, sent = np.nan, None
        if step in ticks:
            reference_m = scenario.reference_m[ticks[step]]
            commanded_m = float(reference_m if setpoint_m is None else setpoint_m(time_s))
            loop.adapter.on_setpoint(commanded_m, now_ns * 1e-9)
            true_m = plant.sense(state, scenario.constants)
            published_m, delay_s = fault.measure(time_s, true_m) if fault else (true_m, 0.0)
            stamp_ns = now_ns - round(delay_s * 1e9)
            if stamp_ns > last_ns:
                last_ns = stamp_ns
                reading = loop.adapter.read(published_m, (0.0, 12.0))
                tick = loop.tick(reading, stamp_ns, now_ns, now_ns * 1e-9)
                assert tick is not None
                sent = tick.command
                loop.keep_ready()
        elif tick := loop.coast(now_ns * 1e-9, now_ns):
            sent = tick.command
        else:
            sent = loop.watch(now_ns * 1e-9)
        command = command if sent is None else sent.item()
        if (loop.modes.mode, loop.modes.reason) != modes[-1]:
            modes.append((loop.modes.mode, loop.modes.reason))
            changed.append((time_s, str(loop.modes.mode), loop.modes.reason))
        rows.append((time_s, state.item(plant.HEIGHT), commanded_m, published_m))
        plant.advance(state, scenario.constants, gust, command, following - step)
    time_s, height_m, setpoints_m, ranges_m = np.array(rows).T
    return Flight(time_s, height_m, setpoints_m, ranges_m, tuple(changed))
