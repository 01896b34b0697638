"""System of the swimmer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from snn_control.controllers.controller import Controller
from snn_control.controllers.swimmer.circuit import unit_strengths
from snn_control.controllers.swimmer.swimmer import Swimmer as SwimmerController
from snn_control.controllers.swimmer.trials import SPEED_SENSOR
from snn_control.training.system import Arrays, FilmWindow, Headline, Response, System
from snn_control.training.task import Task

__all__ = ["Swimmer"]


class Swimmer(System):
    """Swimmer of 3 to 30 links; the baseline is its untrained circuit."""

    name = "swimmer"
    environment = "snn_control/Swim-v0"
    headline: ClassVar[Headline] = Headline(
        "total_reward", "return", "", 1.0, "return {value:.1f} of 1000"
    )
    film_window: ClassVar[FilmWindow | None] = FilmWindow(0.0, 20.0)
    baselines = ("untrained",)
    response: ClassVar[Response | None] = Response(
        "forward_speed_m_s", "forward speed, cm/s", 100.0
    )

    @property
    def task_type(self) -> type[Task]:
        """Maximisation of the return by few strengths."""
        from snn_control.training.swimmer.task import SwimmerTask

        return SwimmerTask

    def accepts(self, controller: Controller) -> bool:
        """Return True if the controller maps the angles of all joints to their efforts.

        It may also take the speed of the head, for trials.
        """
        n = len(controller.action_names)
        angles = tuple(f"joint_{k}_rad" for k in range(n))
        names = tuple(f"joint_{k}_effort" for k in range(n))
        observed = controller.observation_names in (angles, (*angles, SPEED_SENSOR))
        return observed and controller.action_names == names

    def environment_options(self, controller: Controller) -> dict[str, Any]:
        """Return the number of links."""
        return {"n_links": len(controller.action_names) + 1}

    def rivals(self, controller: Controller) -> dict[str, Controller]:
        """Return the circuit before training."""
        if not isinstance(controller, SwimmerController):
            return {}
        return {"untrained": SwimmerController(unit_strengths(controller.networks[0]))}

    def trace_arrays(self, trace: Mapping[str, npt.NDArray[Any]], n_actions: int) -> Arrays:
        """Return `joint_rad`, `effort`, (n_ticks, n_joints), and `forward_speed_m_s` if traced."""
        joints = range(n_actions)
        if not all(f"joint_{k}_{name}" in trace for k in joints for name in ("rad", "effort")):
            return {}
        kept = {
            "joint_rad": np.stack([trace[f"joint_{k}_rad"] for k in joints], axis=1),
            "effort": np.stack([trace[f"joint_{k}_effort"] for k in joints], axis=1),
        }
        names = ("forward_speed_m_s",)
        return kept | {name: trace[name] for name in names if name in trace}
