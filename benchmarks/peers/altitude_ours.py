"""Altitude controllers of this package from random numbers: designed code and free networks."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from benchmarks.peers.altitude_score import controller_reward, curve
from snn_control.controllers import Altitude
from snn_control.controllers.blimp.counter_integral import CounterIntegral, counter_integral
from snn_control.evolution import make_strategy
from snn_control.training.blimp.gradient import GradientTraining
from snn_control.training.evolve import strategy_settings
from snn_control.training.optimisation import read_optimisation


class Training:
    """One way to train; `run` measures a seed."""

    def __init__(self, way: str) -> None:
        self._train: Callable[[int], Iterator[Callable[[], float]]] = {
            "designed code": _designed,
            "free network, evolved": _free,
            "free network, gradients": _gradients,
        }[way]
        next(self._train(999))()  # compiles
        self.info = {"way": way}

    def run(self, seed: int, budget_s: float, level: float) -> list[tuple[float, float]]:
        """Return processor time and reward a tick, see `altitude_score.curve`."""
        return curve(self._train(seed), budget_s, level)


def _designed(seed: int) -> Iterator[Callable[[], float]]:
    """Evolve the numbers of the designed code from random ones, CMA-ES of 12, 6 scenarios."""
    config: Any = read_optimisation(
        "blimp-demo",
        {
            "task.fixed": {"ki": 0.75, "finest_m": 0.01},
            "task.scenarios": 6,
            "strategy_config.population": 12,
        },
    )
    yield from _evolve(config, seed)


def _free(seed: int) -> Iterator[Callable[[], float]]:
    """Evolve all parameters of a free network on the reward."""
    yield from _evolve(read_optimisation("blimp-evolved-free"), seed)


def _evolve(config: Any, seed: int) -> Iterator[Callable[[], float]]:
    fitness, settings = config.task.fitness(seed), strategy_settings(config)
    start = fitness.start(config.start, seed)
    strategy: Any = make_strategy(config.strategy, fitness.n_genes, seed, settings, start)

    @functools.cache
    def reward(genome: bytes) -> float:
        return controller_reward(fitness.controller(np.frombuffer(genome)))

    while True:
        drawn = fitness.generation_seed(seed, strategy.generation)
        seeds = np.full(strategy.population, drawn, np.uint64)
        strategy.tell(fitness.rows(strategy.ask(), seeds)[:, :1])
        yield partial(reward, strategy.best_genome.tobytes())


def _gradients(seed: int) -> Iterator[Callable[[], float]]:
    """Imitate the PID by surrogate gradients, as the configuration `blimp-free` does."""
    config: Any = read_optimisation("blimp-free")
    training = GradientTraining(config, seed)
    while True:
        for _ in range(config.validate_every):
            training.advance(min(training.step / config.steps, 0.999))
        training.validate()
        networks = [training.engine.network(), counter_integral(CounterIntegral())]
        yield partial(controller_reward, Altitude(networks))
