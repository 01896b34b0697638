"""Swimmers: speed, tuning in 180 episodes, the perceptron beside it, the best on short bodies.

    python benchmarks/swimmer.py [speed] [tuning] [perceptron] [short] [--seeds 5]

Prints one JSON object a part. `speed` wants a quiet machine; `perceptron` takes minutes.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

import mujoco
import numpy as np

from snn_control.controllers import Swimmer
from snn_control.controllers.mlp import MLP
from snn_control.controllers.swimmer_plan import SwimmerPlan
from snn_control.envs.swimmer.batch import SwimmerBatch
from snn_control.envs.swimmer.body import SUBSTEPS, swimmer_model
from snn_control.envs.swimmer.start import draw_start
from snn_control.envs.swimmer.swim import FULL_REWARD_M_S, action_names, observation_names
from snn_control.evolution import CmaEs, CmaEsConfig, SepCmaEs, SepCmaEsConfig
from snn_control.studies.swimmers import episodes
from snn_control.training.statistics import half_width
from snn_control.training.swimmer_task import SwimmerTask

UNTRAINED = 800.26
EVALUATION = range(5)


def spread(values: list[float]) -> dict[str, Any]:
    """Mean, 95 % interval and the values."""
    found = np.array(values)
    return {"mean": round(float(found.mean()), 2), "ci95": round(half_width(found), 2)} | {
        "seeds": [round(v, 1) for v in values]
    }


def speed(seeds: int) -> dict[str, Any]:
    """Controller step; closed loop of a population beside raw `mj_step` of one core."""
    found: dict[str, Any] = {}
    angles = np.random.default_rng(0).uniform(-1.0, 1.0, (2000, 5))
    for cells, ticks in (("graded", 1), ("spiking", 1), ("spiking", 5)):
        swimmer = SwimmerPlan(cells=cells, sub_ticks=ticks).swimmer()  # type: ignore[arg-type]
        best = np.inf
        for _ in range(20):
            began = time.perf_counter()
            for q in angles:
                swimmer.step(q)
            best = min(best, (time.perf_counter() - began) / len(angles))
        found[f"step_us_{cells}_{ticks}"] = round(1e6 * best, 2)
    model = swimmer_model(6)
    data = mujoco.MjData(model)
    plan = SwimmerPlan()
    networks = [plan.network()] * 8
    raw, closed = [], []
    for _ in range(seeds + 1):
        data.ctrl[:] = 0.5
        began = time.perf_counter()
        for k in range(4000):
            data.ctrl[:] = 0.5 if k % 60 < 30 else -0.5
            mujoco.mj_step(model, data, nstep=SUBSTEPS)
        raw.append(4000 / (time.perf_counter() - began))
        began = time.perf_counter()
        episodes(networks, plan, EVALUATION)
        closed.append(1000 * len(networks) * len(EVALUATION) / (time.perf_counter() - began))
    ratios = [c / r for c, r in zip(closed[1:], raw[1:], strict=True)]
    return found | {
        "raw_steps_per_s": round(float(np.median(raw[1:]))),
        "closed_loop_steps_per_s": round(float(np.median(closed[1:]))),
        "ratio": spread(ratios),
    }


def evaluated(task: SwimmerTask, swimmer: Swimmer) -> float:
    """Mean return on starts that no training draws."""
    return float(episodes(swimmer.networks, task.plan, EVALUATION).returns.mean())


def tuned(task: SwimmerTask, seed: int, generations: int, make: Callable[..., Any]) -> float:
    """Evolve as the shipped models are, on another seed; return of the best genome."""
    fitness = task.fitness(seed)
    strategy = make(fitness.n_genes, seed, fitness.start({}, seed))
    for _ in range(generations):
        strategy.tell(fitness(strategy.ask()))
    return evaluated(task, fitness.controller(strategy.best_genome))


def _cma(n_genes: int, seed: int, start: Any) -> CmaEs:
    return CmaEs(n_genes, CmaEsConfig(population=6, sigma=0.15), seed, start)


def tuning(seeds: int) -> dict[str, Any]:
    """180 episodes on several seeds, graded, five ticks and one bit a control period."""
    found: dict[str, Any] = {}
    for cells, ticks in (("graded", 1), ("spiking", 5), ("spiking", 1)):
        task = SwimmerTask("swimmer", cells=cells, sub_ticks=ticks)  # type: ignore[arg-type]
        began = time.perf_counter()
        found[f"{cells}_{ticks}"] = spread([tuned(task, s, 30, _cma) for s in range(seeds)])
        found[f"{cells}_{ticks}"]["seconds_each"] = round((time.perf_counter() - began) / seeds, 1)
    return found


def perceptron(seeds: int, generations: int = 250, population: int = 16) -> dict[str, Any]:
    """Episodes until MLP(64, 64) swims as the untrained circuit, by separable CMA-ES.

    The circuit is trained by the same strategy, with the same population and 12 generations.
    """
    needed, ends = [], []
    for seed in range(seeds):
        mlp = MLP(observation_names(6), action_names(5), 0.03)
        rng = np.random.default_rng(seed)
        batch = SwimmerBatch(6, population)
        config = SepCmaEsConfig(population=population, sigma=0.02)
        start = 0.5 + mlp.start(rng) / 8.0
        strategy = SepCmaEs(mlp.n_parameters, config, seed, np.clip(start, 0.0, 1.0))
        hit: int | None = None
        for generation in range(generations):
            genomes = strategy.ask()
            draws = draw_start(6, int(rng.integers(10**6, 2**31)), 1000)
            returns = _returns(mlp, mlp.layers(8.0 * (genomes - 0.5)), batch, [draws] * population)
            strategy.tell(1.0 - returns[:, None] / 1000.0)
            if np.mean(returns) >= UNTRAINED:
                hit = (generation + 1) * population
                break
        needed.append(hit)
        ends.append(float(np.mean(returns)))
    task = SwimmerTask("swimmer")

    def sep(n_genes: int, seed: int, start: Any) -> SepCmaEs:
        return SepCmaEs(n_genes, SepCmaEsConfig(population=population, sigma=0.15), seed, start)

    return {
        "episodes_to_the_untrained_return": needed,
        "last_generation_mean_return": spread(ends),
        "episodes_at_most": generations * population,
        "circuit_same_strategy_192_episodes": spread(
            [tuned(task, s, 12, sep) for s in range(seeds)]
        ),
    }


def _returns(mlp: MLP, layers: Any, batch: SwimmerBatch, starts: list[Any]) -> np.ndarray:
    batch.reset(starts)
    total = np.zeros(batch.n_bodies)
    for tick in range(1000):
        seen = np.concatenate([batch.joint_rad, batch.link_velocities], axis=1)
        batch.step(mlp.act(layers, seen, tick))
        total += np.clip(batch.forward_speed_m_s / FULL_REWARD_M_S, 0.0, 1.0)
    return total


def short(seeds: int) -> dict[str, Any]:
    """The best that a search for five parameters finds on 3 and 4 links, 900 episodes a period."""
    found: dict[str, Any] = {}
    for n_links in (3, 4):
        best: dict[int, float] = {}
        for period in (20, 30, 40, 50, 60, 80, 100):
            task = SwimmerTask("swimmer", n_links=n_links, period_ticks=period, widest=32.0)
            best[period] = max(tuned(task, s, 30, _cma) for s in range(min(seeds, 5)))
        found[f"{n_links}_links"] = {
            "best": round(max(best.values()), 1),
            "by_period": {k: round(v, 1) for k, v in best.items()},
        }
    return found


PARTS = {"speed": speed, "tuning": tuning, "perceptron": perceptron, "short": short}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    for part in options.parts or PARTS:
        print(json.dumps({part: PARTS[part](options.seeds)}), flush=True)
