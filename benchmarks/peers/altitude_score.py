"""Reward of altitude controllers over the processor time of their training.

Every method reports the reward a tick of its current controller in the same five episodes of
`snn_control/BlimpAltitude-v0`, in MuJoCo, at times that grow by a tenth. Only training is timed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

ENVIRONMENT = "BlimpAltitude-v0"
SEEDS = range(50_000, 50_005)
GROWTH = 1.1
"""Factor of the processor time from one evaluation to the next."""


def controller_reward(controller: Any) -> float:
    """Return the mean reward a tick of a controller of this package."""
    from snn_control.envs import make
    from snn_control.training.rollout import rollout

    rewards = []
    for seed in SEEDS:
        episode = rollout(controller, make(ENVIRONMENT), seed=seed)
        rewards.append(episode.total_reward / episode.trace["time_s"].size)
    return float(np.mean(rewards))


def curve(
    training: Iterator[Callable[[], float]], budget_s: float, level: float, first_s: float = 0.05
) -> list[tuple[float, float]]:
    """Train until the budget is spent or the reward reaches a level.

    Args:
        training: trains further with each item; the item returns the reward a tick so far.
        budget_s: processor time, s.
        level: reward a tick.
        first_s: processor time of the first evaluation, s.

    Returns:
        Processor time of training, s, and reward a tick at each evaluation.
    """
    points: list[tuple[float, float]] = []
    spent, due = 0.0, first_s
    while spent < budget_s and not (points and points[-1][1] >= level):
        started = time.process_time()
        evaluate = next(training)
        spent += time.process_time() - started
        if spent >= due or spent >= budget_s:
            points.append((spent, evaluate()))
            due = GROWTH * spent
    return points
