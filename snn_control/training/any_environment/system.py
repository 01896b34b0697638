"""System of one environment of any origin, for controllers evolved or trained in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache, cached_property
from typing import Any, ClassVar

import gymnasium
import numpy as np
import numpy.typing as npt

from snn_control.controllers.controller import Controller
from snn_control.training.any_environment.task import EnvironmentTask
from snn_control.training.environment import make_environment
from snn_control.training.evolution.objective import REWARD
from snn_control.training.interface import Interface
from snn_control.training.system import ENVIRONMENT, WHOLE, FilmWindow, Headline, System
from snn_control.training.task import Task

__all__ = ["EnvironmentSystem"]


class EnvironmentSystem(System):
    """One environment and its options.

    Args:
        environment: registered id, or `MODULE:ID`.
        options: options of the environment.
        objective: `reward` or a metric, which summarises a result.
    """

    name = ENVIRONMENT
    task_type: ClassVar[type[Task]] = EnvironmentTask

    def __init__(
        self, environment: str, options: Mapping[str, Any], objective: str = REWARD
    ) -> None:
        self.environment, self._options = environment, dict(options)  # type: ignore[misc]
        self._objective = objective
        if objective != REWARD:
            self.headline = Headline(  # type: ignore[misc]
                objective, objective, "", 1.0, f"{objective} {{value:.4g}}"
            )

    @cached_property
    def _env(self) -> gymnasium.Env:
        """Environment, made only if a part of it is needed."""
        return make_environment(self.environment, **self._options)

    @cached_property
    def _interface(self) -> Interface:
        return Interface.of(self._env)

    @property
    def film_window(self) -> FilmWindow | None:  # type: ignore[override]
        """Whole episode if the environment renders frames, else None."""
        films = "rgb_array" in self._env.unwrapped.metadata.get("render_modes", ())
        return WHOLE if films else None

    @classmethod
    def of_task(cls, task: Task) -> EnvironmentSystem | None:
        """Return the system of a task in any environment; None for other tasks."""
        if not isinstance(task, EnvironmentTask):
            return None
        return cls(task.environment, task.options, task.parsed_objectives[0].name)

    @classmethod
    def of_document(cls, about: Mapping[str, Any]) -> EnvironmentSystem | None:
        """Return the system that `about` of a model names; None if it names none."""
        own = about.get(ENVIRONMENT)
        if not isinstance(own, Mapping) or not isinstance(own.get("id"), str):
            return None
        return _named(json.dumps(own, sort_keys=True))

    @property
    def about(self) -> dict[str, Any]:
        """Entries of `about` of its models, see `of_document`."""
        own = {"id": self.environment, "options": self._options, "objective": self._objective}
        return {ENVIRONMENT: own}

    def accepts(self, controller: Controller) -> bool:
        """Return True if the environment offers the observations and takes the actions."""
        offered = set(self._interface.observation_names)
        return offered >= set(controller.observation_names) and (
            self._interface.action_names == tuple(controller.action_names)
        )

    def environment_options(self, controller: Controller) -> dict[str, Any]:
        """Return the options of the environment."""
        return dict(self._options)

    def trace_arrays(
        self, trace: Mapping[str, npt.NDArray[Any]], n_actions: int
    ) -> dict[str, npt.NDArray[Any]]:
        """Return observations and actions with their names, and times if the trace has none."""
        arrays: dict[str, npt.NDArray[Any]] = {}
        for kind in ("observation", "action"):
            names = [n for n in getattr(self._interface, f"{kind}_names") if n in trace]
            if names:
                arrays[f"{kind}_names"] = np.array(names)
                arrays[f"{kind}s"] = np.stack([trace[name] for name in names], axis=1)
        period_s = self._interface.control_period_s
        if arrays and "time_s" not in trace and period_s:
            arrays["time_s"] = period_s * np.arange(len(arrays["observations"]))
        return arrays


@cache
def _named(text: str) -> EnvironmentSystem:
    """Return the system of an entry of `about`, as JSON; its environment is made once."""
    own = json.loads(text)
    return EnvironmentSystem(own["id"], own.get("options") or {}, own.get("objective", REWARD))
