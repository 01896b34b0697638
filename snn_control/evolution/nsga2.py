"""NSGA-II: elitist selection by Pareto front and crowding distance, for several objectives.

Parents and children are ordered by front, and within a front by crowding distance (`pareto.py`);
the best `population` of them survive. Binary tournaments by this order select the next parents.
Children result from simulated binary crossover and polynomial or Gaussian mutation.

Source: Deb, Pratap, Agarwal and Meyarivan, IEEE Trans. Evol. Comput. 6(2), 2002,
doi:10.1109/4235.996017.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, final

import numpy as np

from snn_control.evolution import variation
from snn_control.evolution.counter_random import draw_key
from snn_control.evolution.pareto import crowding_distances, non_dominated_ranks
from snn_control.evolution.ranges import check_between, check_choice, check_positive
from snn_control.evolution.strategy import Strategy


@dataclass(frozen=True)
class Nsga2Config:
    """Configuration of `Nsga2`; lengths are in units of the box edge."""

    n_objectives: int = 2
    """Number of objectives, at least 1."""
    population: int = 64
    """Children per generation, and survivors, at least 2."""
    crossover_rate: float = 0.9
    """Probability of crossover of a pair, in [0, 1]."""
    crossover_eta: float = 15.0
    """Distribution index of the crossover, at least 0; large values keep children near parents."""
    mutation: Literal["polynomial", "gaussian"] = "polynomial"
    """Mutation operator."""
    mutation_rate: float | None = None
    """Mutation probability of a gene, in [0, 1]; None means 1 / n_genes."""
    mutation_eta: float = 20.0
    """Distribution index of `polynomial`, at least 0; large values give small steps."""
    sigma: float = 0.1
    """Standard deviation of `gaussian`, and of the deviations from an initial genome, in (0, 1]."""

    def __post_init__(self) -> None:
        check_between("n_objectives", self.n_objectives, 1)
        check_between("population", self.population, 2)
        check_between("crossover_rate", self.crossover_rate, 0, 1)
        check_between("crossover_eta", self.crossover_eta, 0)
        check_choice("mutation", self.mutation, ("polynomial", "gaussian"))
        if self.mutation_rate is not None:
            check_between("mutation_rate", self.mutation_rate, 0, 1)
        check_between("mutation_eta", self.mutation_eta, 0)
        check_positive("sigma", self.sigma, 1)


@final
class Nsga2(Strategy[Nsga2Config]):
    """NSGA-II; the first generation is uniform in the box, or `initial` and genomes around it."""

    config_type = Nsga2Config

    def front(self) -> tuple[np.ndarray, np.ndarray]:
        """Return genomes (k, n_genes) and fitness (k, n_objectives) of front 0 of the survivors."""
        return self._parents[self._in_front], self._parent_fitness[self._in_front]

    def _sizes(self) -> tuple[int, int]:
        return self.config.population, self.config.n_objectives

    def _init(self, start: np.ndarray | None) -> None:
        rate = self.config.mutation_rate
        self._mutation_rate = 1 / self.n_genes if rate is None else rate
        self._factors = variation.spread_factors(self.config.crossover_eta)
        self._parents = np.zeros((self.population, self.n_genes))
        self._parent_fitness = np.full((self.population, self.n_objectives), np.inf)
        self._order = np.arange(self.population)
        self._in_front = np.ones(self.population, bool)
        self._start = start

    def _ask(self, genomes: np.ndarray) -> None:
        generator, config = self._generator, self.config
        if self.generation == 0:
            variation.start_population(generator, genomes, self._start, config.sigma)
            return
        n_pairs = (self.population + 1) // 2
        pairs = variation.select_pairs(generator, self._order, n_pairs, 2)
        variation.simulated_binary(
            self._parents, *pairs, genomes, draw_key(generator),
            config.crossover_rate, self._factors,
        )  # fmt: skip
        rate = self._mutation_rate
        if config.mutation == "polynomial":
            variation.mutate_polynomial(generator, genomes, rate, config.mutation_eta)
        else:
            variation.mutate_gaussian(generator, genomes, rate, config.sigma)
            np.clip(genomes, 0.0, 1.0, out=genomes)

    def _tell(self, genomes: np.ndarray, fitness: np.ndarray) -> None:
        pool = fitness
        if self.generation > 0:
            pool = np.concatenate((pool, self._parent_fitness))
        ranks = non_dominated_ranks(pool)
        crowding = crowding_distances(pool, ranks)
        survivors = np.lexsort((-crowding, ranks))[: self.population]
        self._order = variation.replace_parents(self._parents, genomes, survivors)
        self._parent_fitness[self._order] = pool[survivors]
        # Front 0 of the pool survives before all others, so that it is that of the survivors.
        self._in_front[self._order] = ranks[survivors] == 0

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
        self._in_front = non_dominated_ranks(self._parent_fitness) == 0
