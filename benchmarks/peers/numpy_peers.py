"""DEAP, pycma and this package: evolution of the toy blimp, and free fitness."""

from __future__ import annotations

import os
import random
from typing import Any

import numpy as np

from benchmarks.peers import toy_task
from benchmarks.peers.worker import generations_per_s
from snn_control.evolution import GeneticConfig, make_strategy, strategy_type

THREADS = len(os.sched_getaffinity(0))
Array = np.ndarray


class Evolution:
    """Evolution of the toy blimp by a strategy of this package."""

    def __init__(self, name: str) -> None:
        self._name, self._costs = name, toy_task.Ours(THREADS)
        self._costs(np.zeros((toy_task.POPULATION, toy_task.N_GENES)))
        self.info = {"way": f"fused, {THREADS} threads"}

    def run(self, seed: int, spread: float, generations: int) -> dict[str, Any]:
        """Run an evolution with a start or mutation spread; see `toy_task.timed_run`."""
        box = toy_task.BOX
        config = strategy_type(self._name).config_type(
            population=toy_task.POPULATION, sigma=spread / (2 * box)
        )
        strategy: Any = make_strategy(self._name, toy_task.N_GENES, seed, config)
        scaled = np.empty((toy_task.POPULATION, toy_task.N_GENES))

        def generation() -> None:
            np.multiply(strategy.ask(), 2 * box, out=scaled)
            scaled[...] -= box
            strategy.tell(self._costs(scaled))

        def result() -> tuple[Array, float]:
            return 2 * box * strategy.best_genome - box, float(strategy.best_fitness.item())

        return toy_task.timed_run(generation, generations, result)


class Individual(np.ndarray):
    """Individual of DEAP as an array with a fitness."""

    fitness: Any


def individuals(genomes: Array, fitness: Array) -> list[Individual]:
    """Return rows of genomes as individuals of DEAP with their fitness."""
    from benchmarks.strategies import FITNESS

    made = [genome.copy().view(Individual) for genome in genomes]
    for individual, value in zip(made, fitness.tolist(), strict=True):
        individual.fitness = FITNESS[1]((value,))
    return made


class DeapArrays:
    """(mu + lambda) evolution of DEAP on arrays, with vector operators and our default rates."""

    def __init__(
        self, parents: list[Individual], n_children: int, sigma: float, box: float
    ) -> None:
        self._parents, self._sigma, self._box = parents, sigma, box
        self._n_children, self._mu = n_children, len(parents)
        self._config, self._rng = GeneticConfig(), np.random.default_rng(random.getrandbits(32))

    def ask(self) -> Array:
        """Return the children, shape (n_children, n_genes)."""
        from deap import tools

        config, rng = self._config, self._rng
        chosen = tools.selTournament(self._parents, self._n_children, config.tournament_size)
        children = [np.array(parent) for parent in chosen]
        for mother, father in zip(children[::2], children[1::2], strict=True):
            if random.random() < config.crossover_rate:
                gamma = (1 + 2 * config.blend_alpha) * rng.random(mother.size) - config.blend_alpha
                difference = gamma * (father - mother)
                mother += difference
                father -= difference
        for child in children:
            mutated = rng.random(child.size) < config.mutation_rate
            child[mutated] += rng.normal(0.0, self._sigma, int(mutated.sum()))
        return np.clip(children, -self._box, self._box)

    def tell(self, genomes: Array, fitness: Array) -> None:
        """Keep the best of parents and children."""
        from deap import tools

        self._parents = tools.selBest(self._parents + individuals(genomes, fitness), self._mu)

    @property
    def best(self) -> tuple[Array, float]:
        """Best genome and its fitness."""
        return np.array(self._parents[0]), self._parents[0].fitness.values[0]


class DeapEvolution:
    """Evolution of the toy blimp by DEAP on arrays with our evaluation."""

    def __init__(self) -> None:
        __import__("deap")
        self._costs = toy_task.Ours(THREADS)
        self._costs(np.zeros((toy_task.POPULATION, toy_task.N_GENES)))
        self.info = {"way": "arrays, our evaluation"}

    def run(self, seed: int, spread: float, generations: int) -> dict[str, Any]:
        """Run an evolution with a mutation spread; see `toy_task.timed_run`."""
        random.seed(seed)
        shape, box = (toy_task.POPULATION, toy_task.N_GENES), toy_task.BOX
        genomes = np.random.default_rng(seed).uniform(-box, box, shape)
        start = individuals(genomes, self._costs(genomes))
        start.sort(key=lambda one: one.fitness.values[0])
        deap = DeapArrays(start[: len(start) // 4], len(start), spread, box)

        def generation() -> None:
            children = deap.ask()
            deap.tell(children, self._costs(children))

        return toy_task.timed_run(generation, generations, lambda: deap.best)


class Generation:
    """Generations with free fitness: ours NAME, DEAP lists, DEAP arrays, cma, cma full."""

    def __init__(self, name: str, population: int, n_genes: int) -> None:
        random.seed(1)
        fitness = np.random.default_rng(1).random((population, 1))
        if name.startswith("ours "):
            kind = name.removeprefix("ours ")
            strategy: Any = make_strategy(
                kind, n_genes, 1, strategy_type(kind).config_type(population=population)
            )

            def generation() -> None:
                strategy.ask()
                strategy.tell(fitness)

        elif name == "DEAP arrays":
            genomes = np.random.default_rng(1).random((population, n_genes))
            deap = DeapArrays(individuals(genomes, fitness[:, 0]), population, 0.1, 1.0)

            def generation() -> None:
                deap.tell(deap.ask(), fitness[:, 0])

        else:
            generation = _peer(name, population, n_genes, fitness)
        self._generation = generation
        self.info = {"way": ""}
        generation()

    def measure(self) -> dict[str, float]:
        """Return generations per second."""
        return generations_per_s(self._generation)


def _peer(name: str, population: int, n_genes: int, fitness: Array) -> Any:
    """Return a generation of `benchmarks.strategies`, or of the full CMA-ES of pycma."""
    from benchmarks import strategies

    if name == "DEAP lists":
        lists = strategies.deap_mu_plus_lambda(population, n_genes)
        return lambda: lists(fitness)
    if name == "cma":
        diagonal = strategies.cma_diagonal(population, n_genes)
        return lambda: diagonal(fitness)
    if name != "cma full":
        raise ValueError(f"unknown peer {name!r}")
    cma = strategies.cma
    options = {"popsize": population, "verbose": -9, "seed": 1}
    full = cma.CMAEvolutionStrategy(np.full(n_genes, 0.5), 0.3, options)
    return lambda: full.tell(full.ask(), fitness[:, 0].tolist())
