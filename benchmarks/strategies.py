"""Time per generation (`ask`, free fitness, `tell`) of our strategies and of peer libraries.

    python benchmarks/strategies.py [--population 256] [--genes 1000] [--repeats 15]

Prints one JSON object per line: best and median over the repeats, ms, of our strategy and of the
peer, and the ratio of the two best. Both are measured in turn in the same run on one thread.
Expected at 256 x 1000 on an idle core of 4 GHz: genetic 2-3 ms, nsga2 and sep_cma_es below 6 ms,
DEAP on lists some tens of ms.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from deap import base, tools

from snn_control.evolution import (
    GeneticConfig,
    Nsga2Config,
    SepCmaEsConfig,
    make_strategy,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import cma

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
Generation = Callable[[np.ndarray], None]
FITNESS = {m: type("Fitness", (base.Fitness,), {"weights": (-1.0,) * m}) for m in (1, 2, 3)}


class Genome(list[float]):
    """Individual of DEAP: a list with a fitness."""

    def __init__(self, genes: Iterable[float], fitness: tuple[float, ...]) -> None:
        super().__init__(genes)
        self.fitness = FITNESS[len(fitness)](fitness)


def ours(name: str, n_genes: int, config: Any) -> Generation:
    strategy = make_strategy(name, n_genes, 1, config)

    def generation(fitness: np.ndarray) -> None:
        strategy.ask()
        strategy.tell(fitness)

    return generation


def deap_start(population: int, n_genes: int, n_objectives: int) -> list[Genome]:
    return [
        Genome((random.random() for _ in range(n_genes)), (random.random(),) * n_objectives)
        for _ in range(population)
    ]


def deap_mu_plus_lambda(population: int, n_genes: int) -> Generation:
    """Return a generation of blend crossover and Gaussian mutation on lists, our default rates."""
    config, parents = GeneticConfig(), deap_start(population, n_genes, 1)

    def generation(fitness: np.ndarray) -> None:
        nonlocal parents
        chosen = tools.selTournament(parents, population, config.tournament_size)
        children = [Genome(p, tuple(f)) for p, f in zip(chosen, fitness.tolist(), strict=True)]
        for mother, father in zip(children[::2], children[1::2], strict=True):
            if random.random() < config.crossover_rate:
                tools.cxBlend(mother, father, config.blend_alpha)
        for child in children:
            tools.mutGaussian(child, 0.0, config.sigma, config.mutation_rate)
        parents = tools.selBest(parents + children, population)

    return generation


def deap_nsga2(population: int, n_genes: int, n_objectives: int, sorting: str) -> Generation:
    """Return a generation of bounded SBX and polynomial mutation on lists, our default rates."""
    config, parents = Nsga2Config(), deap_start(population, n_genes, n_objectives)
    parents = tools.selNSGA2(parents, population, nd=sorting)

    def generation(fitness: np.ndarray) -> None:
        nonlocal parents
        chosen = tools.selTournamentDCD(parents, population)
        children = [Genome(p, tuple(f)) for p, f in zip(chosen, fitness.tolist(), strict=True)]
        for mother, father in zip(children[::2], children[1::2], strict=True):
            if random.random() < config.crossover_rate:
                tools.cxSimulatedBinaryBounded(mother, father, config.crossover_eta, 0.0, 1.0)
            for child in (mother, father):
                tools.mutPolynomialBounded(child, config.mutation_eta, 0.0, 1.0, 1 / n_genes)
        parents = tools.selNSGA2(parents + children, population, nd=sorting)

    return generation


def cma_diagonal(population: int, n_genes: int) -> Generation:
    options = {"popsize": population, "CMA_diagonal": True, "verbose": -9, "seed": 1}
    peer = cma.CMAEvolutionStrategy(np.full(n_genes, 0.5), 0.3, options)

    def generation(fitness: np.ndarray) -> None:
        peer.tell(peer.ask(), fitness[:, 0].tolist())

    return generation


def compare(
    name: str, n_objectives: int, population: int, repeats: int, pair: dict[str, Generation]
) -> dict[str, Any]:
    """Time both in turn with random fitness, after two generations of warm-up."""
    generator = np.random.default_rng(1)
    times_ms: dict[str, list[float]] = {label: [] for label in pair}
    for repeat in range(repeats + 2):
        for label, generation in pair.items():
            fitness = generator.random((population, n_objectives))
            start = time.perf_counter()
            generation(fitness)
            if repeat >= 2:
                times_ms[label].append(1e3 * (time.perf_counter() - start))
    (ours_ms, peer_ms), (_, peer) = times_ms.values(), pair
    return {
        "strategy": name,
        "n_objectives": n_objectives,
        "ours_best_ms": round(min(ours_ms), 3),
        "ours_median_ms": round(float(np.median(ours_ms)), 3),
        "peer": peer,
        "peer_best_ms": round(min(peer_ms), 3),
        "peer_median_ms": round(float(np.median(peer_ms)), 3),
        "ratio": round(min(peer_ms) / min(ours_ms), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--population", type=int, default=256, help="a multiple of 4")
    parser.add_argument("--genes", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=15)
    options = parser.parse_args()
    population, n_genes, repeats = options.population, options.genes, options.repeats
    random.seed(1)
    genetic = GeneticConfig(population=population, parents=population)
    pairs: list[tuple[str, int, dict[str, Generation]]] = [
        (
            "genetic",
            1,
            {
                "ours": ours("genetic", n_genes, genetic),
                "DEAP mu+lambda on lists": deap_mu_plus_lambda(population, n_genes),
            },
        ),
        (
            "sep_cma_es",
            1,
            {
                "ours": ours("sep_cma_es", n_genes, SepCmaEsConfig(population=population)),
                "cma, CMA_diagonal": cma_diagonal(population, n_genes),
            },
        ),
    ]
    for m in (2, 3):
        config = Nsga2Config(population=population, n_objectives=m)
        for sorting in ("standard", "log"):
            peer = f"DEAP NSGA-II on lists, nd={sorting}"
            pair = {
                "ours": ours("nsga2", n_genes, config),
                peer: deap_nsga2(population, n_genes, m, sorting),
            }
            pairs.append(("nsga2", m, pair))
    for name, m, pair in pairs:
        print(json.dumps(compare(name, m, population, repeats, pair)), flush=True)


if __name__ == "__main__":
    if any(os.environ.get(name) != "1" for name in THREADS):
        os.environ.update(dict.fromkeys(THREADS, "1"))
        os.execv(sys.executable, [sys.executable, *sys.argv])
    main()
