"""Batched native plant: scenarios stacked into flat arrays, many blimps stepped together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snn_control.compiled import kernel
from snn_control.copies import Copied
from snn_control.envs.blimp import plant
from snn_control.envs.blimp.scenario import Scenario
from snn_control.errors import ParameterError


@dataclass(frozen=True)
class ScenarioBatch:
    """Scenarios as rows of C-contiguous arrays; shorter scenarios are padded at the end."""

    constants: NDArray[np.float64]
    """(n, CONSTANTS_SIZE), see `plant`."""
    gust_m_s2: NDArray[np.float64]
    """Vertical gust acceleration, m/s^2, (n, slots)."""
    reference_m: NDArray[np.float64]
    """Reference height at each called tick, m, (n, ticks); padded with the last value."""
    substeps: NDArray[np.int32]
    """Physics steps after each called tick, (n, ticks); padded with 0."""
    n_ticks: NDArray[np.int32]
    """Number of called ticks of each scenario, (n,)."""


def stack_scenarios(scenarios: Sequence[Scenario]) -> ScenarioBatch:
    """Stack one or more scenarios.

    Raises:
        ParameterError: the sequence is empty.
    """
    if not scenarios:
        raise ParameterError("no scenario to stack; draw at least one with draw_scenario")
    n_ticks = np.array([s.substeps.size for s in scenarios], np.int32)
    ticks = int(n_ticks.max())
    slots = max(s.gust_m_s2.shape[1] for s in scenarios)
    gust = np.zeros((len(scenarios), slots))
    reference = np.zeros((len(scenarios), ticks))
    substeps = np.zeros((len(scenarios), ticks), np.int32)
    for k, s in enumerate(scenarios):
        gust[k, : s.gust_m_s2.shape[1]] = s.gust_m_s2[2]
        reference[k] = s.reference_m[-1]
        reference[k, : n_ticks[k]] = s.reference_m
        substeps[k, : n_ticks[k]] = s.substeps
    return ScenarioBatch(
        constants=np.stack([s.constants for s in scenarios]),
        gust_m_s2=gust,
        reference_m=reference,
        substeps=substeps,
        n_ticks=n_ticks,
    )


class BlimpPlants(Copied):
    """`n` native blimps that step together by one called tick, each through its own scenario.

    `reset()` and `step(commands)` return the measured height errors, m, shape (n,), in a buffer
    that the next call overwrites; `height_m` is the true height. A plant at the end of its scenario
    keeps its state, and its entry of `done` is True.
    """

    def __init__(self, scenarios: Sequence[Scenario] | ScenarioBatch) -> None:
        if not isinstance(scenarios, ScenarioBatch):
            scenarios = stack_scenarios(scenarios)
        self.batch = scenarios
        self.n = len(self.batch.n_ticks)
        self._states = np.zeros((self.n, plant.STATE_SIZE))
        self._tick = np.zeros(self.n, np.int32)
        self._error_m = np.zeros(self.n)
        self.reset()

    @property
    def height_m(self) -> NDArray[np.float64]:
        """True heights, m, shape (n,), as a copy."""
        return self._states[:, plant.HEIGHT].copy()

    @property
    def time_s(self) -> NDArray[np.float64]:
        """Time since the reset, s, shape (n,)."""
        return self._states[:, plant.STEP] * plant.PHYSICS_STEP_S

    @property
    def done(self) -> NDArray[np.bool_]:
        """Mask of the plants at the end of their scenario, shape (n,)."""
        return self._tick >= self.batch.n_ticks

    def reset(self) -> NDArray[np.float64]:
        """Restart every scenario; return the height errors, m, shape (n,)."""
        b = self.batch
        _reset_all(self._states, b.constants, b.reference_m, self._tick, self._error_m)
        return self._error_m

    def step(self, commands: NDArray[np.float64]) -> NDArray[np.float64]:
        """Hold `commands` (motor units, float64 (n,)) until each plant's next called tick.

        Raises:
            ParameterError: `commands` has another shape or type.
        """
        if commands.shape != (self.n,) or commands.dtype != np.float64:
            raise ParameterError(
                f"commands are {commands.dtype} {commands.shape}; expected float64 ({self.n},)"
            )
        b = self.batch
        _step_all(
            self._states,
            b.constants,
            b.gust_m_s2,
            b.reference_m,
            b.substeps,
            self._tick,
            commands,
            self._error_m,
        )
        return self._error_m


@kernel()
def _reset_all(states, constants, reference_m, tick, error_m):
    for k in range(states.shape[0]):
        plant.reset(states[k], constants[k])
        tick[k] = 0
        error_m[k] = reference_m[k, 0] - plant.sense(states[k], constants[k])


@kernel(nogil=True)
def _step_all(states, constants, gusts, reference_m, substeps, tick, commands, error_m):
    ticks = substeps.shape[1]
    for k in range(states.shape[0]):
        now = tick[k]
        if now < ticks:
            plant.advance(states[k], constants[k], gusts[k], commands[k], substeps[k, now])
            tick[k] = now + 1
            error_m[k] = reference_m[k, min(now + 1, ticks - 1)] - plant.sense(
                states[k], constants[k]
            )
