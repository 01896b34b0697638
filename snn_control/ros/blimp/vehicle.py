"""Flights of the blimp over the bus."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from snn_control.controllers import Controller, load
from snn_control.envs.blimp.metrics import altitude_metrics
from snn_control.envs.blimp.plant import PHYSICS_STEP_S
from snn_control.ros.base.bag import RecordedTicks
from snn_control.ros.base.vehicle import Arrays, Craft, Flight, bus_trace, controller_name
from snn_control.training.blimp.system import Blimp
from snn_control.training.evaluate import Evaluation, evaluate, operations_metrics
from snn_control.training.rollout import Episode, spike_list


class BlimpCraft(Craft):
    """The blimp, by an altitude model or the PID."""

    environment = Blimp.environment
    simulator = "blimp_simulator"
    duration_s = 300.0
    headline: ClassVar[dict[str, str]] = {
        "hold_rmse_m": "hold_rmse_m",
        "steady_state_error_m": "steady_state_error_m",
        "overshoot_m": "overshoot_m",
    }

    def node(self, model: str) -> str:
        """Return the node of the model."""
        return "pid_controller" if model == "pid" else "altitude_controller"

    def simulator_parameters(self, flight: Flight) -> dict[str, Any]:
        """Return preset and period."""
        return {"preset": flight.preset, "period_s": float(flight.period_s)}

    def episode(self, ticks: RecordedTicks, flown: Arrays) -> tuple[Episode, int]:
        """Return the episode: metrics are of the true height."""
        trace = _trace(ticks, flown)
        metrics = altitude_metrics(flown["time_s"], flown["height_ref_m"], flown["height_m"])
        if ticks.spikes.size:
            trace |= spike_list(ticks.spikes[: int(ticks.stepped.sum())])
            metrics["spikes_per_s"] = float(ticks.spikes.sum()) / float(flown["time_s"][-1])
        episode = Episode(math.nan, metrics, trace)
        metrics |= operations_metrics(self.controller, episode)
        return episode, len(flown["tick_step"])

    def evaluations(self, flight: Flight) -> list[tuple[Evaluation, Controller]]:
        """Fly the same scenario without a bus, by the model and by the PID."""
        name = controller_name(flight.model)
        rivals = {f"{name}-in-process": self.controller}
        if name != "pid":
            rivals["pid"] = load("pid")
        return [
            (
                evaluate(
                    rival,
                    label,
                    seeds=[flight.seed],
                    preset=flight.preset,
                    duration_s=flight.duration_s,
                ),
                rival,
            )
            for label, rival in rivals.items()
        ]

    def transfers(self, flight: Flight) -> dict[str, Controller]:
        """Return the model and the PID."""
        return {controller_name(flight.model): self.controller, "pid": load("pid")}


def _trace(ticks: RecordedTicks, flown: Arrays) -> Arrays:
    shared = bus_trace(ticks)
    steps = np.rint(shared["time_s"] / PHYSICS_STEP_S).astype(int)
    at = np.clip(steps, 0, len(flown["time_s"]) - 1)
    reference_m = flown["height_ref_m"][at]
    return shared | {
        "height_m": flown["height_m"][at],
        "height_ref_m": reference_m,
        "range_m": reference_m - ticks.fields["height_error_m"],
        "motor_command": ticks.fields["command"],
    }
