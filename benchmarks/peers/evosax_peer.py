"""evosax: evolution of the toy blimp with the fastest evaluation of JAX, and free fitness."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.peers import toy_task
from benchmarks.peers.jax_networks import CORES, episode_cost, fastest, placed, start_jax
from benchmarks.peers.worker import generations_per_s

EVALUATIONS = (0, 16, 32, 64)
"""Batches tried for the evaluation, see `jax_networks.BATCHES`."""
LEARNING_RATE = 0.3
"""Step of Adam in Open_ES, best of 0.03, 0.1, 0.3 and 1 on other seeds."""


def algorithm(name: str, population: int, n_genes: int, spread: float) -> tuple[Any, Any]:
    """Return an algorithm and its parameters."""
    import evosax.algorithms
    import jax.numpy as jnp
    import optax

    options: dict[str, Any] = {}
    if name in ("Open_ES", "SimpleGA"):
        options["std_schedule"] = optax.constant_schedule(spread)
    if name == "Open_ES":
        options["optimizer"] = optax.adam(LEARNING_RATE)
    made = getattr(evosax.algorithms, name)(population, jnp.zeros(n_genes), **options)
    parameters = made.default_params
    if hasattr(parameters, "std_init"):
        parameters = parameters.replace(std_init=jnp.asarray(spread))
    return made, parameters


class Evolution:
    """Evolution of the toy blimp; the strategy runs on the first device."""

    def __init__(self, name: str) -> None:
        self._split = CORES > 1
        self._jax = start_jax(self._split)
        import jax.numpy as jnp

        from snn_control.bench.toy_blimp import reference_m

        mean, deviation = (
            jnp.asarray(values, jnp.float32) for values in (toy_task.MEAN, toy_task.DEVIATION)
        )

        def one(unroll: int, x: Any, reference: Any) -> Any:
            weights, n = mean + deviation * x, toy_task.N_NEURONS
            layers = {"w_in": weights[:-n].reshape(-1, n), "w_out": weights[-n:]}
            return episode_cost(unroll, layers, reference)

        self._name, self._reference = name, reference_m(toy_task.N_TICKS)
        start = np.random.default_rng(0).normal(size=(toy_task.POPULATION, toy_task.N_GENES))
        self._costs, self.info = fastest(
            one, start.astype(np.float32), self._reference, self._split, EVALUATIONS
        )

    def run(self, seed: int, spread: float, generations: int) -> dict[str, Any]:
        """Run an evolution with a start or mutation spread; see `toy_task.timed_run`."""
        jax = self._jax
        made, parameters = algorithm(self._name, toy_task.POPULATION, toy_task.N_GENES, spread)
        key = jax.random.key(seed)
        self._evaluate(np.zeros((toy_task.POPULATION, toy_task.N_GENES), np.float32))
        state = self._start(made, parameters, key)
        discarded = state
        for _ in range(3):  # compiles for the kinds of state that occur
            discarded = self._generation(made, parameters, discarded, key)
        keys = iter(jax.random.split(key, generations))

        def generation() -> None:
            nonlocal state
            state = self._generation(made, parameters, state, next(keys))

        return toy_task.timed_run(
            generation,
            generations,
            lambda: (np.asarray(state.best_solution), float(state.best_fitness)),
        )

    def _start(self, made: Any, parameters: Any, key: Any) -> Any:
        import jax.numpy as jnp

        if self._name != "SimpleGA":
            return made.init(key, jnp.zeros(toy_task.N_GENES), parameters)
        shape = toy_task.POPULATION, toy_task.N_GENES
        start = self._jax.random.uniform(key, shape, minval=-toy_task.BOX, maxval=toy_task.BOX)
        return made.init(key, start, self._evaluate(start), parameters)

    def _generation(self, made: Any, parameters: Any, state: Any, key: Any) -> Any:
        population, state = made.ask(key, state, parameters)
        return made.tell(key, population, self._evaluate(population), state, parameters)[0]

    def _evaluate(self, population: Any) -> Any:
        return np.asarray(self._costs(*placed(population, self._reference, self._split)))


class Generation:
    """Generations with free fitness."""

    def __init__(self, name: str, population: int, n_genes: int) -> None:
        jax = start_jax(False)
        made, parameters = algorithm(name, population, n_genes, 0.3)
        start = jax.numpy.zeros(n_genes)
        fitness = jax.random.uniform(jax.random.key(1), (population,))
        if name == "SimpleGA":
            start = jax.random.uniform(jax.random.key(0), (population, n_genes))
            state = made.init(jax.random.key(0), start, fitness, parameters)
        else:
            state = made.init(jax.random.key(0), start, parameters)

        def generation(state: Any, key: Any) -> Any:
            key, now = jax.random.split(key)
            population, state = made.ask(now, state, parameters)
            return made.tell(now, population, fitness, state, parameters)[0], key

        self._generation = jax.jit(generation, donate_argnums=0)
        self._state, self._key = state, jax.random.key(2)
        self.info = {"way": "generation in one jit, donated state"}
        self.measure()

    def measure(self) -> dict[str, float]:
        """Return generations per second."""

        def one() -> None:
            self._state, self._key = self._generation(self._state, self._key)
            self._state.best_fitness.block_until_ready()

        return generations_per_s(one)
