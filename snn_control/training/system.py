"""System: one robot or task with all that its optimisation, evaluation and report need.

A system is defined once, in `training/<system>/system.py`, and registered in `systems.SYSTEMS` or
by an entry point of another package. Generic code takes all system-dependent parts from it.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from snn_control.controllers.controller import Controller
from snn_control.errors import ParameterError
from snn_control.report.episode_picture import Response
from snn_control.training.task import Task

__all__ = [
    "ENVIRONMENT",
    "TWIN",
    "WHOLE",
    "FilmWindow",
    "Headline",
    "Response",
    "System",
    "Transfer",
]

Arrays = dict[str, npt.NDArray[Any]]
ENVIRONMENT = "environment"
"""Name of the system of a task in any environment, `training.any_environment.system`."""
TWIN = "-twin"
"""Suffix of the name of a controller's quantised non-spiking twin."""


@dataclass(frozen=True)
class Headline:
    """Metric that summarises a result in one figure."""

    metric: str
    """Name among the metrics of an episode."""
    key: str
    """Suffix of its key in results: `CONTROLLER_KEY`."""
    unit: str
    """Unit in `text`."""
    scale: float
    """Factor from the metric's unit to `unit`."""
    text: str
    """Line for users, with `{value}` and `{unit}`."""

    def line(self, controller: str, value: float) -> str:
        """Return the line of a controller; `value` is its mean in the metric's unit."""
        return f"{controller}: {self.text.format(value=self.scale * value, unit=self.unit)}"


@dataclass(frozen=True)
class FilmWindow:
    """Part of an episode to film for the report, s."""

    start_s: float = 0.0
    stop_s: float = math.inf


WHOLE = FilmWindow()
"""Whole episode."""


@dataclass(frozen=True, eq=False)
class Transfer:
    """Learned transfer function: a read-out, settled at constant observations."""

    observation: str
    """Name of the observation; controllers with any other are skipped."""
    readout: str
    """Read-out of the controllers."""
    observations: npt.NDArray[np.float64]
    """Values of the observation, shape (n,)."""
    ticks: int
    """Control ticks for which each value is held."""


class System(ABC):
    """Declaration of a system; its single instance has no state.

    Attributes:
        name: name in configurations (`system: NAME`).
        environment: id of the environment of its controllers.
        headline: metric that summarises a result.
        film_window: part of an episode to film for the report; None: no film.
        compared: metrics that `compare` and `eval` show, if an episode has any; empty: all.
        baselines: names of the baseline controllers.
        transfer: learned transfer function in the report; None: not shown.
        response: entry of a trace that a picture of an episode plots; None: no pictures.
    """

    name: ClassVar[str]
    environment: ClassVar[str]
    headline: ClassVar[Headline] = Headline("total_reward", "return", "", 1.0, "return {value:.1f}")
    film_window: ClassVar[FilmWindow | None] = None
    compared: ClassVar[tuple[str, ...]] = ()
    baselines: ClassVar[tuple[str, ...]] = ()
    transfer: ClassVar[Transfer | None] = None
    response: ClassVar[Response | None] = None

    @property
    @abstractmethod
    def task_type(self) -> type[Task]:
        """Dataclass of the evolution task, read from `task` of a configuration."""

    @abstractmethod
    def accepts(self, controller: Controller) -> bool:
        """Return True if the names that a controller declares are those of this system."""

    @property
    def about(self) -> dict[str, Any]:
        """Entries of the provenance of models that name the system; none by default."""
        return {}

    def environment_options(self, controller: Controller) -> dict[str, Any]:
        """Return the options of the environment that suit a controller; none by default."""
        return {}

    def rivals(self, controller: Controller) -> dict[str, Controller]:
        """Return the baselines shown beside a result, by name; none by default."""
        return {}

    def twin(self, controller: Controller) -> Controller:
        """Return the quantised non-spiking twin of a controller.

        Raises:
            ParameterError: the controller has no twin.
        """
        raise ParameterError(f"system {self.name!r} has no twin for a {type(controller).__name__}")

    def trace_arrays(self, trace: Mapping[str, npt.NDArray[Any]], n_actions: int) -> Arrays:
        """Return the arrays of a trace to store in a run, named as in `snn_control.report`.

        Args:
            trace: trace of an episode in any environment, one entry per tick.
            n_actions: number of actions of the controller.

        Returns:
            Arrays by name; empty if the trace lacks a required entry.
        """
        return {}

    def role(self, name: str) -> str:
        """Return the role of a controller on the page: `subject`, `baseline` or `twin`."""
        if name in self.baselines:
            return "baseline"
        return "twin" if name.endswith(TWIN) else "subject"
