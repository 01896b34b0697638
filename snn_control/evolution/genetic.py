"""Genetic algorithm with (mu + lambda) survival.

In each generation the best mu of parents and children survive; ties prefer the younger genome.
Tournaments among the survivors select the next parents. Crossover and mutation produce the
children, which are clipped to the box. The standard deviation of the mutation in generation g is
max(sigma_min, sigma * decay^g). Survivors are not evaluated again: a noisy fitness should use the
same seeds in every generation.

Source: Baeck, Evolutionary Algorithms in Theory and Practice, 1996; see `variation` for the
sources of the operators.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, final

import numpy as np

from snn_control.evolution import variation
from snn_control.evolution.counter_random import draw_key, normal_quantiles
from snn_control.evolution.ranges import check_between, check_choice, check_positive
from snn_control.evolution.strategy import Strategy


@dataclass(frozen=True)
class GeneticConfig:
    """Configuration of `Genetic`; lengths are in units of the box edge."""

    population: int = 64
    """Children per generation (lambda), at least 2."""
    parents: int | None = None
    """Survivors (mu), in [1, population]; None means a quarter of `population`, at least 2."""
    tournament_size: int = 2
    """Contestants of a tournament, at least 1; 1 selects parents at random."""
    crossover: Literal["blend", "uniform"] = "blend"
    """Crossover operator."""
    crossover_rate: float = 0.7
    """Probability of crossover of a child, in [0, 1]."""
    blend_alpha: float = 0.3
    """Extension of `blend` beyond the parents, as a fraction of their distance, in [0, 2]."""
    mutation_rate: float = 0.2
    """Mutation probability of a gene, in [0, 1]."""
    sigma: float = 0.1
    """Initial standard deviation of the mutation, and of the deviations from an initial genome, in
    (0, 1]."""
    sigma_decay: float = 0.98
    """Factor of the standard deviation per generation, in (0, 1]."""
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

    The first generation is uniform in the box, or `initial` and genomes around it.
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
        mothers, fathers = variation.select_pairs(
            generator, self._order, self.population, config.tournament_size
        )
        drawn = self._parents, mothers, fathers, genomes, draw_key(generator)
        mutation = config.mutation_rate, sigma, normal_quantiles()
        if config.crossover == "blend":
            variation.blend(*drawn, config.crossover_rate, config.blend_alpha, *mutation)
        else:
            variation.uniform(*drawn, config.crossover_rate, *mutation)

    def _tell(self, genomes: np.ndarray, fitness: np.ndarray) -> None:
        pool = fitness[:, 0]
        if self.generation > 0:
            pool = np.concatenate((pool, self._parent_fitness))
        survivors = np.argsort(pool, kind="stable")[: len(self._parents)]
        self._order = variation.replace_parents(self._parents, genomes, survivors)
        self._parent_fitness[self._order] = pool[survivors]

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
