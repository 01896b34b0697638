"""System of the blimp that holds its altitude."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from snn_control.controllers.blimp.altitude import Altitude
from snn_control.controllers.blimp.pid import PID
from snn_control.controllers.blimp.quantised_twin import QuantisedTwin, quantised_twin
from snn_control.controllers.controller import Controller
from snn_control.errors import ParameterError
from snn_control.loops.blimp.adapter import BlimpAdapter
from snn_control.loops.blimp.interface import ACTIONS, OBSERVABLE
from snn_control.supervision.modes import Mode
from snn_control.training.system import Arrays, FilmWindow, Headline, Response, System, Transfer
from snn_control.training.task import Task

__all__ = ["Blimp", "commands_a_blimp", "takes_adaptation"]

_NEEDED = ("height_m", "height_ref_m", "motor_command", "range_m", "missed_ticks")


def commands_a_blimp(controller: Controller) -> bool:
    """Return True if a controller maps some of `OBSERVABLE` to a motor command."""
    known = all(name in OBSERVABLE for name in controller.observation_names)
    return known and tuple(controller.action_names) == ACTIONS


def takes_adaptation(controller: Controller) -> bool:
    """Return True if a controller has a forward model that learns."""
    return "adapting" in controller.order_names


class Blimp(System):
    """Indoor blimp; baselines are the PID and the int8 twin of a spiking controller."""

    name = "blimp"
    environment = "snn_control/BlimpAltitude-v0"
    headline: ClassVar[Headline] = Headline(
        "hold_rmse_m", "hold_rmse_m", "cm RMSE", 100.0, "holds altitude within {value:.2f} {unit}"
    )
    film_window: ClassVar[FilmWindow | None] = FilmWindow(67.0, 87.0)
    """Window around the first reference step, at 70 s."""
    compared = ("hold_rmse_m", "steady_state_error_m", "overshoot_m", "rmse_m")
    baselines = ("pid",)
    transfer: ClassVar[Transfer | None] = Transfer(
        "height_error_m", "pd", np.linspace(-0.6, 0.6, 121), 30
    )
    response: ClassVar[Response | None] = Response(
        "height_m", "height, m", reference="height_ref_m"
    )

    @property
    def task_type(self) -> type[Task]:
        """Imitation of the PID and closed-loop control."""
        from snn_control.training.blimp.task import AltitudeTask

        return AltitudeTask

    def accepts(self, controller: Controller) -> bool:
        """Return True if the controller maps some of `OBSERVABLE` to a motor command.

        Adapting controllers belong to another system, see `takes_adaptation`.
        """
        return commands_a_blimp(controller) and not takes_adaptation(controller)

    def rivals(self, controller: Controller) -> dict[str, Controller]:
        """Return the tuned PID."""
        return {"pid": PID()}

    def twin(self, controller: Controller) -> QuantisedTwin:
        """Return the int8 network fitted to the same function."""
        if not isinstance(controller, Altitude):
            raise ParameterError("only an altitude controller made of networks has a twin")
        return quantised_twin(controller)

    def trace_arrays(self, trace: Mapping[str, npt.NDArray[Any]], n_actions: int) -> Arrays:
        """Return heights, measured height, command and the terms of the controller."""
        if not all(name in trace for name in _NEEDED):
            return {}
        kept = {
            "height_measured_m": trace["range_m"],
            "command": trace["motor_command"],
            "missed": trace["missed_ticks"] > 0,
        }
        names = ("height_m", "height_ref_m", "pd", "i", "mode", *BlimpAdapter.supervised_names)
        kept |= {name: trace[name] for name in names if name in trace}
        return kept | ({"mode_names": np.array([*Mode])} if "mode" in kept else {})
