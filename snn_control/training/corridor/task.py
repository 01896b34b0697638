"""Task of the corridor robot: settings of a gap follower for the largest reward."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import ClassVar, Literal, Self

from snn_control.controllers.corridor.gap import Gap, GapConfig
from snn_control.controllers.corridor.spiking_gap import spiking_gap
from snn_control.errors import ConfigError, UnknownNameError
from snn_control.evolution.codec import Gene, NumbersCodec
from snn_control.evolution.ranges import check_between
from snn_control.training.any_environment.fitness import EnvironmentFitness, Episodes
from snn_control.training.any_environment.genome import ArgumentGenome
from snn_control.training.environment import make_environment
from snn_control.training.evolution.objective import REWARD, Objective, parse_objectives
from snn_control.training.task import Task

__all__ = ["GENES", "CorridorTask"]

GENES = {
    "margin_m": (0.03, 0.3),
    "horizon_m": (1.0, 5.0),
    "goal_weight": (0.1, 3.0),
    "turn_weight": (0.05, 2.0),
    "turn_gain_per_s": (1.0, 8.0),
    "slow_m": (0.2, 2.0),
}
"""Range of each setting of the gap follower that can be evolved, on a logarithmic scale."""
SPIKING_GENES = {name: GENES[name] for name in GENES if name != "horizon_m"} | {
    "tau_direction_s": (0.01, 0.5),
}
"""The same for the spiking gap follower."""
TAU_DIRECTION_S = 0.05
"""Start of `tau_direction_s`, s."""


@dataclass(frozen=True)
class CorridorTask(Task):
    """Evolved settings of a gap follower, in episodes of the world `static`.

    Networks are evolved by `task: {environment: CorridorNav-v0}`.
    """

    controller: Literal["gap", "spiking"] = "gap"
    """Gap follower, without or with spikes."""
    genes: tuple[str, ...] = ()
    """Evolved settings, see `GENES` and `SPIKING_GENES`; empty: all."""
    objectives: tuple[str, ...] = (REWARD,)
    """`reward` or metrics of the environment such as `success`; `max NAME` maximises."""
    episodes: int = 10
    """Episodes of each genome."""
    fresh_starts: bool = True
    """Draw other episodes in each generation."""
    duration_s: float = 40.0
    """Longest episode, s."""
    data: ClassVar[str] = "simulated: world `static` of snn_control/CorridorNav-v0"

    def __post_init__(self) -> None:
        parse_objectives(self.objectives)
        check_between("episodes", self.episodes, 1)
        for name in self.genes:
            if name not in self.ranges:
                raise UnknownNameError("gene", name, self.ranges)
        if len(set(self.genes)) < len(self.genes):
            raise ConfigError(f"genes: {self.genes}; name each once")

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """Range of each setting of the controller that can be evolved."""
        return GENES if self.controller == "gap" else SPIKING_GENES

    @property
    def parsed_objectives(self) -> tuple[Objective, ...]:
        """Objectives with their directions."""
        return parse_objectives(self.objectives)

    def fitness(self, seed: int) -> EnvironmentFitness:
        """Return the fitness; `seed` is that of the episodes."""
        names = self.genes or tuple(self.ranges)
        codec = NumbersCodec([Gene(name, *self.ranges[name], log=True) for name in names])
        known = asdict(GapConfig()) | {"tau_direction_s": TAU_DIRECTION_S}
        make = Gap if self.controller == "gap" else spiking_gap
        return EnvironmentFitness(
            make_environment("snn_control/CorridorNav-v0", duration_s=self.duration_s),
            ArgumentGenome(make, codec, {name: known[name] for name in names}),
            self.parsed_objectives,
            Episodes(self.episodes, self.fresh_starts, deterministic=True),
            seed,
        )

    def smallest(self) -> Self:
        """Return the task with one short episode."""
        return replace(self, episodes=1, duration_s=5.0)
