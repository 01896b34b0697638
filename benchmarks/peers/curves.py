"""Cost curves of this package: time against neurons, genomes, genes, ticks and workers."""

from __future__ import annotations

import os
import sys
from typing import Any

import numpy as np

from benchmarks.peers.worker import generations_per_s, throughput
from snn_control.bench.closed_loop import Fused
from snn_control.bench.workload import genomes
from snn_control.evolution import individual_seeds, make_executor, make_strategy, strategy_type

CORES = len(os.sched_getaffinity(0))
LARGEST_BYTES = 2**29
"""Memory of the weights of a population."""


class Curves:
    """Measurements of the curves; each returns the best time of some calls."""

    def __init__(self) -> None:
        self.info: dict[str, Any] = {}

    def loop(
        self, recurrent: bool, n_genomes: int, n_neurons: int, n_ticks: int, threads: int
    ) -> dict[str, float]:
        """Return ns a step of the environment, spikes a neuron and tick, and bytes a genome.

        Populations of large networks are smaller, see `LARGEST_BYTES`.
        """
        synapses = 11 * n_neurons + (n_neurons**2 if recurrent else 0)
        n = max(CORES, min(n_genomes, LARGEST_BYTES // (4 * synapses)))
        fused = Fused(genomes(n, recurrent, 0, n_neurons))
        fused.run(2, threads)
        result = throughput(lambda: fused.run(n_ticks, threads), float(n * n_ticks), 3)
        return {
            "ns": 1e9 / result["figure"],
            "cores_got": result["cores_got"],
            "spikes": float(fused.spikes.sum() / (n * n_ticks * n_neurons)),
            "genomes": n,
            "bytes": 4.0 * synapses,
        }

    def strategy(self, name: str, n_genes: int, population: int) -> dict[str, float]:
        """Return ms of a generation with free fitness."""
        settings: dict[str, Any] = {"population": population}
        if name == "nsga2":
            settings["n_objectives"] = 2
        strategy: Any = make_strategy(name, n_genes, 1, strategy_type(name).config_type(**settings))
        fitness = np.random.default_rng(0).random((population, settings.get("n_objectives", 1)))

        def generation() -> None:
            strategy.ask()
            strategy.tell(fitness)

        generation()
        result = generations_per_s(generation)
        return {"ms": 1e3 / result["figure"], "cores_got": result["cores_got"]}

    def workers(self, kind: str, workers: int, population: int) -> dict[str, float]:
        """Return ms a genome of the cart of `benchmarks.scale`, 200 ticks, 50 neurons."""
        from benchmarks import scale
        from snn_control.training.any_environment.task import EnvironmentTask
        from snn_control.training.evolution.workers import WorkerFitness

        task = EnvironmentTask(
            f"{scale.__name__}:snn_control_benchmark/Cart-v0",
            controller=f"{scale.__name__}:cart_network",
            parameters={"*.weights": (-20, 20), "code.threshold": (0.0, 6.0)},
            objectives=("final_error_m",),
        )
        sys.modules.setdefault("benchmarks.scale", scale)
        genome = task.fitness(1).start({}, 0)
        rows, seeds = np.tile(genome, (population, 1)), individual_seeds(0, 0, population)
        with make_executor(kind, WorkerFitness(task, 1), workers) as executor:
            executor.evaluate(rows, seeds)
            result = throughput(lambda: executor.evaluate(rows, seeds), float(population), 3)
        return {"ms": 1e3 / result["figure"]}
