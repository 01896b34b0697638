"""Task of the corridor robot: settings of the gap follower for the largest reward."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import ClassVar, Self

from snn_control.controllers.corridor.gap import Gap, GapConfig
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


@dataclass(frozen=True)
class CorridorTask(Task):
    """Evolved settings of the gap follower, in episodes of the world `static`.

    Networks are evolved by `task: {environment: CorridorNav-v0}`.
    """

    genes: tuple[str, ...] = tuple(GENES)
    """Evolved settings, see `GENES`."""
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
            if name not in GENES:
                raise UnknownNameError("gene", name, GENES)
        if not self.genes or len(set(self.genes)) < len(self.genes):
            raise ConfigError(f"genes: {self.genes}; name at least one, each once")

    @property
    def parsed_objectives(self) -> tuple[Objective, ...]:
        """Objectives with their directions."""
        return parse_objectives(self.objectives)

    def fitness(self, seed: int) -> EnvironmentFitness:
        """Return the fitness; `seed` is that of the episodes."""
        codec = NumbersCodec([Gene(name, *GENES[name], log=True) for name in self.genes])
        known = asdict(GapConfig())
        return EnvironmentFitness(
            make_environment("snn_control/CorridorNav-v0", duration_s=self.duration_s),
            ArgumentGenome(Gap, codec, {name: known[name] for name in self.genes}),
            self.parsed_objectives,
            Episodes(self.episodes, self.fresh_starts, deterministic=True),
            seed,
        )

    def smallest(self) -> Self:
        """Return the task with one short episode."""
        return replace(self, episodes=1, duration_s=5.0)
