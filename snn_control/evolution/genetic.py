"""Genetic algorithm with (mu + lambda) survival, on one matrix of genomes.

Each generation the best mu of parents and children survive; of equals the younger. Parents of the
next children win a tournament among them; children are crossed, mutated and clipped to the box.
The standard deviation of generation g is max(sigma_min, sigma * decay^g).
A survivor keeps the fitness it once had: give a noisy fitness the same seeds every generation.

Source: Baeck, Evolutionary Algorithms in Theory and Practice, 1996; the operators name their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, final

import numpy as np

from snn_control.evolution import variation
from snn_control.evolution.ranges import check_between, check_choice, check_positive
from snn_control.evolution.row_blocks import row_blocks
from snn_control.evolution.strategy import Strategy


@dataclass(frozen=True)
class GeneticConfig:
    """Configuration of `Genetic`; lengths are in units of the box edge."""

    population: int = 64
    """Children a generation (lambda), at least 2."""
    parents: int | None = None
    """Survivors (mu), 1 to `population`; None means a quarter of `population`, at least 2."""
    tournament_size: int = 2
    """Contestants of a tournament, at least 1; 1 chooses parents at random."""
    crossover: Literal["blend", "uniform"] = "blend"
    """Crossover operator."""
    crossover_rate: float = 0.7
    """Probability that a child is crossed, in [0, 1]."""
    blend_alpha: float = 0.3
    """How far `blend` reaches beyond the parents, in [0, 2]."""
    mutation_rate: float = 0.2
    """Probability that a gene is mutated, in [0, 1]."""
    sigma: float = 0.1
    """Standard deviation of the mutation in the first generation, and of the deviations from an
    initial genome, in (0, 1]."""
    sigma_decay: float = 0.98
    """Factor on the standard deviation a generation, in (0, 1]."""
    sigma_min: float = 1e-4
    """Smallest standard deviation, in [0, sigma]."""

    def __post_init__(self) -> None:
        check_between("population", self.population, 2)
        if self.parents is not None:
            check_between("parents", self.parents, 1, self.population)
        check_between("tournament_size", self.tournament_size, 1)
        check_choice("crossover", self.crossover, ("blend", "uniform"))
        check_between("crossover_rate", self.crossover_rate, 0, 1)
        check_between("blend_alpha", self.blend_alpha, 0, 2)
        check_between("mutation_rate", self.mutation_rate, 0, 1)
        check_positive("sigma", self.sigma, 1)
        check_positive("sigma_decay", self.sigma_decay, 1)
        check_between("sigma_min", self.sigma_min, 0, self.sigma)


@final
class Genetic(Strategy[GeneticConfig]):
    """(mu + lambda) genetic algorithm for one objective.

    Starts uniformly in the box, or around `initial`, which is then the first genome.
    """

    config_type = GeneticConfig

    def _sizes(self) -> tuple[int, int]:
        return self.config.population, 1

    def _init(self, start: np.ndarray | None) -> None:
        mu = self.config.parents or max(2, self.population // 4)
        self._parents = np.zeros((mu, self.n_genes))
        self._parent_fitness = np.full(mu, np.inf)
        self._order = np.arange(mu)
        self._start = start

    def _ask(self, genomes: np.ndarray) -> None:
        generator, config = self._generator, self.config
        if self.generation == 0:
            variation.start_population(generator, genomes, self._start, config.sigma)
            return
        sigma = max(config.sigma_min, config.sigma * config.sigma_decay**self.generation)
        size = config.tournament_size
        couples = variation.couples(generator, self._order, self.population, size)
        for rows in row_blocks(self.population, self.n_genes):
            children = self._crossed(*couples[:, rows])
            variation.mutate_gaussian(generator, children, config.mutation_rate, sigma)
            np.clip(children, 0.0, 1.0, out=genomes[rows])

    def _crossed(self, mothers: np.ndarray, fathers: np.ndarray) -> np.ndarray:
        generator, config = self._generator, self.config
        parents, rate = self._parents, config.crossover_rate
        if config.crossover == "blend":
            alpha = config.blend_alpha
            return variation.blend(generator, parents[mothers], parents[fathers], rate, alpha)
        return variation.uniform(generator, parents[mothers], parents[fathers], rate)

    def _tell(self, genomes: np.ndarray, fitness: np.ndarray) -> None:
        pool = fitness[:, 0]
        if self.generation > 0:
            pool = np.concatenate((pool, self._parent_fitness))
        chosen = np.argsort(pool, kind="stable")[: len(self._parents)]
        self._order = variation.replace_losers(self._parents, genomes, chosen)
        self._parent_fitness[self._order] = pool[chosen]

    def _state(self) -> dict[str, np.ndarray]:
        return {
            "parents": self._parents,
            "parent_fitness": self._parent_fitness,
            "order": self._order,
        }

    def _restore(self, state: Mapping[str, np.ndarray]) -> None:
        self._parents = state["parents"]
        self._parent_fitness = state["parent_fitness"]
        self._order = state["order"]
