"""Swimmers that are stepped together by compiled kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from snn_control.envs.swimmer.batch import SwimmerBatch
from snn_control.envs.swimmer.body import CONTROL_PERIOD_S
from snn_control.envs.swimmer.start import draw_start
from snn_control.envs.swimmer.swim import (
    EPISODE_TICKS,
    action_space,
    damage_of,
    observation_space,
    swim_reward,
)
from snn_control.envs.vector import SteppedTogether
from snn_control.errors import ParameterError

__all__ = ["SwimVector"]

FloatArray = NDArray[np.float64]


class SwimVector(SteppedTogether):
    """`num_envs` environments `Swim-v0`, without rendering, stepped by several threads.

    `gymnasium.make_vec("snn_control/Swim-v0", num_envs=n, vectorization_mode="vector_entry_point")`
    makes it. Observations, rewards and episodes equal those of `Swim` with the same seeds.

    Args:
        num_envs: number of environments, at least 1.
        n_links, damage, n_ticks: see `Swim`.
        render_mode: None.
    """

    def __init__(
        self,
        num_envs: int = 1,
        n_links: int = 6,
        damage: dict[str, Any] | None = None,
        n_ticks: int = EPISODE_TICKS,
        render_mode: str | None = None,
    ) -> None:
        if n_ticks < 1:
            raise ParameterError(f"n_ticks is {n_ticks}; expected at least 1")
        space = observation_space(n_links)
        super().__init__(num_envs, space, action_space(n_links - 1), render_mode)
        self.damage, self.n_links, self.n_ticks = damage_of(damage), n_links, n_ticks
        self._high = space.high
        self._batch = SwimmerBatch(n_links, num_envs, self.damage)
        self._tick = np.zeros(num_envs, np.int64)

    def _start(self, k: int, seed: int) -> None:
        self._batch.reset([draw_start(self.n_links, seed, self.n_ticks, self.damage)], [k])
        self._tick[k] = 0

    def _advance(self, actions: FloatArray, skipped: NDArray[np.bool_]) -> None:
        self._batch.step(actions)
        self._tick += 1

    def _ended(self) -> NDArray[np.bool_]:
        return self._tick >= self.n_ticks

    def _state(self, started: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray, dict[str, Any]]:
        batch = self._batch
        columns = np.concatenate([batch.joint_rad, batch.link_velocities], axis=1)
        speeds_m_s, position_m = batch.forward_speed_m_s.copy(), batch.position_m
        info = self._info(
            time_s=self._tick * CONTROL_PERIOD_S,
            forward_speed_m_s=speeds_m_s,
            x_m=position_m[:, 0],
            y_m=position_m[:, 1],
        )
        return np.clip(columns, -self._high, self._high), swim_reward(speeds_m_s), info
