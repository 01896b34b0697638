"""System: one robot or task with everything that optimising, evaluating and reporting it needs.

A system is written once, in `training/<system>/system.py`, and named in `systems.SYSTEMS`, or by an
entry point of another package. All other code takes what depends on the system from it.
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
from snn_control.training.task import Task

__all__ = ["TWIN", "FilmWindow", "Headline", "System", "Transfer"]

Arrays = dict[str, npt.NDArray[Any]]
TWIN = "-twin"
"""Suffix of the name of a controller's quantised non-spiking twin."""


@dataclass(frozen=True)
class Headline:
    """Metric that sums a result up in one figure."""

    metric: str
    """Name among the metrics of an episode."""
    key: str
    """Name in results: `CONTROLLER_KEY`."""
    unit: str
    """Unit in which `text` shows it."""
    scale: float
    """Factor from the metric's unit to `unit`."""
    text: str
    """Line for people, with `{value}` and `{unit}`."""

    def line(self, controller: str, value: float) -> str:
        """Return the line of a controller whose mean is `value`, in the metric's unit."""
        return f"{controller}: {self.text.format(value=self.scale * value, unit=self.unit)}"


@dataclass(frozen=True)
class FilmWindow:
    """Part of an episode that is filmed for the report, in s."""

    start_s: float = 0.0
    stop_s: float = math.inf


@dataclass(frozen=True, eq=False)
class Transfer:
    """Learned transfer function: a read-out, settled at held observations."""

    observation: str
    """Name of the one observation of the controllers that have it."""
    readout: str
    """Read-out of the controllers."""
    observations: npt.NDArray[np.float64]
    """Values of the observation, shape (n,)."""
    ticks: int
    """Control ticks for which each is held."""


class System(ABC):
    """Declaration of a system; one instance without state serves all.

    Attributes:
        name: in configurations (`system: NAME`).
        environment: id of the environment that its controllers are made for.
        headline: metric that sums a result up.
        film_window: part of an episode that the report shows; None: the environment draws nothing.
        compared: metrics that `compare` and `eval` show, where an episode has any; empty: all.
        baselines: names of the controllers that others are compared with.
        transfer: learned transfer that the report shows; None: there is none.
    """

    name: ClassVar[str]
    environment: ClassVar[str]
    headline: ClassVar[Headline] = Headline("total_reward", "return", "", 1.0, "return {value:.1f}")
    film_window: ClassVar[FilmWindow | None] = None
    compared: ClassVar[tuple[str, ...]] = ()
    baselines: ClassVar[tuple[str, ...]] = ()
    transfer: ClassVar[Transfer | None] = None

    @property
    @abstractmethod
    def task_type(self) -> type[Task]:
        """Dataclass of what is evolved, read from `task` of a configuration."""

    @abstractmethod
    def accepts(self, controller: Controller) -> bool:
        """Return whether a controller is made for this system, by the names that it declares."""

    def environment_options(self, controller: Controller) -> dict[str, Any]:
        """Return the options with which the environment suits a controller; none by default."""
        return {}

    def rivals(self, controller: Controller) -> dict[str, Controller]:
        """Return the baselines that a result is shown beside, by name; none by default."""
        return {}

    def twin(self, controller: Controller) -> Controller:
        """Return the quantised non-spiking twin of a controller.

        Raises:
            ParameterError: there is none.
        """
        raise ParameterError(f"system {self.name!r} has no twin for a {type(controller).__name__}")

    def trace_arrays(self, trace: Mapping[str, npt.NDArray[Any]], n_actions: int) -> Arrays:
        """Return the arrays of a trace that a run keeps, named as in `snn_control.report`.

        Args:
            trace: of an episode in any environment, one entry a tick.
            n_actions: of the controller.

        Returns:
            Arrays by name; none where the trace lacks what they are made of.
        """
        return {}

    def role(self, name: str) -> str:
        """Return the role of a controller on the page: `subject`, `baseline` or `twin`."""
        if name in self.baselines:
            return "baseline"
        return "twin" if name.endswith(TWIN) else "subject"
