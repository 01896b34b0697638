"""Altitude controllers of this package from random numbers: designed code and free networks."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from benchmarks.peers.altitude_score import controller_reward, curve
from snn_control.controllers import Altitude
from snn_control.controllers.blimp.counter_integral import CounterIntegral, counter_integral
from snn_control.controllers.blimp.free_networks import FreeNetwork, free_network
from snn_control.evolution import make_strategy, strategy_type
from snn_control.evolution.parameter_codec import ParameterRange
from snn_control.training.blimp.closed_loop import fly
from snn_control.training.blimp.gradient import _Training
from snn_control.training.blimp.objectives import metrics_of
from snn_control.training.blimp.task import scenario_batch
from snn_control.training.evolution.design import ParametersDesign
from snn_control.training.optimisation import read_optimisation

NEURONS = 16
"""Neurons of either layer of the evolved free network."""
RANGES = (
    ParameterRange("*.bias", -1.0, 1.0),
    ParameterRange("input->encode.weights", -20.0, 20.0),
    ParameterRange("input->hidden.weights", -20.0, 20.0),
    ParameterRange("encode->hidden.weights", -1.5, 1.5),
    ParameterRange("hidden->hidden@1.weights", -0.5, 0.5),
    ParameterRange("encode->pd.weights", -5.0, 5.0),
    ParameterRange("hidden->pd.weights", -5.0, 5.0),
)


class FreeFitness:
    """Reward of free networks in closed loop, their genes in [0, 1]."""

    def __init__(self, seed: int, scenarios: int) -> None:
        network = free_network(FreeNetwork(NEURONS, NEURONS), np.random.default_rng(seed))
        ranges = [
            ParameterRange(range_.parameter.replace("*", layer), range_.low, range_.high)
            for range_ in RANGES
            for layer in (("encode", "hidden") if "*" in range_.parameter else ("",))
        ]
        self._design = ParametersDesign(network, ranges, {})
        self.n_genes = self._design.n_genes
        self._batch = scenario_batch(("default",), scenarios, 150.0, seed)

    def __call__(self, genomes: np.ndarray) -> np.ndarray:
        """Return the costs, the negative rewards."""
        flights = fly(*self._design.rows(genomes), self._batch, record=True)
        return -metrics_of(flights, self._batch, {"reward"})["reward"]

    def controller(self, genome: np.ndarray) -> Altitude:
        """Return the controller of a genome."""
        return Altitude([self._design.network(genome)])


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
    config: Any = read_optimisation("blimp-demo")
    config = dataclasses.replace(config.task, fixed={"ki": 0.75, "finest_m": 0.01}, scenarios=6)
    fitness = config.fitness(seed)
    start = fitness.start({}, seed)
    yield from _evolve("cma_es", 12, 0.3, fitness, start, seed)


def _free(seed: int) -> Iterator[Callable[[], float]]:
    """Evolve all weights and biases of a free recurrent network, sep-CMA-ES of 24."""
    fitness = FreeFitness(seed, 6)
    start = np.random.default_rng(seed).uniform(0.3, 0.7, fitness.n_genes)
    yield from _evolve("sep_cma_es", 24, 0.1, fitness, start, seed)


def _evolve(
    name: str, population: int, sigma: float, fitness: Any, start: np.ndarray, seed: int
) -> Iterator[Callable[[], float]]:
    config = strategy_type(name).config_type(population=population, sigma=sigma)
    strategy: Any = make_strategy(name, fitness.n_genes, seed, config, start)

    @functools.cache
    def reward(genome: bytes) -> float:
        return controller_reward(fitness.controller(np.frombuffer(genome)))

    while True:
        strategy.tell(np.asarray(fitness(strategy.ask())).reshape(population, -1))
        yield partial(reward, strategy.best_genome.tobytes())


def _gradients(seed: int) -> Iterator[Callable[[], float]]:
    """Imitate the PID by surrogate gradients, as the configuration `blimp-free` does."""
    config: Any = read_optimisation("blimp-free")
    training = _Training(config, seed)
    while True:
        for _ in range(config.validate_every):
            training.advance(min(training.step / config.steps, 0.999))
        training.validate()
        networks = [training.engine.network(), counter_integral(CounterIntegral())]
        yield partial(controller_reward, Altitude(networks))
