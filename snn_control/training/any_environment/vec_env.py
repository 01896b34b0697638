"""Environments as a vector environment of stable-baselines3, whose episodes can be resumed.

An environment has no state that could be stored. A checkpoint therefore holds the actions of each
unfinished episode, and resuming repeats them, if episodes with equal seeds are equal.
"""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from snn_control.errors import FitnessError, NotFiniteError
from snn_control.training.any_environment.plain_vec_env import PlainVecEnv
from snn_control.training.interface import Declared, Interface

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Exploration:
    """Distribution of the actions of an environment, and its scale."""

    space: gymnasium.Space[Any]
    """Space of the drawn actions; it selects the distribution."""
    vector: Callable[[Any], FloatArray]
    """Convert a drawn action to a vector of `Interface.act`."""
    half_range: FloatArray
    """Half of the range of each action of a Box, 1 without bounds; empty for choices."""

    @classmethod
    def of(cls, env: gymnasium.Env) -> Exploration:
        """Return normally distributed actions for a Box, choices for other spaces."""
        space, declared = env.action_space, Declared.by(env).action_names
        match space:
            case spaces.Discrete() if not declared:
                return cls(spaces.Discrete(int(space.n)), _one_hot([int(space.n)]), np.zeros(0))
            case spaces.MultiDiscrete() if not declared:
                sizes = space.nvec.ravel().tolist()
                return cls(spaces.MultiDiscrete(sizes), _one_hot(sizes), np.zeros(0))
            case spaces.MultiBinary() if not declared:
                n = int(np.prod(space.shape))
                return cls(spaces.MultiBinary(n), lambda bits: 2.0 * bits - 1.0, np.zeros(0))
        half = np.ones(len(declared) or int(np.prod(space.shape or (1,))))
        if isinstance(space, spaces.Box) and space.low.size == half.size:
            wide = space.high.ravel().astype(np.float64) - space.low.ravel()
            half = np.where(np.isfinite(wide) & (wide > 0.0), 0.5 * wide, 1.0)
        # `Interface.act` clips as in an evolution; the bounds of this space only have to be finite.
        limit = np.full(half.size, np.finfo(np.float32).max, np.float32)
        return cls(spaces.Box(-limit, limit), lambda action: np.asarray(action, np.float64), half)


def _one_hot(sizes: list[int]) -> Callable[[Any], FloatArray]:
    offsets = np.cumsum([0, *sizes[:-1]])

    def vector(chosen: Any) -> FloatArray:
        entries = np.zeros(sum(sizes))
        entries[offsets + np.atleast_1d(chosen)] = 1.0
        return entries

    return vector


