"""Plain script: a Gymnasium environment in Python and Norse cells, one step per call."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np

from snn_control.bench.norse_peer import cells
from snn_control.bench.toy_blimp import CENTRES, DT_S, SLOPE, reference_m
from snn_control.bench.workload import FloatArray, Genomes


class ToyBlimp(gymnasium.Env[FloatArray, float]):
    """Plant of `toy_blimp` as an environment; the observation is the ten receptive fields."""

    observation_space = gymnasium.spaces.Box(0.0, 1.0, (CENTRES.size,), np.float32)

    def __init__(self, n_ticks: int) -> None:
        self._reference = reference_m(n_ticks, np.float64).tolist()

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[FloatArray, dict]:
        """Start at rest at height 0."""
        super().reset(seed=seed)
        self._z = self._v = self._f = 0.0
        self._t = 0
        return self._observe(), {}

    def step(self, action: float) -> tuple[FloatArray, float, bool, bool, dict]:
        """Advance one tick."""
        u = min(max(action, -1.0), 1.0)
        reward = -abs(self._reference[self._t] - self._z)
        acceleration = 4 * self._f - 0.5 * self._v * abs(self._v) - 0.3
        self._z += DT_S * self._v
        self._v += DT_S * acceleration
        self._f += DT_S / 0.2 * (u - self._f)
        self._t += 1
        done = self._t == len(self._reference)
        return (self._observe() if not done else np.zeros(10, np.float32)), reward, False, done, {}

    def _observe(self) -> FloatArray:
        e = self._reference[self._t] - self._z
        q = min(max(e - 0.5 * self._v, -1.0), 1.0)
        return np.maximum(0, 1 - SLOPE * np.abs(q - CENTRES)).astype(np.float32)


def run_script(pool: Genomes, n_ticks: int) -> float:
    """Run an episode of one network; return its cost."""
    env, network = ToyBlimp(n_ticks), cells(pool)
    observation, _ = env.reset()
    cost, done = 0.0, False
    while not done:
        observation, reward, _, done, _ = env.step(network(observation))
        cost -= reward
    return cost
