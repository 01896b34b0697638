"""Objectives of genomes in episodes of any Gymnasium environment."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import gymnasium
import numpy as np
import numpy.typing as npt

from snn_control.controllers.controller import Controller
from snn_control.errors import ConfigError, NotFiniteError
from snn_control.training.any_environment.genome import EnvironmentGenome, Runner
from snn_control.training.evolution.objective import REWARD, SPIKES, Objective
from snn_control.training.interface import Declared, Interface
from snn_control.training.rollout import match
from snn_control.training.task import Fitness

__all__ = ["EnvironmentFitness", "Episodes"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Episodes:
    """Episodes of each genome."""

    number: int
    fresh: bool
    """True to draw other episodes in each generation."""
    deterministic: bool
    """True to refuse an environment whose episodes differ for equal seeds."""


class EnvironmentFitness(Fitness):
    """Mean objectives of genomes over seeded episodes of one environment.

    Args:
        env: environment.
        genome: mapping of genomes to controllers.
        objectives: quantities of an episode.
        episodes: episodes of each genome.
        seed: seed of the episodes.

    Raises:
        InterfaceMismatchError: the controller does not fit the environment; lists both names.
        ControlPeriodError: it has another control period than an environment that declares one.
    """

    holds_interpreter: ClassVar[bool] = True

    def __init__(
        self,
        env: gymnasium.Env,
        genome: EnvironmentGenome,
        objectives: Sequence[Objective],
        episodes: Episodes,
        seed: int,
    ) -> None:
        self._env, self._genome, self._objectives = env, genome, objectives
        self._episodes, self._seed = episodes, seed
        self._interface = Interface.of(env)
        self._metrics: Any = env.unwrapped if Declared.by(env).has_metrics else None
        self._counts_spikes = any(objective.name == SPIKES for objective in objectives)
        picked = match(genome.controller(np.full(genome.n_genes, 0.5)), env)
        n = len(self._interface.observation_names)
        self._pick = None if picked == [*range(n)] else np.array(picked)
        self._zeros = np.zeros(n)
        self._ticks = 0

    @property
    def n_genes(self) -> int:
        """Length of a genome."""
        return self._genome.n_genes

    @property
    def steps_per_genome(self) -> int:
        """0: episodes may have different lengths; `rows` counts their control periods."""
        return 0

    def start(self, numbers: Mapping[str, float], seed: int) -> FloatArray:
        """Return the start genome, see `EnvironmentGenome.start`."""
        return self._genome.start(numbers, np.random.default_rng(seed))

    def controller(self, genome: FloatArray) -> Controller:
        """Build the controller of a genome."""
        return self._genome.controller(genome)

    def prepare(self, genome: FloatArray) -> None:
        """Evaluate a genome twice.

        Raises:
            UnknownNameError: an objective is not among the quantities of an episode.
            ConfigError: the two evaluations differ.
        """
        first, second = (self(genome[None]) for _ in range(2))
        if self._episodes.deterministic and (first != second).any():
            raise ConfigError(
                "the environment is not deterministic: two evaluations of "
                f"one genome with equal seeds gave {first[0].tolist()} and {second[0].tolist()}. "
                "Draw all random numbers from self.np_random and reset all state in reset(), or "
                "set `deterministic: false` and do without equal results of equal runs"
            )

    def __call__(self, genomes: FloatArray) -> FloatArray:
        """Return the objectives in the episodes of the first generation."""
        seeds = np.full(len(genomes), self.generation_seed(self._seed, 0), np.uint64)
        return np.array([*self.rows(genomes, seeds)])[:, :-1]

    def generation_seed(self, seed: int, generation: int) -> int:
        """Return the seed of the episodes of a generation."""
        return super().generation_seed(seed, generation if self._episodes.fresh else 0)

    def rows(self, genomes: FloatArray, seeds: npt.NDArray[np.uint64]) -> Iterator[FloatArray]:
        """Yield objectives and number of control periods of each genome, (n_objectives + 1,)."""
        for runner, seed in zip(self._genome.runners(genomes), seeds.tolist(), strict=True):
            self._ticks = 0
            drawn = np.random.SeedSequence(seed).generate_state(self._episodes.number).tolist()
            costs = [self._costs(self._episode(runner, each)) for each in drawn]
            yield np.append(np.mean(costs, axis=0), self._ticks)

    def _costs(self, quantities: Mapping[str, float]) -> list[float]:
        costs = [objective.value_of(quantities) for objective in self._objectives]
        for objective, cost in zip(self._objectives, costs, strict=True):
            if not math.isfinite(cost):
                raise NotFiniteError(f"{objective.name} of an episode is {abs(cost)}")
        return costs

    def _episode(self, runner: Runner, seed: int) -> dict[str, float]:
        """Return reward, metrics and, for an objective, spikes of an episode."""
        env, interface, pick, zeros = self._env, self._interface, self._pick, self._zeros
        total, ticks, spikes, done = 0.0, 0, 0.0, False
        runner.reset(seed)
        observation, _ = env.reset(seed=seed)
        while not done:
            values = interface.observe(observation)
            if values.dot(zeros) != 0.0:  # NaN or infinite
                raise NotFiniteError(self._not_finite(values, ticks))
            action = runner.step(values if pick is None else values.take(pick))
            observation, reward, terminated, truncated, _ = env.step(interface.act(action))
            if self._counts_spikes:
                spikes += float(runner.spikes().sum())
            total += float(reward)
            ticks += 1
            done = terminated or truncated
        self._ticks += ticks
        quantities = {REWARD: total}
        if self._counts_spikes:
            quantities[SPIKES] = spikes / ticks
        return quantities if self._metrics is None else {**self._metrics.metrics(), **quantities}

    def _not_finite(self, values: FloatArray, tick: int) -> str:
        k = int(np.flatnonzero(~np.isfinite(values))[0])
        return f"observation {self._interface.observation_names[k]} of tick {tick} is {values[k]}"
