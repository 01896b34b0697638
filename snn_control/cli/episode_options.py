"""Options of the verbs that run seeded episodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from snn_control.cli.options import File, OptionalSeconds, OptionalText
from snn_control.cli.result import WrongUseError
from snn_control.controllers.controller import Controller
from snn_control.envs.blimp.parameter_file import read_parameters
from snn_control.errors import InterfaceMismatchError
from snn_control.supervision.fault_file import FaultFile
from snn_control.training.environment import make_environment
from snn_control.training.evaluate import Evaluation, evaluate
from snn_control.training.rollout import match
from snn_control.training.systems import environment_of, find_system


@dataclass(frozen=True, kw_only=True)
class EnvironmentOptions:
    """Environment of the episodes."""

    environment: OptionalText = None
    """Id of the environment, or MODULE:ID to import its module; default: that of the controller."""
    parameters: File = None
    """YAML file of blimp parameters, for example one written by `fit`."""
    duration_s: OptionalSeconds = None
    """Length of an episode, s; default: that of the environment."""
    faults: File = None
    """YAML file of faults of sensors and actuators, or the name of a shipped one, for example
    `lidar`; a fault that changes nothing is an error."""

    def options(self, controller: Controller) -> dict[str, Any]:
        """Return the environment of a controller and its options, as keyword arguments."""
        read = read_parameters(self.parameters) if self.parameters else None
        name, options = environment_of(controller, find_system(controller), self.environment)
        faults = FaultFile.read(self.faults) if self.faults else None
        overrides = {"parameters": read, "duration_s": self.duration_s, "faults": faults}
        overrides = {key: value for key, value in overrides.items() if value is not None}
        return {"environment": name} | options | overrides

    def injected(self) -> dict[str, str]:
        """Return the file of faults for the result; empty without one."""
        return {"faults": str(self.faults)} if self.faults else {}

    def fits(self, other: Controller, controller: Controller) -> bool:
        """Return True if `other` fits the environment of `controller`."""
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
    """Presets and seeds of the episodes."""

    presets: tuple[str, ...] = ("default",)
    """Presets of the environment."""
    episodes: int = 20
    """Number of seeded episodes per preset."""
    first_seed: int = 10_000
    """First of the consecutive seeds; training does not use the default seeds."""

    def __post_init__(self) -> None:
        if not self.presets:
            raise WrongUseError("--presets names no preset; leave it out for `default`")

    def evaluate_all(
        self, controllers: dict[str, Controller], preset: str, progress: Callable[[str], None]
    ) -> list[Evaluation]:
        """Evaluate every controller over the episodes of a preset, with a line for each."""
        if self.first_seed < 0:
            raise WrongUseError(f"--first-seed is {self.first_seed}; expected at least 0")
        if self.episodes < 1:
            raise WrongUseError(f"--episodes is {self.episodes}; expected at least 1")
        seeds: Sequence[int] = range(self.first_seed, self.first_seed + self.episodes)
        evaluations = []
        for name, controller in controllers.items():
            progress(f"evaluating {name}, preset {preset}, {self.episodes} episodes")
            options = self.options(controller)
            evaluations.append(evaluate(controller, name, seeds=seeds, preset=preset, **options))
        return evaluations
