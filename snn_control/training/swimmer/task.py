"""Task of the swimmer: maximise the return by few strengths of its circuit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

from snn_control.controllers.swimmer.plan import SwimmerPlan
from snn_control.controllers.swimmer.swimmer import Swimmer
from snn_control.engines.layout import lay_out
from snn_control.envs.swimmer.batch import SwimmerPool
from snn_control.envs.swimmer.metrics import swim_metrics
from snn_control.envs.swimmer.mjcf import check_links
from snn_control.envs.swimmer.start import Start, draw_start
from snn_control.envs.swimmer.swim import EPISODE_TICKS
from snn_control.errors import ConfigError, UnknownNameError
from snn_control.evolution.codec import Gene, NumbersCodec
from snn_control.evolution.ranges import check_between
from snn_control.training.evolution.objective import REWARD, SPIKES, Objective, parse_objectives
from snn_control.training.swimmer.closed_loop import Swims, swim
from snn_control.training.task import Fitness, Task

__all__ = ["FIRST_TRAINING_SEED", "SwimmerFitness", "SwimmerTask"]

FloatArray = npt.NDArray[np.float64]
METRICS = ("mean_speed_m_s", "distance_m", "straightness")
"""Metrics of `envs.swimmer.metrics`."""
OBJECTIVES = ("cost", REWARD, SPIKES, *METRICS)
FIRST_TRAINING_SEED = 10**6
"""Smallest seed of training starts; evaluations use smaller seeds."""


@dataclass(frozen=True)
class SwimmerTask(Task):
    """Body, circuit and evolved strengths."""

    n_links: int = 6
    """Number of links of the body, 3 to 30."""
    cells: Literal["graded", "spiking"] = "spiking"
    """Model of B cells and muscles."""
    sub_ticks: int = 5
    """Network ticks in a control period."""
    clock_free: bool = False
    """Swing the head by a half-centre instead of the clock."""
    period_ticks: int = 60
    """Period of the clock, control periods."""
    posture_start: bool = True
    """Start the clock against the bend of the body, see `Swimmer`."""
    genes: tuple[str, ...] = ("proprioception", "oscillator", "ipsilateral", "contralateral")
    """Evolved strengths of the circuit; their signs stay."""
    widest: float = 8.0
    """Largest factor between a strength and its initial value, in either direction."""
    starts: int = 1
    """Episodes of each genome, of `EPISODE_TICKS` control periods; equal for all genomes."""
    fresh_starts: bool = False
    """Draw other starts in each generation, from its number and the seed."""
    objectives: tuple[str, ...] = ("cost",)
    """`cost`, the fraction of the highest return that is missed, `reward`, or metrics of the
    episodes such as `straightness` and `spikes_per_decision`; `max NAME` maximises. The reward is
    maximised, other quantities minimised. Several need a multi-objective strategy."""
    data: ClassVar[str] = "simulated: random starts of snn_control/Swim-v0"

    def __post_init__(self) -> None:
        check_links(self.n_links)
        check_between("starts", self.starts, 1)
        check_between("period_ticks", self.period_ticks, 2)
        if not 1.0 < self.widest < np.inf:
            raise ConfigError(f"widest: {self.widest:g}; expected more than 1")
        for objective in self.parsed_objectives:
            objective.require_among(OBJECTIVES)
        strengths = self.plan.circuit().strengths
        for name in self.genes:
            if name not in strengths:
                raise UnknownNameError("strength", name, strengths)
        if not self.genes or len(set(self.genes)) < len(self.genes):
            raise ConfigError(f"genes: {self.genes}; name at least one, each once")

    @property
    def parsed_objectives(self) -> tuple[Objective, ...]:
        """Objectives with their directions."""
        return parse_objectives(self.objectives)

    @property
    def plan(self) -> SwimmerPlan:
        """Plan of the circuit before evolution."""
        return SwimmerPlan(
            self.n_links,
            self.cells,
            self.sub_ticks,
            self.clock_free,
            self.period_ticks,
            self.posture_start,
        )

    def fitness(self, seed: int) -> SwimmerFitness:
        """Return the fitness; `seed` is that of the starts."""
        return SwimmerFitness(self, seed)


class SwimmerFitness(Fitness):
    """Fraction of the highest return that a genome misses, 0 to 1; lower is better."""

    def __init__(self, task: SwimmerTask, seed: int) -> None:
        self.task, self._circuit = task, task.plan.circuit()
        self.codec = NumbersCodec(
            [self._gene(name, self._circuit.strengths[name].value) for name in task.genes]
        )
        self._layout = lay_out(self._circuit.network())
        self._pool = SwimmerPool(task.n_links)
        self._starts = self._draw(seed)

    def _draw(self, seed: int) -> list[Start]:
        task, rng = self.task, np.random.default_rng(seed)
        drawn = rng.integers(FIRST_TRAINING_SEED, 2**31, task.starts)
        return [draw_start(task.n_links, int(s), EPISODE_TICKS) for s in drawn]

    def _gene(self, name: str, start: float) -> Gene:
        return Gene(name, abs(start) / self.task.widest, abs(start) * self.task.widest, log=True)

    @property
    def n_genes(self) -> int:
        """Length of a genome."""
        return self.codec.n_genes

    @property
    def steps_per_genome(self) -> int:
        """Control periods that a genome swims."""
        return self.task.starts * EPISODE_TICKS

    def start(self, numbers: Mapping[str, float], seed: int) -> FloatArray:
        """Return the start genome: `numbers`, and the circuit's strengths for other genes."""
        for name in numbers:
            if name not in self.task.genes:
                raise UnknownNameError("gene", name, self.task.genes)
        own = {name: self._circuit.strengths[name].value for name in self.task.genes}
        return self.codec.encode({name: abs(v) for name, v in (own | dict(numbers)).items()})

    def strengths(self, genome: FloatArray) -> dict[str, float]:
        """Return the strengths of a genome, with their signs."""
        return {
            name: float(np.copysign(value, self._circuit.strengths[name].value))
            for name, value in self.codec.decode(genome).items()
        }

    def controller(self, genome: FloatArray) -> Swimmer:
        """Build the controller of a genome."""
        return Swimmer.planned(replace(self.task.plan, strengths=self.strengths(genome)))

    def swims(self, genomes: FloatArray) -> Swims:
        """Simulate each genome from each start."""
        networks = [self._circuit.network(self.strengths(genome)) for genome in genomes]
        return swim(
            self._layout,
            *self._layout.rows(networks),
            self._pool,
            self._starts,
            period_ticks=self.task.period_ticks,
            posture_start=self.task.posture_start,
        )

    def rows(self, genomes: FloatArray, seeds: npt.NDArray[np.uint64]) -> FloatArray:
        """Return the objectives, see `Fitness.rows`."""
        if self.task.fresh_starts:
            self._starts = self._draw(int(seeds[0]))
        return self(genomes)

    def __call__(self, genomes: FloatArray) -> FloatArray:
        """Return the objectives of each genome, shape (n_genomes, n_objectives)."""
        swims, objectives = self.swims(genomes), self.task.parsed_objectives
        returns = swims.returns.mean(axis=1)
        values = {"cost": 1.0 - returns / EPISODE_TICKS, REWARD: returns}
        values[SPIKES] = swims.spikes.mean(axis=1)
        if any(objective.name in METRICS for objective in objectives):
            values |= _metrics(swims)
        return np.stack([each.cost(values[each.name]) for each in objectives], axis=1)


def _metrics(swims: Swims) -> dict[str, FloatArray]:
    """Return the mean of each metric over the episodes, shape (n_networks,)."""
    episodes = [
        [swim_metrics(*each) for each in zip(speeds, paths, strict=True)]
        for speeds, paths in zip(swims.speed_m_s, swims.path_m, strict=True)
    ]
    return {
        name: np.array([np.mean([metrics[name] for metrics in row]) for row in episodes])
        for name in METRICS
    }
