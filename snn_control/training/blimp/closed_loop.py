"""Networks and blimps fused in one compiled loop: a whole population over many scenarios."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from snn_control.compiled import kernel
from snn_control.controllers.controller import Controller
from snn_control.engines.kernels import aligned_copy, control_tick, new_state, rest
from snn_control.engines.layout import HEADER, N_READOUTS, Layout
from snn_control.envs.blimp import plant
from snn_control.envs.blimp.batch import BlimpPlants, ScenarioBatch
from snn_control.errors import ParameterError

FloatArray = npt.NDArray[np.float64]
Array = Any

RMSE, HOLD_RMSE, OVERSHOOT, STEADY_STATE_ERROR, CHATTER, SPIKES = range(6)
"""Indices of the figures, in the order of `Flights`."""
FIGURES = (
    "rmse_m", "hold_rmse_m", "overshoot_m", "steady_state_error_m", "chatter", "spikes_per_s",
)  # fmt: skip
"""Names of the figures."""
N_FIGURES = len(FIGURES)
SETTLE_S = 10.0
OVERSHOOT_S = 9.9
STEADY_S = 10.0


class Flights(NamedTuple):
    """Figures of every network in every scenario, each of shape (n_networks, n_scenarios)."""

    rmse_m: FloatArray
    """Root mean squared true height error over all ticks."""
    hold_rmse_m: FloatArray
    """The same from 10 s after each reference step to the next one."""
    overshoot_m: FloatArray
    """Largest height beyond the new reference within 9.9 s, mean over all steps with zeros."""
    steady_state_error_m: FloatArray
    """Mean absolute true height error in the 10 s before each step and before the end."""
    chatter: FloatArray
    """Mean change of the command from tick to tick, motor units."""
    spikes_per_s: FloatArray
    height_m: FloatArray
    """True height just before the next tick, m, shape (n_networks, n_scenarios, n_ticks); without
    entries if it was not recorded."""


def fly(
    layout: Layout,
    weights: Array,
    coefficients: Array,
    batch: ScenarioBatch,
    *,
    record: bool = False,
) -> Flights:
    """Fly every network through every scenario; the command is the sum of the read-outs.

    Args:
        layout: structure of the networks; their one input is the height error in m.
        weights: shape (n_networks, layout.n_weights), float64.
        coefficients: shape (n_networks, layout.n_coefficients), float64.
        batch: scenarios.
        record: True to return the heights.

    Raises:
        ParameterError: rows of another structure, or networks of several inputs.
    """
    layout.check_rows(weights, coefficients)
    if len(layout.network.inputs) != 1:
        raise ParameterError(
            f"network {layout.network.name!r} takes {', '.join(layout.network.inputs)}; expected "
            "the height error alone"
        )
    shape = len(weights), len(batch.n_ticks)
    figures = np.zeros((*shape, N_FIGURES))
    recorded = np.zeros((*shape, batch.reference_m.shape[1] if record else 0))
    _fly(
        layout.program, weights, coefficients, batch.constants, batch.gust_m_s2,
        batch.reference_m, batch.substeps, batch.n_ticks, figures, recorded,
    )  # fmt: skip

    return Flights._make([*np.moveaxis(figures, 2, 0), recorded])


@kernel(parallel=True, nogil=True)
def _fly(
    program: Array, weights: Array, coefficients: Array, constants: Array, gust: Array,
    reference: Array, substeps: Array, n_ticks: Array, figures: Array, recorded: Array,
) -> None:  # fmt: skip
    n_scenarios = constants.shape[0]
    for index in numba.prange(weights.shape[0]):
        g = np.int64(index)
        state = new_state(program, weights)
        fired = np.empty((1, 1), np.int64)
        error = np.empty((1, 1))
        vehicle = np.empty(plant.STATE_SIZE)
        heights = np.empty(reference.shape[1])
        commands = np.empty(reference.shape[1])
        w, c = aligned_copy(weights[g]), aligned_copy(coefficients[g])
        for s in range(n_scenarios):
            row = constants[s].copy()
            wind = gust[s].copy()
            rest(program, c, state)
            plant.reset(vehicle, row)
            spikes = 0.0
            for t in range(n_ticks[s]):
                target = reference[s, t]
                error[0, 0] = target - plant.sense(vehicle, row)
                start = control_tick(program, w, c, state, error, 0, fired, 0)
                command = 0.0
                for r in range(program[N_READOUTS]):
                    command += state.values[start + program[HEADER + r]]
                spikes += fired[0, 0]
                plant.advance(vehicle, row, wind, command, substeps[s, t])
                heights[t] = vehicle[plant.HEIGHT]
                commands[t] = command
            judge(reference[s], heights, commands, substeps[s], n_ticks[s], figures[g, s])
            figures[g, s, SPIKES] = spikes / (vehicle[plant.STEP] * plant.PHYSICS_STEP_S)
            for t in range(min(n_ticks[s], recorded.shape[2])):
                recorded[g, s, t] = heights[t]


@kernel(nogil=True)
def judge(
    reference: Array, heights: Array, commands: Array, substeps: Array, n_ticks: int, figures: Array
) -> None:
    """Write the figures of one flight, except spikes, to `figures`, in the order of `Flights`.

    Args:
        reference: reference at each controller call, m.
        heights: true height just before the next call, m.
        commands: command held until the next call, motor units.
        substeps: physics steps between two calls.
        n_ticks: number of calls in the flight.
        figures: shape (5,) or longer.
    """
    squares = hold_squares = overshoots = worst = change = direction = 0.0
    since_s, hold_ticks, steps = 1e9, 0, 0
    for t in range(n_ticks):
        if t > 0 and reference[t] != reference[t - 1]:
            overshoots += worst
            worst, since_s = 0.0, 0.0
            steps += 1
            direction = 1.0 if reference[t] > reference[t - 1] else -1.0
        since_s += substeps[t] * plant.PHYSICS_STEP_S
        miss = reference[t] - heights[t]
        squares += miss * miss
        if steps > 0 and since_s >= SETTLE_S:
            hold_squares += miss * miss
            hold_ticks += 1
        elif since_s <= OVERSHOOT_S:
            worst = max(worst, -miss * direction)
        change += abs(commands[t] - commands[t - 1]) if t > 0 else 0.0
    figures[RMSE] = np.sqrt(squares / n_ticks)
    figures[HOLD_RMSE] = np.sqrt(hold_squares / max(hold_ticks, 1))
    figures[OVERSHOOT] = (overshoots + worst) / max(steps, 1)
    figures[STEADY_STATE_ERROR] = steady_state_error(reference, heights, substeps, n_ticks)
    figures[CHATTER] = change / n_ticks


@kernel(nogil=True)
def steady_state_error(reference: Array, heights: Array, substeps: Array, n_ticks: int) -> float:
    """Return the mean of |height error| in the 10 s before each step and the end."""
    total, miss, left_s = 0.0, 0.0, STEADY_S
    windows, ticks = 1, 0
    for t in range(n_ticks - 1, -1, -1):
        if t < n_ticks - 1 and reference[t + 1] != reference[t]:
            total += miss / max(ticks, 1)
            miss, ticks, left_s = 0.0, 0, STEADY_S
            windows += 1
        left_s -= substeps[t] * plant.PHYSICS_STEP_S
        if left_s >= 0.0:
            miss += abs(reference[t] - heights[t])
            ticks += 1
    return (total + miss / max(ticks, 1)) / windows


def fly_controllers(controllers: Sequence[Controller], batch: ScenarioBatch) -> Flights:
    """Fly one controller object through each scenario, tick by tick; slow, for baselines.

    Returns:
        Figures of shape (1, n_scenarios) and heights; `spikes_per_s` is 0.
    """
    plants = BlimpPlants(batch)
    n, ticks = batch.reference_m.shape
    heights, commands = np.zeros((n, ticks)), np.zeros((n, ticks))
    errors = plants.reset()
    for t in range(ticks):
        for k, controller in enumerate(controllers):
            commands[k, t] = controller.step(errors[k : k + 1])[0]
        errors = plants.step(commands[:, t].copy())
        heights[:, t] = plants.height_m
    figures = np.zeros((1, n, N_FIGURES))
    for k in range(n):
        judge(
            batch.reference_m[k], heights[k], commands[k], batch.substeps[k],
            int(batch.n_ticks[k]), figures[0, k],
        )  # fmt: skip

    return Flights._make([*np.moveaxis(figures, 2, 0), heights[None]])
