"""Flight of one controller on the native blimp, tick by tick, with faults of actuator and lidar."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from snn_control.controllers.controller import Controller
from snn_control.envs.blimp import plant
from snn_control.envs.blimp.scenario import Scenario
from snn_control.training.blimp.adaptive.closed_loop import integral_of_error, sign_changes
from snn_control.training.blimp.closed_loop import N_FIGURES, OVERSHOOT, judge

__all__ = ["Flight", "fly_one"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Flight:
    """Record of a flight, one entry for each tick."""

    time_s: FloatArray
    """Time of the tick, s."""
    reference_m: FloatArray
    """Reference, m."""
    height_m: FloatArray
    """True height at the end of the tick, m."""
    command: FloatArray
    """Command, motor units."""
    substeps: npt.NDArray[np.int32]
    """Physics steps of the tick."""
    readouts: dict[str, FloatArray] = field(repr=False)
    """Recorded read-outs of the controller, by name."""

    def part(self, start_s: float, stop_s: float = math.inf) -> Flight:
        """Return the ticks in a window, `stop_s` excluded."""
        during = (self.time_s >= start_s) & (self.time_s < stop_s)
        return Flight(
            self.time_s[during], self.reference_m[during], self.height_m[during],
            self.command[during], self.substeps[during],
            {name: values[during] for name, values in self.readouts.items()},
        )  # fmt: skip

    def iae_m_s(self, start_s: float = 0.0, stop_s: float = math.inf) -> float:
        """Return the integral of the absolute height error in a window, m s."""
        part = self.part(start_s, stop_s)
        rows = (part.reference_m, part.height_m, part.substeps)
        return float(integral_of_error(*rows, part.time_s.size))

    @property
    def overshoot_m(self) -> float:
        """Mean overshoot of the reference steps, m."""
        figures = np.zeros(N_FIGURES)
        judge(
            self.reference_m, self.height_m, self.command, self.substeps, self.command.size, figures
        )
        return float(figures[OVERSHOOT])

    @property
    def sign_changes_per_min(self) -> float:
        """Changes of the sign of the command, 1/min."""
        minutes = float(self.substeps.sum()) * plant.PHYSICS_STEP_S / 60.0
        return float(sign_changes(self.command, self.command.size)) / minutes


def fly_one(
    controller: Controller,
    scenario: Scenario,
    *,
    gain_factor: Callable[[float], float] | None = None,
    range_fault: Callable[[float, float], float] | None = None,
    record: tuple[str, ...] = (),
) -> Flight:
    """Fly one scenario.

    Args:
        controller: altitude controller; it is reset with the seed of the scenario.
        scenario: blimp, gusts, timing and reference.
        gain_factor: factor of the thrust at a time, s.
        range_fault: range that the controller receives, m, for a time, s, and a measured range.
        record: read-outs to keep.
    """
    state, constants = np.empty(plant.STATE_SIZE), scenario.constants.copy()
    gust = np.ascontiguousarray(scenario.gust_m_s2[2])
    gain = float(constants[plant.GAIN])
    plant.reset(state, constants)
    controller.reset(scenario.seed)
    names, n = controller.observation_names, scenario.reference_m.size
    heights_m, commands = np.empty(n), np.empty(n)
    kept = {name: np.empty(n) for name in record}
    time_s = scenario.tick_step * plant.PHYSICS_STEP_S
    sag_v_per_s = constants[plant.SAG_PER_S] * scenario.battery_start_v
    references_m, before_s = scenario.reference_m.tolist(), 0.0
    for k, now_s in enumerate(time_s.tolist()):
        range_m = float(plant.sense(state, constants))
        if range_fault is not None:
            range_m = range_fault(now_s, range_m)
        reference_m = references_m[k]
        observed = {
            "height_error_m": reference_m - range_m,
            "height_ref_m": reference_m,
            "range_m": range_m,
            "dt_s": now_s - before_s,
            "battery_v": scenario.battery_start_v - sag_v_per_s * now_s,
        }
        before_s = now_s
        commands[k] = controller.step(np.array([observed[name] for name in names])).item()
        if record:
            readouts = controller.readouts
            for name in record:
                kept[name][k] = readouts[name]
        if gain_factor is not None:
            constants[plant.GAIN] = gain * gain_factor(now_s)
        plant.advance(state, constants, gust, commands[k], int(scenario.substeps[k]))
        heights_m[k] = state[plant.HEIGHT]
    return Flight(time_s, scenario.reference_m, heights_m, commands, scenario.substeps, kept)
