"""Options of the verbs that fly seeded episodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snn_control.cli.result import WrongUseError
from snn_control.controllers.controller import Controller
from snn_control.envs.blimp.parameter_file import read_parameters
from snn_control.errors import InterfaceMismatchError
from snn_control.training.environment import make_environment
from snn_control.training.evaluate import Evaluation, evaluate
from snn_control.training.rollout import match
from snn_control.training.systems import environment_of, find_system


@dataclass(frozen=True, kw_only=True)
class EnvironmentOptions:
    """Where to fly."""

    environment: str | None = None
    """Id of the environment, or module:id, the module registering it; default: the one that the
    controller was made for."""
    parameters: Path | None = None
    """YAML file of the blimp's parameters, for example one that `fit` wrote."""
    duration_s: float | None = None
    """Length of an episode in s; default: the environment's own."""

    def options(self, controller: Controller) -> dict[str, Any]:
        """Return the environment for a controller, and its options."""
        read = read_parameters(self.parameters) if self.parameters else None
        name, options = environment_of(controller, find_system(controller), self.environment)
        own = {"parameters": read, "duration_s": self.duration_s}
        given = {key: value for key, value in own.items() if value is not None}
        return {"environment": name} | options | given

    def fits(self, other: Controller, controller: Controller) -> bool:
        """Return whether `other` fits the environment of `controller`."""
        options = self.options(controller)
        env = make_environment(options.pop("environment"), **options)
        try:
            match(other, env)
        except InterfaceMismatchError:
            return False
        finally:
            env.close()
        return True


@dataclass(frozen=True, kw_only=True)
class SeededOptions(EnvironmentOptions):
    """Which episodes to fly."""

    presets: tuple[str, ...] = ("default",)
    """Presets of the environment."""
    episodes: int = 20
    """Seeded episodes for each preset."""
    first_seed: int = 10_000
    """First seed; training never uses these."""

    def fly(self, controllers: dict[str, Controller], preset: str) -> list[Evaluation]:
        """Fly every controller through the episodes of a preset."""
        if self.episodes < 1:
            raise WrongUseError(f"--episodes is {self.episodes}; expected at least 1")
        seeds: Sequence[int] = range(self.first_seed, self.first_seed + self.episodes)
        return [
            evaluate(controller, name, seeds=seeds, preset=preset, **self.options(controller))
            for name, controller in controllers.items()
        ]
