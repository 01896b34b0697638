"""PPO beside evolution in stock environments, at an equal number of environment steps.

    python benchmarks/train_or_evolve.py [--environments CartPole-v1] [--steps 50000] [--seeds 5]

Prints one JSON object per run and one per environment and method: return of the saved network in
20 other episodes (mean and half width of the 95 % interval over the seeds), environment steps until
a validation or a generation first reached the reward threshold that Gymnasium lists, and time in s.
Steps count training and validation of PPO, and all episodes of an evolution.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

from snn_control.controllers import load
from snn_control.runs import Run
from snn_control.training.evaluate import evaluate
from snn_control.training.optimisation import optimisation_config, optimise
from snn_control.training.statistics import half_width

TEST_SEEDS = range(1000, 1020)
ENVIRONMENTS = ("CartPole-v1", "InvertedPendulum-v5", "Acrobot-v1")
METHODS: dict[str, dict[str, Any]] = {
    "ppo": {"method": "ppo"},
    "genetic": {"method": "evolve", "strategy": "genetic"},
    "cma_es": {"method": "evolve", "strategy": "cma_es"},
}


def configuration(environment: str, method: str) -> Any:
    """Return the configuration of a method; the task is the same for all."""
    task = {
        "environment": environment,
        "arguments": {"hidden": [16]},
        "parameters": {"*.weights": [-3, 3], "hidden_1.bias": [-1, 1]},
        "episodes": 5,
    }
    content = METHODS[method] | {"name": method.replace("_", "-"), "task": task}
    return optimisation_config(content, method)


def measure(environment: str, method: str, seed: int, steps: int) -> dict[str, Any]:
    """Train or evolve once, and evaluate the saved network."""
    config = configuration(environment, method)
    with tempfile.TemporaryDirectory() as folder:
        run = Run.create(Path(folder) / "run", command="", config=config, seed=seed)
        started = time.monotonic()
        model = optimise(config, run, seed=seed, budget=f"{steps}steps")
        elapsed_s = time.monotonic() - started
        rows = run.metrics()
        episodes = evaluate(load(model), method, seeds=TEST_SEEDS)
        run.close()
    threshold = gymnasium.spec(environment).reward_threshold or np.inf
    solved = (r["environment_steps"] for r in rows if -r["best"] >= threshold)
    return {
        "environment": environment,
        "method": method,
        "seed": seed,
        "return": float(episodes.values("total_reward").mean()),
        "steps": rows[-1]["environment_steps"],
        "solved_at": next(solved, None),
        "elapsed_s": round(elapsed_s, 1),
    }


def main() -> None:
    """Measure all runs and print their means."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--environments", nargs="+", default=ENVIRONMENTS, choices=ENVIRONMENTS)
    parser.add_argument("--methods", nargs="+", default=[*METHODS], choices=[*METHODS])
    parser.add_argument("--steps", type=int, default=50_000)
    parser.add_argument("--seeds", type=int, default=5)
    args = parser.parse_args()
    for environment in args.environments:
        for method in args.methods:
            rows = []
            for seed in range(1, args.seeds + 1):
                rows.append(measure(environment, method, seed, args.steps))
                print(json.dumps(rows[-1]), flush=True)
            returns = np.array([row["return"] for row in rows])
            solved = [row["solved_at"] for row in rows]
            summary = {
                "environment": environment,
                "method": method,
                "mean": round(float(returns.mean()), 1),
                "half_width": round(half_width(returns), 1),
                "solved_at": solved,
                "median_s": float(np.median([row["elapsed_s"] for row in rows])),
            }
            print(json.dumps(summary), flush=True)


if __name__ == "__main__":
    main()
