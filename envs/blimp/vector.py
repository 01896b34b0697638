"""Blimps that are stepped together by compiled kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from snn_control.compiled import kernel
from snn_control.envs.blimp import plant
from snn_control.envs.blimp.altitude import action_space, observation_space
from snn_control.envs.blimp.metrics import REWARD_MARGIN_M, REWARD_WITHIN_M
from snn_control.envs.blimp.presets import blimp_parameters
from snn_control.envs.blimp.scenario import draw_scenario
from snn_control.envs.rewards import tolerances
from snn_control.envs.vector import SteppedTogether

__all__ = ["BlimpAltitudeVector"]

FloatArray = NDArray[np.float64]


class BlimpAltitudeVector(SteppedTogether):
    """`num_envs` environments `BlimpAltitude-v0`, without rendering.

    `gymnasium.make_vec("snn_control/BlimpAltitude-v0", num_envs=n,
    vectorization_mode="vector_entry_point")` makes it. Episodes, ticks, references and batteries
    equal those of `BlimpAltitude` with the same seeds. The blimp stays upright, as in the native
    plant: heights differ by less than 1 cm from those of the body in MuJoCo, which tilts.

    Args:
        num_envs: number of environments, at least 1.
        preset, parameters, duration_s: see `BlimpAltitude`.
        render_mode: None.
    """

    def __init__(
        self,
        num_envs: int = 1,
        preset: str = "default",
        parameters: dict[str, Any] | None = None,
        duration_s: float = 300.0,
        render_mode: str | None = None,
    ) -> None:
        super().__init__(num_envs, observation_space(), action_space(), render_mode)
        self.parameters, self.duration_s = blimp_parameters(preset, parameters), duration_s
        self._states = np.zeros((num_envs, plant.STATE_SIZE))
        self._constants = np.zeros((num_envs, plant.CONSTANTS_SIZE))
        self._gusts_m_s2 = np.zeros((num_envs, 1))
        self._references_m = np.zeros((num_envs, 1))
        self._substeps = np.zeros((num_envs, 1), np.int32)
        self._missed = np.zeros((num_envs, 1), np.int64)
        self._n_ticks = np.zeros(num_envs, np.int64)
        self._tick = np.zeros(num_envs, np.int64)
        self._elapsed_s = np.zeros(num_envs)
        self._battery_start_v = np.zeros(num_envs)
        self._sag_v_per_s = np.zeros(num_envs)

    def _start(self, k: int, seed: int) -> None:
        scenario = draw_scenario(self.parameters, seed, self.duration_s)
        n = scenario.substeps.size
        self._gusts_m_s2 = _with_row(self._gusts_m_s2, k, scenario.gust_m_s2[2])
        self._references_m = _with_row(self._references_m, k, scenario.reference_m, n + 1)
        self._substeps = _with_row(self._substeps, k, scenario.substeps)
        self._missed = _with_row(self._missed, k, np.append(scenario.missed, 0))
        self._constants[k] = scenario.constants
        self._battery_start_v[k] = scenario.battery_start_v
        self._sag_v_per_s[k] = scenario.constants[plant.SAG_PER_S] * scenario.battery_start_v
        self._n_ticks[k], self._tick[k], self._elapsed_s[k] = n, 0, 0.0
        plant.reset(self._states[k], self._constants[k])

    def _advance(self, actions: FloatArray, skipped: NDArray[np.bool_]) -> None:
        before = self._states[:, plant.STEP].copy()
        _advance_all(
            self._states, self._constants, self._gusts_m_s2, self._substeps, self._tick,
            np.ascontiguousarray(actions[:, 0]), skipped,
        )  # fmt: skip
        self._elapsed_s = (self._states[:, plant.STEP] - before) * plant.PHYSICS_STEP_S

    def _ended(self) -> NDArray[np.bool_]:
        return self._tick == self._n_ticks

    def _state(self, started: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray, dict[str, Any]]:
        rows, heights_m = np.arange(self.num_envs), self._states[:, plant.HEIGHT].copy()
        ranges_m = np.empty(self.num_envs)
        _sense_all(self._states, self._constants, ranges_m)
        references_m = self._references_m[rows, self._tick]
        drop_v = self._sag_v_per_s * self._states[:, plant.STEP] * plant.PHYSICS_STEP_S
        battery_v = (self._battery_start_v - drop_v).astype(np.float32).astype(np.float64)
        dt_s = np.where(started, self.parameters.control_period_s, self._elapsed_s)
        columns = (references_m - ranges_m, references_m, ranges_m, dt_s, battery_v)
        rewards = tolerances(
            references_m - heights_m, -REWARD_WITHIN_M, REWARD_WITHIN_M, margin=REWARD_MARGIN_M
        )
        info = self._info(
            dt_s=np.where(started, 0.0, self._elapsed_s),
            time_s=self._states[:, plant.STEP] * plant.PHYSICS_STEP_S,
            height_m=heights_m,
            speed_m_s=self._states[:, plant.SPEED].copy(),
            missed_ticks=self._missed[rows, self._tick],
        )
        return np.stack(columns, axis=1), rewards, info


def _with_row(rows: NDArray[Any], k: int, values: NDArray[Any], width: int = 0) -> NDArray[Any]:
    """Return the rows with row `k` replaced; its last value fills the row, of `width` or more."""
    missing = max(width, values.size) - rows.shape[1]
    if missing > 0:
        rows = np.pad(rows, ((0, 0), (0, missing)), mode="edge")
    rows[k, : values.size], rows[k, values.size :] = values, values[-1]
    return rows


@kernel(nogil=True)
def _advance_all(states, constants, gusts, substeps, tick, commands, skipped):
    for k in range(states.shape[0]):
        if not skipped[k]:
            plant.advance(states[k], constants[k], gusts[k], commands[k], substeps[k, tick[k]])
            tick[k] += 1


@kernel()
def _sense_all(states, constants, ranges_m):
    for k in range(states.shape[0]):
        ranges_m[k] = plant.sense(states[k], constants[k])