class EpisodeVecEnv(PlainVecEnv):
    """Environments with seeded episodes; the seed of an episode depends on `seed` and its number.

    Args:
        envs: environments of one kind.
        seed: seed of the episodes.
    """

    def __init__(self, envs: list[gymnasium.Env], seed: int) -> None:
        self._envs, self._seed = envs, seed
        self._interface, exploration = Interface.of(envs[0]), Exploration.of(envs[0])
        self._vector = exploration.vector
        self.episodes = np.zeros(len(envs), np.int64)
        """Complete episodes of each environment."""
        self._taken: list[list[Any]] = [[] for _ in envs]
        self._totals = np.zeros(len(envs))
        self._actions: Any = None
        self.ended: list[float] = []
        """Total rewards of the complete episodes; the caller empties it."""
        n = len(self._interface.observation_names)
        super().__init__(
            len(envs), spaces.Box(-np.inf, np.inf, (n,), np.float32), exploration.space
        )

    def reset(self) -> npt.NDArray[np.float32]:
        """Begin the current episode of each environment from its start."""
        return np.stack([self._begin(k) for k in range(self.num_envs)])

    def _begin(self, k: int) -> npt.NDArray[np.float32]:
        drawn = np.random.SeedSequence([self._seed, k, int(self.episodes[k])])
        self._taken[k], self._totals[k] = [], 0.0
        with environment_faults(f"environment {k}", k):
            observation, _ = self._envs[k].reset(seed=int(drawn.generate_state(1)[0]))
        return self._observed(observation, k)

    def step_async(self, actions: Any) -> None:
        """Store the actions of the next control period."""
        self._actions = actions

    def step_wait(
        self,
    ) -> tuple[npt.NDArray[np.float32], FloatArray, npt.NDArray[np.bool_], list[dict[str, Any]]]:
        """Apply the actions for a control period; environments at an end begin the next episode."""
        observations, rewards, done, infos = [], np.zeros(self.num_envs), [], []
        for k, action in enumerate(self._actions):
            observation, rewards[k], terminated, truncated = self._step(k, action)
            info: dict[str, Any] = {}
            if terminated or truncated:
                info = {
                    "terminal_observation": observation,
                    "TimeLimit.truncated": not terminated,
                }
                self.ended.append(float(self._totals[k]))
                self.episodes[k] += 1
                observation = self._begin(k)
            observations.append(observation)
            done.append(terminated or truncated)
            infos.append(info)
        return np.stack(observations), rewards, np.array(done), infos

    def _step(self, k: int, action: Any) -> tuple[npt.NDArray[np.float32], float, bool, bool]:
        with environment_faults(f"environment {k}", k):
            observation, gained, terminated, truncated, _ = self._envs[k].step(
                self._interface.act(self._vector(action))
            )
            reward = float(gained)
        self._taken[k].append(np.array(action))
        if not math.isfinite(reward):
            raise NotFiniteError(f"reward of tick {len(self._taken[k])} is {reward}")
        self._totals[k] += reward
        return self._observed(observation, k), reward, bool(terminated), bool(truncated)

    def _observed(self, observation: Any, k: int) -> npt.NDArray[np.float32]:
        values = self._interface.observe(observation)
        if not np.isfinite(values).all():
            entry = int(np.flatnonzero(~np.isfinite(values))[0])
            name = self._interface.observation_names[entry]
            raise NotFiniteError(
                f"observation {name} of tick {len(self._taken[k])} is {values[entry]}"
            )
        return values.astype(np.float32)

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Return numbers and actions of the unfinished episodes, see `restore`."""
        ticks = np.array([len(taken) for taken in self._taken])
        shape = (self.num_envs, int(ticks.max()), *(self.action_space.shape or ()))
        actions = np.zeros(shape, self.action_space.dtype)
        for k, taken in enumerate(self._taken):
            if taken:
                actions[k, : len(taken)] = taken
        return {"episodes": self.episodes.copy(), "episode_ticks": ticks, "actions": actions}

    def restore(self, state: dict[str, npt.NDArray[Any]]) -> npt.NDArray[np.float32]:
        """Repeat the unfinished episodes of `state`; return the last observations."""
        self.episodes = np.array(state["episodes"], np.int64)
        observations = []
        for k, ticks in enumerate(state["episode_ticks"].tolist()):
            observation = self._begin(k)
            for action in state["actions"][k, :ticks]:
                observation, *_ = self._step(k, action)
            observations.append(observation)
        return np.stack(observations)

    def skip(self, state: dict[str, npt.NDArray[Any]]) -> npt.NDArray[np.float32]:
        """Begin the episodes after the unfinished ones of `state`; return the observations."""
        self.episodes = np.array(state["episodes"], np.int64) + 1
        return self.reset()

    def close(self) -> None:
        """Close the environments."""
        for env in self._envs:
            env.close()


@contextmanager
def environment_faults(where: str, k: int = 0) -> Iterator[None]:
    """Raise a `FitnessError` in place of an exception of a user's environment."""
    try:
        yield
    except NotFiniteError:
        raise
    except Exception as exc:  # a user's environment raises exceptions of any type
        message = f"{where} raised {type(exc).__name__}: {exc}"
        raise FitnessError(message, k, k + 1, traceback.format_exc()) from exc
