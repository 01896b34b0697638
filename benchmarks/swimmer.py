"""Swimmer: speed, tuning in 180 episodes, perceptrons, best return of short bodies, PPO.

    python benchmarks/swimmer.py [speed] [tuning] [perceptron] [short] [ppo] [--seeds 5]

Prints one JSON object per part. `speed` requires an idle machine; `perceptron` and `ppo` take
minutes.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

import mujoco
import numpy as np
import torch

from snn_control.controllers import Swimmer
from snn_control.controllers.swimmer.mlp import MLP
from snn_control.controllers.swimmer.plan import SwimmerPlan
from snn_control.envs.swimmer.batch import SwimmerBatch
from snn_control.envs.swimmer.body import SUBSTEPS, SwimmerBody, swimmer_model
from snn_control.envs.swimmer.start import Start, draw_start
from snn_control.envs.swimmer.swim import action_names, observation_names, swim_reward
from snn_control.evolution import CmaEs, CmaEsConfig, SepCmaEs, SepCmaEsConfig
from snn_control.studies.support.swimmers import episodes
from snn_control.training.statistics import half_width
from snn_control.training.swimmer.task import SwimmerTask

UNTRAINED = 800.26
EVALUATION = range(5)


def spread(values: list[float]) -> dict[str, Any]:
    """Return mean, half width of the 95 % interval, and the values."""
    array = np.array(values)
    return {"mean": round(float(array.mean()), 2), "ci95": round(half_width(array), 2)} | {
        "seeds": [round(v, 1) for v in values]
    }


def speed(seeds: int) -> dict[str, Any]:
    """Measure controller steps, a closed-loop population on all cores, and `mj_step` on one."""
    results: dict[str, Any] = {}
    angles = np.random.default_rng(0).uniform(-1.0, 1.0, (2000, 5))
    for cells, ticks in (("graded", 1), ("spiking", 1), ("spiking", 5)):
        swimmer = Swimmer.planned(SwimmerPlan(cells=cells, sub_ticks=ticks))  # type: ignore[arg-type]
        best = np.inf
        for _ in range(20):
            began = time.perf_counter()
            for q in angles:
                swimmer.step(q)
            best = min(best, (time.perf_counter() - began) / len(angles))
        results[f"step_us_{cells}_{ticks}"] = round(1e6 * best, 2)
    plan = SwimmerPlan()
    networks = [plan.network()] * 8
    runs = [_recorded(Swimmer.planned(plan), draw_start(6, seed, 1000)) for seed in EVALUATION]
    rates: dict[str, list[float]] = {"closed_loop": [], "raw": [], "raw_physics_only": []}
    models = {"raw": swimmer_model(6), "raw_physics_only": swimmer_model(6, physics_only=True)}
    for _ in range(seeds + 1):
        for name, model in models.items():
            rates[name].append(_raw_rate(model, runs))
        began = time.perf_counter()
        episodes(networks, plan, EVALUATION)
        taken_s = time.perf_counter() - began
        rates["closed_loop"].append(1000 * len(networks) * len(EVALUATION) / taken_s)
    for name in rates:
        results[f"{name}_steps_per_s"] = round(float(np.median(rates[name][1:])))
    for name in models:
        pairs = zip(rates["closed_loop"][1:], rates[name][1:], strict=True)
        results[f"ratio_to_{name}"] = spread([closed / raw for closed, raw in pairs])
    return results


def _recorded(swimmer: Swimmer, start: Start) -> tuple[Start, np.ndarray, np.ndarray]:
    """Return start, efforts and final coordinates of an episode."""
    body, efforts = SwimmerBody(6), np.empty((1000, 5))
    body.reset(start)
    for effort in efforts:
        effort[:] = swimmer.step(body.joint_rad)
        body.advance(effort)
    return start, efforts, body.data.qpos.copy()


def _raw_rate(model: mujoco.MjModel, runs: list[tuple[Start, np.ndarray, np.ndarray]]) -> float:
    """Return control periods per second of `mj_step` alone for the same motion, on one core.

    The motion matters, because `mj_step` takes a third longer if joints reach their limits.
    """
    data = mujoco.MjData(model)
    began = time.perf_counter()
    for start, efforts, last in runs:
        mujoco.mj_resetData(model, data)
        data.qpos[2], data.qpos[3:] = start.turn_rad, start.joint_rad
        control = data.ctrl
        for effort in efforts:
            control[:] = effort
            mujoco.mj_step(model, data, nstep=SUBSTEPS)
        assert np.array_equal(data.qpos, last)
    return 1000 * len(runs) / (time.perf_counter() - began)


def evaluated(task: SwimmerTask, swimmer: Swimmer) -> float:
    """Return the mean return from starts that training does not use."""
    return float(episodes(swimmer.networks, task.plan, EVALUATION).returns.mean())


def tuned(task: SwimmerTask, seed: int, generations: int, make: Callable[..., Any]) -> float:
    """Evolve with the strategy from `make`; return the best genome's return, see `evaluated`."""
    fitness = task.fitness(seed)
    strategy = make(fitness.n_genes, seed, fitness.start({}, seed))
    for _ in range(generations):
        strategy.tell(fitness(strategy.ask()))
    return evaluated(task, fitness.controller(strategy.best_genome))


