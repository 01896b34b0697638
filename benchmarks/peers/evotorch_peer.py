"""EvoTorch: evolution of the toy blimp with an evaluation in torch, and free fitness."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.peers import toy_task
from benchmarks.peers.worker import generations_per_s, throughput

SHORT_TICKS = 100
"""Ticks on which the ways to evaluate are compared."""


def searcher(name: str, problem: Any, population: int, n_genes: int, spread: float) -> Any:
    """Return an algorithm of EvoTorch that starts at 0."""
    import torch
    from evotorch.algorithms import CMAES, SNES

    options: dict[str, Any] = {"stdev_init": spread, "popsize": population}
    options["center_init"] = torch.zeros(n_genes)
    if name == "SNES":
        return SNES(problem, **options)
    return CMAES(problem, separable=name == "CMAES, separable", **options)


def tick(w_in: Any, w_out: Any, centres: Any, error: Any, plant: Any, network: Any) -> Any:
    """Advance plants, shape (n,), and networks, shape (n, 160), by one tick."""
    import torch

    (z, v, f), (i, u, i_o, v_o) = plant, network
    q = torch.clamp(error - 0.5 * v, -1.0, 1.0)
    x = torch.relu(1.0 - 4.5 * (q[:, None] - centres).abs())
    a = i + torch.bmm(x[:, None], w_in)[:, 0]
    u = u + 0.1 * (a - u)
    spikes = (u > 1.0).to(u.dtype)
    j = i_o + (spikes * w_out).sum(1)
    v_o = v_o + 0.1 * (j - v_o)
    acceleration = 4.0 * f - 0.5 * v * v.abs() - 0.3
    f = f + 0.1 * (torch.clamp(v_o, -1.0, 1.0) - f)
    plant = z + 0.02 * v, v + 0.02 * acceleration, f
    return plant, (0.8 * a, u * (1.0 - spikes), 0.8 * j, v_o)


def episode_costs(step: Callable[..., Any], genomes: Any, reference_m: list[float]) -> Any:
    """Return the costs of genomes, shape (n, 1760)."""
    import torch

    from snn_control.bench.toy_blimp import CENTRES

    n, neurons = len(genomes), toy_task.N_NEURONS
    mean, deviation, centres = (
        torch.as_tensor(values, dtype=torch.float32)
        for values in (toy_task.MEAN, toy_task.DEVIATION, CENTRES)
    )
    with torch.inference_mode():
        weights = mean + deviation * genomes
        w_in = weights[:, :-neurons].reshape(n, -1, neurons).contiguous()
        w_out = weights[:, -neurons:].contiguous()
        zeros, rest = torch.zeros(n), torch.zeros(n, neurons)
        plant, network, cost = (zeros,) * 3, (rest, rest, zeros, zeros), zeros
        for target in reference_m:
            error = target - plant[0]
            cost = cost + error.abs()
            plant, network = step(w_in, w_out, centres, error, plant, network)
    return cost


class Evolution:
    """Evolution of the toy blimp; the fastest of eager and compiled, on one or all cores."""

    def __init__(self, name: str) -> None:
        import torch

        from snn_control.bench.toy_blimp import reference_m

        __import__("evotorch")
        self._name, self._reference = name, reference_m(toy_task.N_TICKS).tolist()
        genomes = torch.randn(toy_task.POPULATION, toy_task.N_GENES)
        ways: dict[str, tuple[Callable[..., Any], int]] = {"eager, 1 thread": (tick, 1)}
        ways["eager, all cores"] = tick, len(os.sched_getaffinity(0))
        ways["compiled, 1 thread"] = torch.compile(tick), 1
        rates: dict[str, float] = {}
        short = self._reference[:SHORT_TICKS]
        for way, (step, threads) in ways.items():
            torch.set_num_threads(threads)
            try:
                episode_costs(step, genomes, short[:2])
            except Exception:  # no C++ compiler
                continue
            # The slowest of three: threads of torch collapse where other programs run.
            rates[way] = min(
                throughput(lambda s=step: episode_costs(s, genomes, short), 1.0, 1)["figure"]  # type: ignore[misc]
                for _ in range(3)
            )
        best = max(rates, key=rates.__getitem__)
        self._step, self._threads = ways[best]
        self.info = {"way": best, "calls_per_s": rates}

    def _evaluate(self, genomes: Any) -> Any:
        import torch

        plain = genomes.as_subclass(torch.Tensor)  # compiled code is made for one class
        return episode_costs(self._step, plain, self._reference).clone()

    def run(self, seed: int, spread: float, generations: int) -> dict[str, Any]:
        """Run an evolution with a start spread; see `toy_task.timed_run`."""
        import torch
        from evotorch import Problem

        torch.set_num_threads(self._threads)  # Numba, which checks the result, changes it

        def start() -> Any:
            torch.manual_seed(seed)
            problem = Problem(
                "min",
                self._evaluate,
                solution_length=toy_task.N_GENES,
                initial_bounds=(-1.0, 1.0),
                dtype=torch.float32,
                vectorized=True,
                seed=seed,
            )
            return searcher(self._name, problem, toy_task.POPULATION, toy_task.N_GENES, spread)

        start().step()  # compiles
        made = start()

        def result() -> tuple[Any, float]:
            best = made.status["best"]
            return np.asarray(best.values), float(best.evals[0])

        return toy_task.timed_run(made.step, generations, result)


class Generation:
    """Generations with free fitness."""

    def __init__(self, name: str, population: int, n_genes: int) -> None:
        import torch
        from evotorch import Problem

        fitness = torch.rand(population)
        problem = Problem(
            "min",
            lambda _: fitness,
            solution_length=n_genes,
            initial_bounds=(-1.0, 1.0),
            vectorized=True,
        )
        self._searcher = searcher(name, problem, population, n_genes, 0.3)
        rates = {}
        for threads in {1, len(os.sched_getaffinity(0))}:
            torch.set_num_threads(threads)
            rates[threads] = generations_per_s(self._searcher.step)["figure"]
        best = max(rates, key=rates.__getitem__)
        torch.set_num_threads(best)
        self.info = {"way": f"torch threads: {best}"}

    def measure(self) -> dict[str, float]:
        """Return generations per second."""
        return generations_per_s(self._searcher.step)
