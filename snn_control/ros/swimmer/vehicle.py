"""Swims of the swimmer over the bus."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from snn_control.controllers import Controller
from snn_control.envs.swimmer.body import CONTROL_PERIOD_S
from snn_control.envs.swimmer.metrics import swim_metrics
from snn_control.errors import ConfigError
from snn_control.ros.base.bag import RecordedTicks
from snn_control.ros.base.vehicle import Arrays, Craft, Flight, bus_trace, controller_name
from snn_control.training.evaluate import Evaluation, evaluate, operations_metrics
from snn_control.training.rollout import Episode, spike_list
from snn_control.training.swimmer.system import Swimmer


class SwimmerCraft(Craft):
    """The swimmer of as many joints as its circuit."""

    environment = Swimmer.environment
    simulator = "swimmer_simulator"
    duration_s = 30.0
    headline: ClassVar[dict[str, str]] = {
        "return": "total_reward",
        "mean_speed_m_s": "mean_speed_m_s",
        "distance_m": "distance_m",
        "straightness": "straightness",
    }

    def node(self, model: str) -> str:
        """Return the node of the model."""
        return "swimmer_controller"

    def simulator_parameters(self, flight: Flight) -> dict[str, Any]:
        """Return the length of the body.

        Raises:
            ConfigError: a preset, or another period than that of the body.
        """
        own_s = self.controller.control_period_s
        if not math.isclose(own_s, CONTROL_PERIOD_S, rel_tol=1e-6):
            raise ConfigError(
                f"the model has a period of {own_s:g} s, the simulated body of "
                f"{CONTROL_PERIOD_S:g} s"
            )
        if flight.preset != "default" or flight.period_s:
            raise ConfigError(
                f"preset {flight.preset!r}, period_s {flight.period_s:g}: the swimmer has neither; "
                "damage it by the parameters of swimmer_simulator"
            )
        return {"n_links": len(self.controller.action_names) + 1}

    def episode(self, ticks: RecordedTicks, flown: Arrays) -> tuple[Episode, int]:
        """Return the episode; its total reward is the return of `Swim`, as far as it was swum."""
        speeds = flown["forward_speed_m_s"]
        metrics = swim_metrics(speeds, flown["path_m"])
        total = float(flown["reward"].sum())
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

    def evaluations(self, flight: Flight) -> list[tuple[Evaluation, Controller]]:
        """Swim from the same start without a bus."""
        n_ticks = round(flight.duration_s / self.controller.control_period_s)
        alone = evaluate(
            self.controller,
            f"{controller_name(flight.model)}-in-process",
            seeds=[flight.seed],
            n_ticks=n_ticks,
        )
        return [(alone, self.controller)]
