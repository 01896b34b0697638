"""Cost of an evolution besides its environments.

    PYTHONPATH=. python benchmarks/scale.py [evaluation] [executors] [serial] [strategy]

evaluation  evaluation of a cart with 50 LIF neurons, against its bare environment
executors   generation of a sleeping fitness over the ideal: two workers, processes and Ray
serial      share of a blimp generation that is serial Python: genomes to rows of networks
strategy    share of a generation of 256 x 1760 genes that is not evaluation, by strategy

Ratios are medians over rounds in which both sides are timed in turn.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np

from snn_control.bench.closed_loop import Fused
from snn_control.bench.workload import genomes as draw_genomes
from snn_control.evolution import individual_seeds, make_executor, make_strategy, strategy_type
from snn_control.network import Connection, Network, Population, Readout, Shared
from snn_control.network.neurons import LIF, LeakyIntegrator
from snn_control.training.any_environment.task import EnvironmentTask
from snn_control.training.optimisation import read_optimisation

ROUNDS = 30
TWO: dict[str, dict[str, Any]] = {"nsga2": {"n_objectives": 2}}
"""Settings of strategies of two objectives."""


class Cart(gymnasium.Env):
    """Cart of 1 kg on a rail with friction, 200 ticks of 0.05 s."""

    observation_names, action_names = ("position_error_m", "speed_m_s"), ("force_n",)

    def __init__(self) -> None:
        self.observation_space = gymnasium.spaces.Box(-10.0, 10.0, (2,), np.float64)
        self.action_space = gymnasium.spaces.Box(-5.0, 5.0, (1,), np.float64)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Start at rest, at a random distance from the mark."""
        super().reset(seed=seed)
        self._error_m, self._speed_m_s, self._tick = self.np_random.uniform(0.5, 1.5), 0.0, 0
        return np.array([self._error_m, self._speed_m_s]), {"time_s": 0.0}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Push the cart for a tick."""
        force_n = float(np.clip(action[0], -5.0, 5.0))
        self._speed_m_s += 0.05 * (force_n - 0.5 * self._speed_m_s)
        self._error_m -= 0.05 * self._speed_m_s
        self._tick += 1
        observation = np.clip(np.array([self._error_m, self._speed_m_s]), -10.0, 10.0)
        reward, info = 1.0 / (1.0 + abs(self._error_m)), {"time_s": 0.05 * self._tick}
        return observation, reward, False, self._tick >= 200, info

    def metrics(self) -> dict[str, float]:
        """Return the final error."""
        return {"final_error_m": abs(self._error_m)}


gymnasium.register(id="snn_control_benchmark/Cart-v0", entry_point=f"{__name__}:Cart")


def cart_network() -> Network:
    """Return 25 pairs of LIF neurons and a leaky integrator."""
    pairs = 25
    thresholds = 0.2 * (np.arange(pairs) + 0.5)
    gains = Shared.mirrored(np.repeat([10.0, -4.0], pairs)).reshaped(2, 2 * pairs)
    steps = Shared.mirrored(np.full(pairs, 0.2)).reshaped(2 * pairs, 1)
    return Network(
        name="cart",
        control_period_s=0.05,
        inputs=Cart.observation_names,
        populations=(
            Population("code", 2 * pairs, LIF(threshold=Shared.paired(thresholds), reset="hard")),
            Population("force", 1, LeakyIntegrator()),
        ),
        connections=(Connection("input", "code", gains), Connection("code", "force", steps)),
        readouts=(Readout("force_n", "force"),),
    )


def evaluation() -> None:
    """Print the ratio of an evaluation to the bare environment."""
    task = EnvironmentTask(
        "snn_control_benchmark/Cart-v0",
        controller=f"{__name__}:cart_network",
        parameters={"*.weights": (-20, 20), "code.threshold": (0.0, 6.0)},
        objectives=("final_error_m",),
    )
    fitness = task.fitness(1)
    genomes = np.tile(fitness.start({}, 0), (4, 1))
    seeds = np.full(4, fitness.generation_seed(1, 0), np.uint64)
    env, action = task.make_environment(), np.array([0.5])

    def bare() -> None:
        for _ in genomes:
            env.reset(seed=1)
            done = False
            while not done:
                _, _, terminated, truncated, _ = env.step(action)
                done = terminated or truncated

    ratio, seconds = in_turn(lambda: [*fitness.rows(genomes, seeds)], bare)
    ms = 1e3 * seconds / len(genomes)
    print(f"evaluation: {fitness.n_genes} genes, {ms:.2f} ms, {ratio:.2f} x the bare environment")


def executors() -> None:
    """Print the overhead of processes and Ray for a sleeping fitness."""
    workers, population = 2, 64
    genomes, seeds = np.zeros((population, 100)), individual_seeds(0, 0, population)
    for name in ("processes", "ray"):
        for each_s in (0.001, 0.01, 0.05):
            genomes[:, 0] = each_s
            with make_executor(name, sleeps, workers) as executor:
                for _ in range(2):  # starts the workers, and fits the chunks to the duration
                    executor.evaluate(genomes, seeds)
                took = [timed(lambda: executor.evaluate(genomes, seeds)) for _ in range(7)]
            ideal_s = slept(each_s) * population / workers
            over = np.median(took) / ideal_s - 1.0
            print(f"executor {name}, {1e3 * each_s:g} ms: {100 * over:.1f} % over the ideal")


def sleeps(genome: np.ndarray, seed: int) -> float:
    """Sleep for as many seconds as the first gene."""
    time.sleep(float(genome[0]))
    return 0.0


def slept(each_s: float) -> float:
    """Return the time that a sleep takes, s."""
    return float(np.median([timed(lambda: time.sleep(each_s)) for _ in range(20)]))


def serial() -> None:
    """Print the share of serial Python in a blimp generation."""
    config: Any = read_optimisation("blimp-altitude")
    fitness = config.task.fitness(0)
    genomes = np.random.default_rng(0).random((24, fitness.n_genes))
    ends = np.cumsum([design.n_genes for design in fitness.designs.values()])[:-1]
    parts = np.split(genomes, ends, axis=1)

    def rows() -> None:
        for design, part in zip(fitness.designs.values(), parts, strict=True):
            design.rows(part)

    fitness(genomes)
    share, seconds = in_turn(rows, lambda: fitness(genomes), rounds=7)
    print(f"serial: {100 * share:.2f} % of a generation, {1e3 * seconds / 24:.3f} ms a genome")


def strategy() -> None:
    """Print the share of a generation that is not evaluation, with compiled closed loops."""
    pool = draw_genomes(256, recurrent=False)
    fused = Fused(pool)
    weights = fused.weights
    for name in ("genetic", "sep_cma_es", "nsga2"):
        settings: dict[str, Any] = {"population": 256} | TWO.get(name, {})
        configured = strategy_type(name).config_type(**settings)
        made = make_strategy(name, weights.shape[1], 1, configured)
        shares = []
        for _ in range(20):
            marks = [time.perf_counter()]
            genomes = made.ask()
            np.multiply(genomes, 0.4, out=weights, casting="same_kind")
            marks.append(time.perf_counter())
            costs = fused.run(1000, 2).astype(np.float64)
            marks.append(time.perf_counter())
            made.tell(np.stack([costs, genomes[:, 0]], axis=1) if name in TWO else costs)
            marks.append(time.perf_counter())
            before, evaluated, after = np.diff(marks)
            shares.append((before + after) / (before + evaluated + after))
        share = 100 * np.median(shares)
        print(f"strategy {name}: {share:.0f} % of a generation is not evaluation")


def in_turn(
    one: Callable[[], Any], other: Callable[[], Any], rounds: int = ROUNDS
) -> tuple[float, float]:
    """Return the ratio of the median times of two functions, and that of the first, s."""
    one(), other()
    pairs = np.array([(timed(one), timed(other)) for _ in range(rounds)])
    first, second = np.median(pairs, axis=0).tolist()
    return first / second, first


def timed(function: Callable[[], Any]) -> float:
    """Return the duration of a call, s."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


MEASURES = {f.__name__: f for f in (evaluation, executors, serial, strategy)}

if __name__ == "__main__":
    sys.modules["benchmarks.scale"] = sys.modules["__main__"]
    for name in sys.argv[1:] or MEASURES:
        MEASURES[name]()
