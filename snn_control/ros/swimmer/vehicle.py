"""Swimmer on the bus: its nodes, episodes and evaluations."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from snn_control.controllers import Controller
from snn_control.controllers.swimmer.trials import SPEED_SENSOR
from snn_control.envs.swimmer.body import CONTROL_PERIOD_S
from snn_control.envs.swimmer.metrics import swim_metrics
from snn_control.errors import ConfigError
from snn_control.ros.bags.ticks import RecordedTicks
from snn_control.ros.base.vehicle import (
    Arrays,
    BusRun,
    NodeStart,
    Vehicle,
    bus_trace,
    controller_name,
)
from snn_control.training.evaluate import Evaluation, evaluate, operations_metrics
from snn_control.training.rollout import Episode, spike_list
from snn_control.training.swimmer.system import Swimmer


class SwimmerVehicle(Vehicle):
    """Swimmer with the joints of its controller."""

    environment = Swimmer.environment
    duration_s = 30.0
    headline: ClassVar[dict[str, str]] = {
        "return": "total_reward",
        "mean_speed_m_s": "mean_speed_m_s",
        "distance_m": "distance_m",
        "straightness": "straightness",
    }
    fault_system = "swimmer"

    @classmethod
    def accepts(cls, controller: Controller) -> bool:
        """Return True if a controller is a swimmer controller."""
        return Swimmer().accepts(controller)

    def controller_node(self, model: str) -> NodeStart:
        """Return the node of the model."""
        return NodeStart("swimmer_controller", {"model": model})

    def simulator_node(self, run: BusRun) -> NodeStart:
        """Return the simulator node with the number of links of the controller.

        Raises:
            ConfigError: a preset was named, or the period differs from that of the body.
        """
        own_s = self.controller.control_period_s
        if not math.isclose(own_s, CONTROL_PERIOD_S, rel_tol=1e-6):
            raise ConfigError(
                f"the model has a period of {own_s:g} s, expected that of the simulated body, "
                f"{CONTROL_PERIOD_S:g} s"
            )
        if run.preset != "default" or run.period_s:
            raise ConfigError(
                f"preset {run.preset!r}, period_s {run.period_s:g}: the swimmer has neither; "
                "set faults by the parameters of swimmer_simulator"
            )
        options = Swimmer().environment_options(self.controller)
        if SPEED_SENSOR in self.controller.observation_names:
            options["odometry"] = True
        return NodeStart("swimmer_simulator", options)

    def episode(self, ticks: RecordedTicks, simulated: Arrays) -> tuple[Episode, int]:
        """Return the episode; its total reward is the return of `Swim` over the recorded time."""
        speeds = simulated["forward_speed_m_s"]
        metrics = swim_metrics(speeds, simulated["path_m"])
        total = float(simulated["reward"].sum())
        trace = bus_trace(ticks)
        names = zip(self.controller.action_names, ticks.commands.T, strict=True)
        trace |= dict(names) | {name: ticks.fields[name] for name in ticks.observation_names}
        at = np.rint(trace["time_s"] / self.controller.control_period_s).astype(int)
        trace["forward_speed_m_s"] = speeds[np.clip(at, 0, len(speeds) - 1)]
        if ticks.spikes.size:
            trace |= spike_list(ticks.spikes)
            period_s = self.controller.control_period_s
            metrics["spikes_per_s"] = float(ticks.spikes.sum()) / (len(speeds) * period_s)
        metrics["total_reward"] = total
        episode = Episode(total, metrics, trace)
        metrics |= operations_metrics(self.controller, episode)
        return episode, len(speeds)

    def evaluations(self, run: BusRun) -> list[tuple[Evaluation, Controller]]:
        """Evaluate the model in process from the same start."""
        n_ticks = round(run.duration_s / self.controller.control_period_s)
        in_process = evaluate(
            self.controller,
            f"{controller_name(run.model)}-in-process",
            seeds=[run.seed],
            n_ticks=n_ticks,
        )
        return [(in_process, self.controller)]
