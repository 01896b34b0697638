"""Common parts of the vector environments: seeds, masks and checks of actions."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from snn_control.copies import Copied
from snn_control.envs.actions import NEEDS_RESET
from snn_control.errors import ParameterError
from snn_control.seeds import whole_seed

__all__ = ["SteppedTogether"]

FloatArray = NDArray[np.float64]


class SteppedTogether(Copied, VectorEnv):
    """Base of environments that compiled kernels step together, without rendering.

    An environment that was truncated is reset by the next step (`AutoresetMode.NEXT_STEP`).

    Args:
        num_envs: number of environments, at least 1.
        observation_space, action_space: spaces of one environment.
        render_mode: None.
    """

    metadata: ClassVar[dict[str, Any]] = {
        "render_modes": [],
        "autoreset_mode": AutoresetMode.NEXT_STEP,
    }

    def __init__(
        self,
        num_envs: int,
        observation_space: gymnasium.Space,
        action_space: gymnasium.Space,
        render_mode: str | None,
    ) -> None:
        if num_envs < 1:
            raise ParameterError(f"num_envs is {num_envs}; expected at least 1")
        if render_mode is not None:
            raise ParameterError(
                f"render_mode is {render_mode!r}; environments that are stepped together draw "
                "nothing, use vectorization_mode='sync'"
            )
        self.num_envs = num_envs
        self.single_observation_space = observation_space
        self.single_action_space = action_space
        self.observation_space = batch_space(observation_space, num_envs)
        self.action_space = batch_space(action_space, num_envs)
        self._over: NDArray[np.bool_] | None = None
        """Environments that the next step resets; None before the first `reset`."""

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[FloatArray, dict[str, Any]]:
        """Start episodes.

        Args:
            seed: seed of the first environment, the others take the next ones; or one seed each.
                None draws seeds from the last ones passed.
            options: `reset_mask`, bool (num_envs,): the environments to reset; default: all.

        Raises:
            ParameterError: a wrong number of seeds, or a wrong mask.
        """
        seeds = self._seeds(seed)
        every = np.ones(self.num_envs, bool)
        mask = np.asarray((options or {}).get("reset_mask", every))
        if mask.shape != (self.num_envs,) or mask.dtype != bool:
            raise ParameterError(f"reset_mask: expected bool ({self.num_envs},)")
        if self._over is None and not mask.all():
            raise ParameterError("reset_mask: the first reset is of all environments")
        self._restart(mask, seeds)
        self._over = np.zeros(self.num_envs, bool) if self._over is None else self._over & ~mask
        observations, _, info = self._state(mask)
        return observations, info

    def step(
        self, actions: NDArray[Any]
    ) -> tuple[FloatArray, FloatArray, NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """Advance each environment by one step; reset those that were truncated by the last one.

        Args:
            actions: one action for each environment.

        Raises:
            ParameterError: another shape, or not finite.
            gymnasium.error.ResetNeeded: `reset` was not called.
        """
        checked = np.asarray(actions, np.float64)
        if checked.shape != self.action_space.shape or not np.isfinite(checked).all():
            raise ParameterError(
                f"actions of shape {checked.shape}; expected finite ones, {self.action_space.shape}"
            )
        if self._over is None:
            raise gymnasium.error.ResetNeeded(NEEDS_RESET)
        starting = self._over
        self._advance(checked, starting)
        if starting.any():
            self._restart(starting, self._seeds(None))
        self._over = self._ended() & ~starting
        observations, rewards, info = self._state(starting)
        never = np.zeros(self.num_envs, bool)
        return observations, np.where(starting, 0.0, rewards), never, self._over.copy(), info

    def _seeds(self, seed: int | Sequence[int | None] | None) -> list[int | None]:
        if seed is None:
            return [None] * self.num_envs
        if isinstance(seed, Sequence | np.ndarray):
            if len(seed) != self.num_envs:
                raise ParameterError(f"{len(seed)} seeds; expected {self.num_envs}")
            seeds = [None if each is None else whole_seed(each) for each in seed]
        else:
            first = whole_seed(seed)
            seeds = list(range(first, first + self.num_envs))
        known = [each for each in seeds if each is not None]
        if known:
            self._np_random = np.random.Generator(np.random.PCG64(np.random.SeedSequence(known)))
            self._np_random_seed = known[0]
        return seeds

    def _restart(self, mask: NDArray[np.bool_], seeds: list[int | None]) -> None:
        for k in np.flatnonzero(mask).tolist():
            seed = seeds[k]
            self._start(k, int(self.np_random.integers(2**31)) if seed is None else seed)

    @abstractmethod
    def _start(self, k: int, seed: int) -> None:
        """Start the episode of a seed in environment `k`."""

    @abstractmethod
    def _advance(self, actions: FloatArray, skipped: NDArray[np.bool_]) -> None:
        """Advance all environments except those that are skipped, which are restarted next."""

    @abstractmethod
    def _ended(self) -> NDArray[np.bool_]:
        """Return the environments that are at the end of their episode."""

    @abstractmethod
    def _state(self, started: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray, dict[str, Any]]:
        """Return observations, rewards and infos; `started`: environments that were restarted."""

    def _info(self, **values: NDArray[Any]) -> dict[str, Any]:
        """Return values as infos of a vector environment, present in all environments."""
        present = np.ones(self.num_envs, bool)
        return {**values, **{f"_{name}": present for name in values}}
