"""Task in any Gymnasium environment: objectives of its episodes, a network with free parameters.

The network comes from a function, `MODULE:FUNCTION`, that returns a `Network` or a `Controller`.
Either some of the network's parameters are evolved, by name or pattern, or some arguments of the
function. A function with a parameter `inputs`, `outputs` or `control_period_s` receives the names
of the environment's observations and actions, and its control period in s.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, Literal

import gymnasium

from snn_control.errors import ConfigError
from snn_control.evolution.codec import NumbersCodec
from snn_control.evolution.parameter_patterns import gene, parameter_ranges
from snn_control.evolution.ranges import check_between
from snn_control.network import Network
from snn_control.training.any_environment.fitness import EnvironmentFitness, Episodes
from snn_control.training.any_environment.genome import (
    ArgumentGenome,
    EnvironmentGenome,
    ParameterGenome,
)
from snn_control.training.any_environment.imported_function import ImportedFunction
from snn_control.training.environment import make_environment
from snn_control.training.evolution.objective import REWARD, Objective, parse_objectives
from snn_control.training.interface import Interface
from snn_control.training.task import Task

__all__ = ["EnvironmentTask"]

PROVIDED = ("inputs", "outputs", "control_period_s")
"""Parameters of the function that the environment provides."""
PERIOD_S = 0.05
"""Control period of an environment that states none, s."""


@dataclass(frozen=True)
class EnvironmentTask(Task):
    """Environment, function that makes the network, evolved or trained quantities, objectives."""

    environment: str
    """Registered id, or `MODULE:ID`, where importing the module registers the id."""
    controller: str = "snn_control.controllers.layered:layered_network"
    """Function that makes the network: `MODULE:FUNCTION`."""
    options: dict[str, Any] = field(default_factory=dict)
    """Options of the environment."""
    arguments: dict[str, Any] = field(default_factory=dict)
    """Arguments of the function that are not evolved."""
    parameters: dict[str, Any] = field(default_factory=dict)
    """Evolved or trained parameters of the network, by name or shell pattern such as `*.weights`:
    `[low, high]` or `[low, high, log]`; time constants in s."""
    genes: dict[str, Any] = field(default_factory=dict)
    """Evolved arguments of the function: `[low, high]`, `[low, high, log]`,
    `[low, high, integer]` or `{choice: [A, B]}`."""
    objectives: tuple[str, ...] = (REWARD,)
    """`reward`, metrics of the environment or `spikes_per_decision`; `max NAME` maximises. The
    reward is maximised, other quantities minimised."""
    episodes: int = 1
    """Episodes of each genome or validation, whose mean counts; equal for all genomes of a
    generation."""
    scenarios: Literal["fixed", "fresh"] = "fixed"
    """`fresh`: other episodes in each generation or validation."""
    deterministic: bool = True
    """Refuse an environment whose episodes differ for equal seeds."""
    data: ClassVar[str] = "simulated: episodes of the environment"

    def __post_init__(self) -> None:
        parse_objectives(self.objectives)
        check_between("episodes", self.episodes, 1)
        if bool(self.parameters) == bool(self.genes):
            raise ConfigError(
                "name what is evolved: `parameters` of the network or `genes`, arguments of its "
                "function"
                + (
                    "; not both, because arguments may change the network's size"
                    if self.genes
                    else ""
                )
            )
        for name in self.genes:
            if name in self.arguments:
                raise ConfigError(f"genes: {name!r} is also among the fixed `arguments`")

    @property
    def parsed_objectives(self) -> tuple[Objective, ...]:
        """Objectives with their directions."""
        return parse_objectives(self.objectives)

    def make_environment(self) -> gymnasium.Env:
        """Make the environment.

        Raises:
            UnknownNameError, ConfigError: see `training.environment.make_environment`.
        """
        return make_environment(self.environment, **self.options)

    def genome(self, interface: Interface) -> EnvironmentGenome:
        """Return the mapping of genomes to controllers for an environment.

        Raises:
            ConfigError: the function cannot be imported or called, does not return a network, or a
                pattern matches no parameter.
        """
        function = ImportedFunction(self.controller, "controller")
        function.require_parameters(self.arguments, "arguments")
        function.require_parameters(self.genes, "genes")
        provided = {
            "inputs": interface.observation_names,
            "outputs": interface.action_names,
            "control_period_s": interface.control_period_s or PERIOD_S,
        }
        fixed = {name: provided[name] for name in PROVIDED if function.takes(name)}
        fixed |= self.arguments
        if self.genes:
            codec = NumbersCodec([gene(name, spec) for name, spec in self.genes.items()])
            known = {name: function.default(name) for name in self.genes}
            defaults = {name: value for name, value in known.items() if value is not None}
            return ArgumentGenome(partial(function, **fixed), codec, defaults)
        template = function(**fixed)
        if not isinstance(template, Network):
            raise ConfigError(
                f"controller: {self.controller} returned a {type(template).__name__}; expected a "
                "Network, whose `parameters` are evolved"
            )
        return ParameterGenome(template, parameter_ranges(template, self.parameters))

    def fitness(self, seed: int) -> EnvironmentFitness:
        """Return the fitness; `seed` is that of the episodes."""
        env = self.make_environment()
        return EnvironmentFitness(
            env,
            self.genome(Interface.of(env)),
            self.parsed_objectives,
            Episodes(self.episodes, self.scenarios == "fresh", self.deterministic),
            seed,
        )
