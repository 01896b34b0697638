"""Corridor robot on the bus: its nodes, episodes and evaluations."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from snn_control.controllers import Controller
from snn_control.envs.corridor.metrics import corridor_metrics
from snn_control.envs.corridor.scenario import CONTROL_PERIOD_S
from snn_control.envs.corridor.worlds import WORLDS
from snn_control.errors import ConfigError, UnknownNameError
from snn_control.loops.corridor.adapter import DRIVE
from snn_control.ros.bags.ticks import RecordedTicks
from snn_control.ros.base.vehicle import (
    Arrays,
    BusRun,
    NodeStart,
    Vehicle,
    bus_trace,
    evaluated_beside,
)
from snn_control.training.corridor.system import Corridor
from snn_control.training.evaluate import Evaluation, operations_metrics
from snn_control.training.rollout import Episode, spike_list


class CorridorVehicle(Vehicle):
    """Disc robot in a corridor."""

    environment = Corridor.environment
    duration_s = 40.0
    headline: ClassVar[dict[str, str]] = {
        "success": "success",
        "progress_m": "progress_m",
        "min_clearance_m": "min_clearance_m",
        "rays_per_scan": "rays_per_scan",
    }
    fault_system = "corridor"

    @classmethod
    def accepts(cls, controller: Controller) -> bool:
        """Return True if a controller maps rays and odometry to speed and turn rate alone."""
        return Corridor().accepts(controller) and tuple(controller.action_names) == DRIVE

    def controller_node(self, model: str) -> NodeStart:
        """Return the node of the model."""
        return NodeStart("corridor_controller", {"model": model})

    def simulator_node(self, run: BusRun) -> NodeStart:
        """Return the simulator node; a preset is a world.

        Raises:
            ConfigError: the period differs from that of the robot.
            UnknownNameError: no such world.
        """
        own_s = self.controller.control_period_s
        if run.period_s or not math.isclose(own_s, CONTROL_PERIOD_S, rel_tol=1e-6):
            raise ConfigError(
                f"period_s {run.period_s:g}, the model has {own_s:g} s; expected that of the "
                f"simulated robot, {CONTROL_PERIOD_S:g} s"
            )
        world = "static" if run.preset == "default" else run.preset
        if world not in WORLDS:
            raise UnknownNameError("world", world, WORLDS)
        return NodeStart("corridor_simulator", {"world": world})

    def episode(self, ticks: RecordedTicks, simulated: Arrays) -> tuple[Episode, int]:
        """Return the episode; its total reward is that of `CorridorNav` over the recorded time."""
        path_m, rays = simulated["path_m"], simulated["rays"]
        n_ticks = len(path_m) - 1
        metrics = corridor_metrics(
            path_m, simulated["clearance_m"], rays[: max(n_ticks, 1)], CONTROL_PERIOD_S
        )
        steps = np.diff(path_m[:, 0]) / (0.8 * CONTROL_PERIOD_S)
        total = float(np.clip(steps, 0.0, 1.0).sum())
        trace = bus_trace(ticks)
        trace |= dict(zip(DRIVE, ticks.commands.T, strict=True))
        trace |= {name: ticks.fields[name] for name in ticks.observation_names}
        at = np.clip(np.rint(trace["time_s"] / CONTROL_PERIOD_S).astype(int), 0, n_ticks)
        trace |= {
            "x_m": path_m[at, 0],
            "y_m": path_m[at, 1],
            "yaw_rad": simulated["yaw_rad"][at],
            "clearance_m": simulated["clearance_m"][at],
        }
        if ticks.spikes.size:
            trace |= spike_list(ticks.spikes[: int(ticks.stepped.sum())])
            metrics["spikes_per_s"] = float(ticks.spikes.sum()) / (n_ticks * CONTROL_PERIOD_S)
        metrics["total_reward"] = total
        episode = Episode(total, metrics, trace)
        metrics |= operations_metrics(self.controller, episode)
        return episode, n_ticks

    def evaluations(self, run: BusRun) -> list[tuple[Evaluation, Controller]]:
        """Evaluate the model and the gap follower in process in the same episode."""
        return evaluated_beside("gap", self.controller, run)