def _cma(n_genes: int, seed: int, start: Any) -> CmaEs:
    return CmaEs(n_genes, CmaEsConfig(population=6, sigma=0.15), seed, start)


def tuning(seeds: int) -> dict[str, Any]:
    """Evolve for 180 episodes per seed: graded, and spiking with five ticks or one tick."""
    results: dict[str, Any] = {}
    for cells, ticks in (("graded", 1), ("spiking", 5), ("spiking", 1)):
        task = SwimmerTask("swimmer", cells=cells, sub_ticks=ticks)  # type: ignore[arg-type]
        began = time.perf_counter()
        results[f"{cells}_{ticks}"] = spread([tuned(task, s, 30, _cma) for s in range(seeds)])
        results[f"{cells}_{ticks}"]["seconds_each"] = round(
            (time.perf_counter() - began) / seeds, 1
        )
    return results


def perceptron(seeds: int, generations: int = 250, population: int = 16) -> dict[str, Any]:
    """Count episodes of separable CMA-ES until MLP(64, 64) reaches the untrained circuit.

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
        observation = np.concatenate([batch.joint_rad, batch.link_velocities], axis=1)
        batch.step(mlp.act(layers, observation, tick))
        total += swim_reward(batch.forward_speed_m_s)
    return total


def short(seeds: int) -> dict[str, Any]:
    """Search four strengths and the period for 3 and 4 links, 900 episodes per period."""
    results: dict[str, Any] = {}
    for n_links in (3, 4):
        best: dict[int, float] = {}
        for period in (20, 30, 40, 50, 60, 80, 100):
            task = SwimmerTask("swimmer", n_links=n_links, period_ticks=period, widest=32.0)
            best[period] = max(tuned(task, s, 30, _cma) for s in range(min(seeds, 5)))
        results[f"{n_links}_links"] = {
            "best": round(max(best.values()), 1),
            "by_period": {k: round(v, 1) for k, v in best.items()},
        }
    return results


def ppo(seeds: int, environment_steps: int = 180_000) -> dict[str, Any]:
    """Train the circuit's strengths and, with library defaults otherwise, MLP(64, 64) by PPO."""
    from snn_control.training.optimisation import read_optimisation
    from snn_control.training.swimmer.ppo import PpoTraining

    torch.set_num_threads(1)
    config = read_optimisation("swimmer")
    circuit, mlp, taken_s = [], [], []
    for seed in range(seeds):
        training, began = PpoTraining(config, seed), time.perf_counter()
        while training.environment_steps < environment_steps:
            training.advance()
            if training.step % config.validate_every == 0:
                training.validate()
        taken_s.append(time.perf_counter() - began)
        circuit.append(_return_of(training.best()))
        mlp.append(_ppo_perceptron(config, seed, environment_steps))
    return {
        "environment_steps": environment_steps,
        "circuit": spread(circuit) | {"seconds_each": round(float(np.mean(taken_s)))},
        "mlp": spread(mlp),
    }


def _return_of(plan: SwimmerPlan) -> float:
    return float(episodes([plan.network()], plan, EVALUATION).returns.mean())


def _ppo_perceptron(config: Any, seed: int, environment_steps: int) -> float:
    """Return the mean return without exploration, from starts that training does not use."""
    from stable_baselines3 import PPO

    from snn_control.training.swimmer.ppo_parts import SwimmerVecEnv

    env = SwimmerVecEnv(config.swimmer, config.bodies, seed, 1.0 - config.discount)
    model = PPO(
        "MlpPolicy", env, n_steps=1000, batch_size=250, gamma=config.discount,
        gae_lambda=config.gae_lambda, seed=seed, device="cpu",
        policy_kwargs={"log_std_init": float(np.log(0.5))},
    )  # fmt: skip
    model.learn(environment_steps)
    test = SwimmerVecEnv(config.swimmer, len(EVALUATION), seed, 1.0)
    test.starts = lambda: [draw_start(6, s, 1000) for s in EVALUATION]  # type: ignore[method-assign]
    observation = test.reset()
    for _ in range(1000):
        test.step_async(np.clip(model.predict(observation, deterministic=True)[0], -1.0, 1.0))
        observation = test.step_wait()[0]
    return float(test.last_returns.mean())


PARTS = {
    "speed": speed,
    "tuning": tuning,
    "perceptron": perceptron,
    "short": short,
    "ppo": ppo,
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    for part in options.parts or PARTS:
        print(json.dumps({part: PARTS[part](options.seeds)}), flush=True)
