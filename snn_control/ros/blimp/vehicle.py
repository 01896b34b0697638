"""Blimp on the bus: its nodes, episodes and evaluations."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from snn_control.controllers import Controller
from snn_control.envs.blimp.metrics import altitude_metrics
from snn_control.envs.blimp.plant import PHYSICS_STEP_S
from snn_control.loops.blimp.adapter import BlimpAdapter
from snn_control.ros.bags.ticks import RecordedTicks
from snn_control.ros.base.vehicle import (
    Arrays,
    BusRun,
    NodeStart,
    Vehicle,
    bus_trace,
    evaluated_beside,
)
from snn_control.training.blimp.system import Blimp, commands_a_blimp
from snn_control.training.evaluate import Evaluation, operations_metrics
from snn_control.training.rollout import Episode, spike_list

SUPERVISED = ("mode", *BlimpAdapter.supervised_names)
"""Columns of the supervision in the trace."""


class BlimpVehicle(Vehicle):
    """Blimp with an altitude model or the PID."""

    environment = Blimp.environment
    duration_s = 300.0
    headline: ClassVar[dict[str, str]] = {
        "hold_rmse_m": "hold_rmse_m",
        "steady_state_error_m": "steady_state_error_m",
        "overshoot_m": "overshoot_m",
    }
    fault_system = "blimp"

    @classmethod
    def accepts(cls, controller: Controller) -> bool:
        """Return True if a controller is an altitude controller."""
        return commands_a_blimp(controller)

    def controller_node(self, model: str) -> NodeStart:
        """Return the node of the model or of the PID."""
        if model == "pid":
            return NodeStart("pid_controller")
        return NodeStart("altitude_controller", {"model": model})

    def simulator_node(self, run: BusRun) -> NodeStart:
        """Return the simulator node with preset and period; with faults, it has its senses."""
        parameters: dict[str, Any] = {"preset": run.preset, "period_s": float(run.period_s)}
        if run.faults:
            parameters["senses"] = True
        return NodeStart("blimp_simulator", parameters)

    def episode(self, ticks: RecordedTicks, simulated: Arrays) -> tuple[Episode, int]:
        """Return the episode, with metrics of the true height."""
        trace = _trace(ticks, simulated)
        metrics = altitude_metrics(
            simulated["time_s"], simulated["height_ref_m"], simulated["height_m"]
        )
        if ticks.spikes.size:
            trace |= spike_list(ticks.spikes[: int(ticks.stepped.sum())])
            metrics["spikes_per_s"] = float(ticks.spikes.sum()) / float(simulated["time_s"][-1])
        episode = Episode(math.nan, metrics, trace)
        metrics |= operations_metrics(self.controller, episode)
        return episode, len(simulated["tick_step"])

    def evaluations(self, run: BusRun) -> list[tuple[Evaluation, Controller]]:
        """Evaluate the model and the PID in the same scenario."""
        return evaluated_beside("pid", self.controller, run)


def _trace(ticks: RecordedTicks, simulated: Arrays) -> Arrays:
    shared = bus_trace(ticks)
    steps = np.rint(shared["time_s"] / PHYSICS_STEP_S).astype(int)
    at = np.clip(steps, 0, len(simulated["time_s"]) - 1)
    reference_m = simulated["height_ref_m"][at]
    return shared | {
        "height_m": simulated["height_m"][at],
        "height_ref_m": reference_m,
        "range_m": reference_m - ticks.fields["height_error_m"],
        "motor_command": ticks.fields["command"],
        **{name: ticks.fields[name] for name in SUPERVISED if name in ticks.fields},
    }
