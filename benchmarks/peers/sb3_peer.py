"""PPO of Stable-Baselines3 with a perceptron on the altitude task.

The policy observes the height error, its rate and its integral, which the spiking controllers have
to compute, and its action is an offset from a hover command of 3 motor units. It trains on
`BlimpAltitudeVector`, the fastest form of the environment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gymnasium
import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.logger import Logger

from benchmarks.peers.altitude_score import ENVIRONMENT, SEEDS, curve
from snn_control.envs import make
from snn_control.envs.blimp.vector import BlimpAltitudeVector
from snn_control.training.any_environment.plain_vec_env import PlainVecEnv

HOVER, GAIN = 3.0, 7.0
"""Command of an action of 0, and of 1 beyond it, motor units."""
SCALES = np.array([5.0, 2.0, 0.5])
"""Scales of error in m, rate in m/s and integral in m s."""
LIMIT = 5.0
SETTINGS: dict[str, Any] = {
    "n_steps": 256,
    "batch_size": 512,
    "n_epochs": 10,
    "learning_rate": 1e-3,
    "gamma": 0.97,
    "gae_lambda": 0.95,
    "policy_kwargs": {"net_arch": [64, 64], "log_std_init": -1.0},
}
"""Settings of PPO, best of a few on seeds that are not used for figures."""
N_ENVS = 8


class Features:
    """Error, rate and integral of each environment from its observations."""

    def __init__(self, n: int) -> None:
        self._before, self._integral = np.full(n, np.nan), np.zeros(n)

    def __call__(self, observations: np.ndarray, started: np.ndarray | bool = False) -> np.ndarray:
        """Return the features, shape (n, 3), of observations of shape (n, 5)."""
        error, dt_s = observations[:, 0], observations[:, 3]
        first = np.isnan(self._before) | started
        self._integral = np.where(first, 0.0, self._integral) + error * dt_s
        self._integral = np.clip(self._integral, -10.0, 10.0)
        rate = np.where(first, 0.0, (error - self._before) / np.maximum(dt_s, 1e-3))
        self._before = error.copy()
        features = SCALES * np.stack([error, rate, self._integral], axis=1)
        return np.clip(features, -LIMIT, LIMIT).astype(np.float32)


def command(actions: np.ndarray) -> np.ndarray:
    """Return motor commands of actions."""
    return np.clip(HOVER + GAIN * actions.astype(np.float64), -10.0, 10.0)


class AltitudeVecEnv(PlainVecEnv):
    """Blimps that are stepped together, with features, as Stable-Baselines3 expects them."""

    def __init__(self, seed: int) -> None:
        self._blimps, self._seed = BlimpAltitudeVector(N_ENVS), seed
        self._features, self._actions = Features(N_ENVS), np.zeros((N_ENVS, 1))
        super().__init__(
            N_ENVS,
            gymnasium.spaces.Box(-LIMIT, LIMIT, (len(SCALES),), np.float32),
            gymnasium.spaces.Box(-1.0, 1.0, (1,), np.float32),
        )

    def reset(self) -> np.ndarray:
        """Start all episodes."""
        self._features = Features(N_ENVS)
        return self._features(self._blimps.reset(seed=self._seed)[0])

    def step_async(self, actions: np.ndarray) -> None:
        """Store the actions of the next step."""
        self._actions = actions

    def step_wait(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[dict[str, Any]]]:
        """Apply the actions; start the next episode where one ended."""
        observations, rewards, _, over, _ = self._blimps.step(command(self._actions))
        features = self._features(observations)
        infos: list[dict[str, Any]] = [{} for _ in range(N_ENVS)]
        if over.any():
            for k in np.flatnonzero(over):
                infos[k] = {"terminal_observation": features[k], "TimeLimit.truncated": True}
            observations, _ = self._blimps.reset(options={"reset_mask": over})
            restarted = Features(N_ENVS)
            features[over] = restarted(observations)[over]
            for mine, new in zip(
                vars(self._features).values(), vars(restarted).values(), strict=True
            ):
                mine[over] = new[over]
        return features, rewards.astype(np.float32), over, infos


def policy_reward(ppo: PPO) -> float:
    """Return the mean reward a tick of the policy without exploration."""
    rewards = []
    for seed in SEEDS:
        env, features = make(ENVIRONMENT), Features(1)
        observation, _ = env.reset(seed=seed)
        over, ticks, total = False, 0, 0.0
        while not over:
            action, _ = ppo.predict(features(observation[None]), deterministic=True)
            observation, reward, _, over, _ = env.step(command(action)[0])
            total, ticks = total + float(reward), ticks + 1
        rewards.append(total / ticks)
    return float(np.mean(rewards))


class Training:
    """Training by PPO; `run` measures a seed."""

    def __init__(self, settings: dict[str, Any] | None = None) -> None:
        torch.set_num_threads(1)
        self._settings = SETTINGS | (settings or {})
        self.info = {"way": f"perceptron 64 x 64, {N_ENVS} environments"}
        next(self._train(999))()

    def run(self, seed: int, budget_s: float, level: float) -> list[tuple[float, float]]:
        """Return processor time and reward a tick, see `altitude_score.curve`."""
        return curve(self._train(seed), budget_s, level)

    def _train(self, seed: int) -> Iterator[Callable[[], float]]:
        ppo = PPO("MlpPolicy", AltitudeVecEnv(seed), seed=seed, device="cpu", **self._settings)
        ppo.set_logger(Logger(None, []))
        while True:
            ppo.learn(self._settings["n_steps"] * N_ENVS, reset_num_timesteps=False)
            yield lambda: policy_reward(ppo)
