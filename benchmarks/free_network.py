"""Reward of the blimp after an evolution of a network without a designed code.

    PYTHONPATH=. python benchmarks/free_network.py [--seeds 5] [--steps 20000000] [--episodes 10]

Each seed runs the configuration `blimp-evolved-free`, 562 random genes and the reward as objective,
for as many control periods. The best genome then flies held-out episodes of
`snn_control/BlimpAltitude-v0` in MuJoCo; the PID flies the same ones. Expected: a median reward of
0.86 a tick, PID 0.96.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from snn_control.controllers import Controller, load
from snn_control.controllers.blimp.pid import PID
from snn_control.runs import Run
from snn_control.training.environment import make_environment
from snn_control.training.evaluate import run_episode
from snn_control.training.optimisation import optimise, read_optimisation
from snn_control.training.statistics import half_width

CONFIG = "blimp-evolved-free"
FIRST_EPISODE = 90_000
"""Seed of the first held-out episode."""


def rewards(controller: Controller, n_episodes: int) -> float:
    """Return the mean reward a tick over held-out episodes."""
    env = make_environment("snn_control/BlimpAltitude-v0")
    means = []
    for seed in range(FIRST_EPISODE, FIRST_EPISODE + n_episodes):
        episode = run_episode(controller, env, seed)
        means.append(episode.total_reward / len(episode.trace["time_s"]))
    return float(np.mean(means))


def main() -> None:
    """Evolve with each seed, and print a line for each and a summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=20_000_000)
    parser.add_argument("--episodes", type=int, default=10)
    args = parser.parse_args()
    config, budget = read_optimisation(CONFIG), f"{args.steps}steps"
    print(f"PID: {rewards(PID(), args.episodes):.3f} a tick")
    results = []
    for seed in range(args.seeds):
        with tempfile.TemporaryDirectory() as folder:
            started = time.process_time()
            run = Run.create(
                Path(folder) / "run", command=__doc__ or "", config=config, seed=seed, budget=budget
            )
            model = optimise(config, run, seed=seed, budget=budget)
            took_s = time.process_time() - started
            results.append(rewards(load(model), args.episodes))
        print(f"seed {seed}: {results[-1]:.3f} a tick, {took_s:.0f} CPU s", flush=True)
    print(
        f"median {np.median(results):.3f}, mean {np.mean(results):.3f} "
        f"+- {half_width(np.array(results)):.3f} (95 %)"
    )


if __name__ == "__main__":
    main()
