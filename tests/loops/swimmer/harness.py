"""Swimmer loop without a node, and a swimmer with scripted output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from snn_control.controllers import Controller, Swimmer, load
from snn_control.loops.control_loop import ControlLoop, Tick
from snn_control.loops.swimmer.adapter import ODOMETRY, SwimmerAdapter
from snn_control.loops.swimmer.config import SwimmerConfig

PERIOD_NS = 30_000_000
N_JOINTS = 5
NAMES = tuple(f"joint_{k}" for k in range(N_JOINTS))


def swim_loop(controller: Controller, config: SwimmerConfig) -> ControlLoop[SwimmerAdapter]:
    """Return a loop like that of the node."""
    return ControlLoop(controller, SwimmerAdapter(controller, config))


class SwimBench:
    """Loop on a simulated clock; stamps and clocks agree.

    The angles of most tests jump: `joint_speed_max_rad_s` has no effect unless it is given.
    """

    def __init__(self, controller: Swimmer | None = None, **config: Any) -> None:
        config = {"joint_speed_max_rad_s": 1e6, **config}
        self.loop = swim_loop(controller or swimmer(), SwimmerConfig(**config))
        self.swimmer = self.loop.adapter
        self.now_ns = 10**12

    @property
    def now_s(self) -> float:
        return self.now_ns * 1e-9

    def arm(self) -> SwimBench:
        self.loop.arm(self.now_s)
        return self

    def measure(
        self,
        angles: Sequence[float] = (0.1,) * N_JOINTS,
        names: Sequence[str] = NAMES,
        stamp_ns: int | None = None,
    ) -> Tick:
        self.now_ns += PERIOD_NS
        stamp = self.now_ns if stamp_ns is None else stamp_ns
        tick = self.joints(names, angles, stamp, self.now_ns, self.now_s)
        assert tick is not None
        return tick

    def joints(
        self,
        names: Sequence[str],
        positions: Sequence[float],
        stamp_ns: int,
        clock_ns: int,
        now_s: float,
    ) -> Tick | None:
        """Process joint states at any time, with any stamp."""
        return self.loop.tick(self.swimmer.read(names, positions), stamp_ns, clock_ns, now_s)

    def velocity(self, forward_m_s: float, left_rad_s: float) -> bool:
        return self.swimmer.on_cmd_vel(forward_m_s, left_rad_s, self.now_s)

    def speed(self, forward_m_s: float, stamp_ns: int | None = None) -> None:
        """Process odometry of the head."""
        stamp = self.now_ns if stamp_ns is None else stamp_ns
        self.loop.sense(ODOMETRY, forward_m_s, stamp, self.now_ns, self.now_s)

    def silence(self, seconds: float) -> list[np.ndarray | None]:
        """Return the command of each watch, every 0.02 s."""
        sent = []
        for _ in range(round(seconds / 0.02)):
            self.now_ns += 20_000_000
            sent.append(self.loop.watch(self.now_s))
        return sent


class ScriptedSwimmer(Swimmer):
    """Swimmer with the efforts of a script, which raises entries that are exceptions."""

    def __init__(self, *script: float | Exception) -> None:
        super().__init__(swimmer().networks[0])
        self.script = list(script)

    def _step(self, observation: np.ndarray) -> np.ndarray:
        entry = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(entry, Exception):
            raise entry
        return np.full(N_JOINTS, entry)


def swimmer() -> Swimmer:
    controller = load("swimmer")
    assert isinstance(controller, Swimmer)
    return controller


def angles(n: int, seed: int = 0) -> np.ndarray:
    """Return angles of an undulating body, shape (n, N_JOINTS)."""
    phases = 2 * np.pi * np.arange(N_JOINTS) / N_JOINTS
    ticks = np.arange(n)[:, None] / 15.0
    return np.sin(ticks - phases) + np.random.default_rng(seed).normal(0, 0.05, (n, N_JOINTS))
