"""System of the robot that passes a corridor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from snn_control.controllers.controller import Controller
from snn_control.controllers.corridor.gap import Gap
from snn_control.envs.corridor.navigation import CorridorNav
from snn_control.training.system import Arrays, FilmWindow, Headline, Response, System
from snn_control.training.task import Task

__all__ = ["Corridor"]

_DRIVE = ("speed_m_s", "turn_rate_rad_s")
_KEPT = ("x_m", "y_m", "yaw_rad", "clearance_m", *_DRIVE)


class Corridor(System):
    """Disc robot in a corridor with obstacles; the baseline is the gap follower."""

    name = "corridor"
    environment = "snn_control/CorridorNav-v0"
    headline: ClassVar[Headline] = Headline(
        "success", "success", "%", 100.0, "passes {value:.0f} {unit} of the corridors"
    )
    film_window: ClassVar[FilmWindow | None] = FilmWindow(0.0, 20.0)
    compared = ("success", "collision", "progress_m", "travel_s", "min_clearance_m")
    baselines = ("gap",)
    response: ClassVar[Response | None] = Response("x_m", "way along the corridor, m")

    @property
    def task_type(self) -> type[Task]:
        """Maximisation of the progress in the world `static`."""
        from snn_control.training.corridor.task import CorridorTask

        return CorridorTask

    def accepts(self, controller: Controller) -> bool:
        """Return True if the controller maps rays and odometry to speed and turn rate."""
        offered = set(CorridorNav.observation_names)
        actions = tuple(controller.action_names)
        return actions[:2] == _DRIVE and offered >= set(controller.observation_names)

    def environment_options(self, controller: Controller) -> dict[str, Any]:
        """Return the choice of rays for a controller that fires them."""
        return {"ray_choice": True} if len(controller.action_names) > len(_DRIVE) else {}

    def rivals(self, controller: Controller) -> dict[str, Controller]:
        """Return the gap follower with all rays; none beside a controller that chooses rays."""
        return {"gap": Gap()} if tuple(controller.action_names) == _DRIVE else {}

    def trace_arrays(self, trace: Mapping[str, npt.NDArray[Any]], n_actions: int) -> Arrays:
        """Return pose, clearance and commands."""
        if not all(name in trace for name in _KEPT):
            return {}
        return {name: np.asarray(trace[name]) for name in _KEPT}
