"""Networks, forward models and blimps fused in one compiled loop, for a whole population."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from snn_control.compiled import kernel
from snn_control.controllers.blimp import forward_kernels as model
from snn_control.controllers.blimp.forward_layout import (
    KIND,
    PREDICTED_ERROR,
    ROW,
    SLOTS,
    SPEED_AHEAD,
    STATUS,
)
from snn_control.engines.kernels import aligned_copy, control_tick, new_state, rest
from snn_control.engines.layout import HEADER, Layout
from snn_control.envs.blimp import plant
from snn_control.envs.blimp.batch import ScenarioBatch
from snn_control.errors import ParameterError
from snn_control.training.blimp.closed_loop import N_FIGURES, OVERSHOOT, judge

__all__ = ["AdaptiveFlights", "fly_adaptive", "integral_of_error", "sign_changes"]

FloatArray = npt.NDArray[np.float64]
Array = Any


class AdaptiveFlights(NamedTuple):
    """Figures of every network in every scenario, each of shape (n_networks, n_scenarios)."""

    iae_m_s: FloatArray
    """Integral of the absolute height error, m s."""
    overshoot_m: FloatArray
    """Largest height beyond the new reference within 9.9 s, mean over all steps with zeros, m."""
    sign_changes_per_min: FloatArray
    """Changes of the sign of the command, 1/min."""


def fly_adaptive(
    layout: Layout,
    weights: Array,
    coefficients: Array,
    numbers: FloatArray,
    bank: FloatArray,
    gates_m: FloatArray,
    batch: ScenarioBatch,
) -> AdaptiveFlights:
    """Fly every network on its forward model through every scenario.

    Args:
        layout: structure of the networks; inputs are predicted height error, m, and climb rate,
            m/s, the first read-out is the output in motor units.
        weights: shape (n_networks, layout.n_weights), float64.
        coefficients: shape (n_networks, layout.n_coefficients), float64.
        numbers: constants of each forward model, shape (n_networks, NUMBERS).
        bank: constants of the hypotheses, the same for all networks.
        gates_m: distance of a repeated range from the shadow that proves a frozen lidar, m, shape
            (n_networks,).
        batch: scenarios.

    Raises:
        ParameterError: rows of another structure, or networks of other inputs.
    """
    layout.check_rows(weights, coefficients)
    if len(layout.network.inputs) != 2:
        raise ParameterError(
            f"network {layout.network.name!r} takes {', '.join(layout.network.inputs)}; expected "
            "height error and climb rate"
        )
    figures = np.zeros((len(weights), len(batch.n_ticks), 3))
    _fly(
        layout.program, weights, coefficients, numbers, bank, gates_m, batch.constants,
        batch.gust_m_s2, batch.reference_m, batch.substeps, batch.n_ticks, figures,
    )  # fmt: skip
    return AdaptiveFlights._make(np.moveaxis(figures, 2, 0))


@kernel(parallel=True, nogil=True)
def _fly(
    program: Array, weights: Array, coefficients: Array, numbers: Array, bank: Array,
    gates_m: Array, constants: Array, gust: Array, reference: Array, substeps: Array,
    n_ticks: Array, figures: Array,
) -> None:  # fmt: skip
    n = bank.size // KIND
    for index in numba.prange(weights.shape[0]):
        g = np.int64(index)
        state = new_state(program, weights)
        fired, inputs = np.empty((1, 1), np.int64), np.empty((1, 2))
        vehicle = np.empty(plant.STATE_SIZE)
        rows, shares = np.zeros((n + 1) * ROW), np.zeros(3 * n)
        line, status = np.zeros(SLOTS), np.zeros(STATUS)
        heights, commands = np.empty(reference.shape[1]), np.empty(reference.shape[1])
        judged = np.zeros(N_FIGURES)
        w, c = aligned_copy(weights[g]), aligned_copy(coefficients[g])
        for s in range(constants.shape[0]):
            row, wind = constants[s].copy(), gust[s].copy()
            rest(program, c, state)
            plant.reset(vehicle, row)
            command = 0.0
            for t in range(n_ticks[s]):
                range_m = plant.sense(vehicle, row)
                if t == 0:
                    model.begin(rows, bank, shares, line, status, numbers[g], range_m, command, n)
                steps = 0 if t == 0 else substeps[s, t - 1]
                model.tick(
                    rows, bank, shares, line, status, numbers[g], command, steps, reference[s, t],
                    range_m, True, gates_m[g], 1.0, n,
                )  # fmt: skip
                inputs[0, 0] = status[PREDICTED_ERROR]
                inputs[0, 1] = status[SPEED_AHEAD]
                start = control_tick(program, w, c, state, inputs, 0, fired, 0)
                output = state.values[start + program[HEADER]]
                command = model.command_for(rows, status, numbers[g], output)
                plant.advance(vehicle, row, wind, command, substeps[s, t])
                heights[t], commands[t] = vehicle[plant.HEIGHT], command
            judge(reference[s], heights, commands, substeps[s], n_ticks[s], judged)
            figures[g, s, 0] = integral_of_error(reference[s], heights, substeps[s], n_ticks[s])
            figures[g, s, 1] = judged[OVERSHOOT]
            changes = sign_changes(commands, n_ticks[s])
            figures[g, s, 2] = changes / (vehicle[plant.STEP] * plant.PHYSICS_STEP_S / 60.0)


@kernel(nogil=True)
def integral_of_error(reference: Array, heights: Array, substeps: Array, n_ticks: int) -> float:
    """Return the integral of the absolute height error over `n_ticks` ticks, m s."""
    total = 0.0
    for t in range(n_ticks):
        total += substeps[t] * plant.PHYSICS_STEP_S * abs(reference[t] - heights[t])
    return total


@kernel(nogil=True)
def sign_changes(commands: Array, n_ticks: int) -> int:
    """Return the number of changes of the sign of the command; zeros keep the last sign."""
    changes, last = 0, 0.0
    for t in range(n_ticks):
        if commands[t] * last < 0.0:
            changes += 1
        if commands[t] != 0.0:
            last = commands[t]
    return changes
