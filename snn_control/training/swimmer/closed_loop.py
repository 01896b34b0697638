"""Circuits and swimmers fused in one compiled loop: many networks and starts, on all cores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from snn_control.compiled import kernel
from snn_control.controllers.swimmer.circuit import CLOCK
from snn_control.controllers.swimmer.homeostasis import CLOCK_SIZE, LAG, PERIOD, Homeostasis
from snn_control.controllers.swimmer.kernels import act, perceive
from snn_control.controllers.swimmer.swimmer import (
    bounds_of,
    check_swimmer_network,
    command_inputs,
    muscles_spike,
)
from snn_control.controllers.swimmer.trials import (
    SwimmerTrials,
    reward_of,
    set_slow,
    window_ends,
)
from snn_control.engines.kernels import State, aligned_copy, control_tick, new_state, rest
from snn_control.engines.layout import HEADER, N_INPUTS, Layout
from snn_control.envs.swimmer.batch import (
    SwimmerPool,
    joint_angles,
    nose_position,
    pool_advance,
    pool_reset,
)
from snn_control.envs.swimmer.start import Start
from snn_control.envs.swimmer.swim import EPISODE_TICKS, swim_reward
from snn_control.errors import ParameterError
from snn_control.plasticity.trials import VALUES, advance, first_state

FloatArray = npt.NDArray[np.float64]
Array = Any


class Swims(NamedTuple):
    """Records of every network from every start."""

    speed_m_s: FloatArray
    """Forward speed after each control period, shape (n_networks, n_starts, n_ticks)."""
    spikes: FloatArray
    """Mean spikes in a control period, shape (n_networks, n_starts)."""
    activity: FloatArray
    """Mean activity of each joint's muscles, shape (n_networks, n_starts, n_joints)."""
    gains: FloatArray
    """Final gains of the stretch receptors, shape (n_networks, n_starts, n_joints)."""
    lag: FloatArray
    """Lag of the last joint's muscles behind the first's in the clock's last period, periods modulo
    1, shape (n_networks, n_starts, 1)."""
    periods: FloatArray
    """Final period of the clock, control periods, shape (n_networks, n_starts, 1)."""
    path_m: FloatArray
    """Position of the head before and after each control period, shape (n_networks, n_starts,
    n_ticks + 1, 2)."""

    @property
    def returns(self) -> FloatArray:
        """Sum of the published rewards, shape (n_networks, n_starts)."""
        returns: FloatArray = swim_reward(self.speed_m_s).sum(axis=2)
        return returns


def swim(
    layout: Layout,
    weights: FloatArray,
    coefficients: FloatArray,
    pool: SwimmerPool,
    starts: Sequence[Start],
    *,
    period_ticks: int | npt.ArrayLike = 60,
    posture_start: bool = False,
    n_ticks: int = EPISODE_TICKS,
    homeostasis: Homeostasis | None = None,
    trials: SwimmerTrials | None = None,
    command: tuple[float, float] = (1.0, 0.0),
) -> Swims:
    """Simulate every network from every start; equal to `Swimmer` in `Swim-v0` tick by tick.

    Args:
        layout: structure of the networks, which must be those of a `Swimmer`.
        weights: shape (n_networks, layout.n_weights), float64.
        coefficients: shape (n_networks, layout.n_coefficients), float64.
        pool: bodies.
        starts: starts of the episodes.
        period_ticks: period of the square wave, control periods, one for all networks or for each;
            unused without a clock.
        posture_start: see `Swimmer`.
        n_ticks: length of an episode, control periods.
        homeostasis: adaptation to the activity of the undamaged body; None: none.
        trials: adaptation to the speed of the head; None: none.
        command: speed and turn, see `Swimmer.command`.

    Raises:
        ParameterError: rows or starts of another structure, or two adaptations.
    """
    layout.check_rows(weights, coefficients)
    n_joints = check_swimmer_network(layout.network)
    if n_joints != pool.n_joints:
        raise ParameterError(
            f"network {layout.network.name!r} has {n_joints} joints, the body {pool.n_joints}"
        )
    for start in starts:
        start.check_joints(n_joints)
    shape = len(weights), len(starts)
    swims = Swims(
        np.zeros((*shape, n_ticks)), np.zeros(shape),
        np.zeros((*shape, n_joints)), np.ones((*shape, n_joints)),
        np.zeros((*shape, 1)), np.zeros((*shape, 1)), np.zeros((*shape, n_ticks + 1, 2)),
    )  # fmt: skip
    set_points = np.zeros(n_joints - 1)
    if homeostasis and trials:
        raise ParameterError("homeostasis and trials: expected at most one adaptation")
    if homeostasis:
        homeostasis.check_joints(n_joints)
        set_points = homeostasis.set_points
    network = layout.network
    networks = _Networks(
        layout.program, weights, coefficients, network.n_spiking,
        np.broadcast_to(np.asarray(period_ticks, np.int64), len(weights)).copy(),
    )  # fmt: skip
    clocked, search = CLOCK[0] in network.inputs, np.zeros(0)
    if trials:
        search = trials.search(clocked, network.control_period_s).settings
    settings = _Settings(
        clocked, posture_start,
        network.sub_ticks if muscles_spike(network) else 0,
        set_points, bounds_of(homeostasis, network), search,
        first_state(search) if trials else search,
    )  # fmt: skip
    stacked = _Starts(
        np.stack([start.joint_rad for start in starts]),
        np.array([start.turn_rad for start in starts]),
        np.stack([start.sensor_error_rad for start in starts]),
    )
    _swim(networks, settings, stacked, np.array(command_inputs(*command)), pool.addresses, swims)
    return swims


class _Networks(NamedTuple):
    """Networks of one structure."""

    program: Array
    weights: Array
    coefficients: Array
    n_spiking: int
    periods: Array
    """Clock periods, control periods, shape (n_networks,)."""


class _Settings(NamedTuple):
    """Settings common to all swimmers, see `Swimmer`, `perceive` and `act`."""

    clocked: bool
    posture_start: bool
    ticks: int
    set_points: Array
    bounds: Array
    search: Array
    """Settings of the trials, see `plasticity.trials.packed`; empty: none."""
    first: Array
    """State of the trials before the first tick."""


class _Starts(NamedTuple):
    """Starts of the episodes, stacked along the first axis, see `Start`."""

    joint_rad: Array
    turn_rad: Array
    errors: Array


class _Circuit(NamedTuple):
    """Network with its state, input and spikes."""

    program: Array
    weights: Array
    coefficients: Array
    state: State
    inputs: Array
    fired: Array


class _Swim(NamedTuple):
    """Records of one episode, see `Swims`."""

    speeds: Array
    activity: Array
    gains: Array
    lag: Array
    period: Array
    path: Array


@kernel(parallel=True, nogil=True)
def _swim(
    networks: _Networks, settings: _Settings, starts: _Starts, commands: Array, bodies: Array,
    swims: Swims,
) -> None:  # fmt: skip
    """Simulate every network from every start, one body for each thread.

    Args:
        networks: networks.
        settings: settings of all swimmers.
        starts: starts of the episodes.
        commands: result of `command_inputs`.
        bodies: addresses of the pool.
        swims: output.
    """
    program, weights, coefficients, n_spiking, periods = networks
    joint_rad, turn_rad, errors = starts
    speeds, spikes, activity, gains, lags, final, paths = swims
    n_starts, n_bodies, n_inputs = joint_rad.shape[0], bodies.shape[0], program[N_INPUTS]
    for index in numba.prange(n_bodies):
        first = np.int64(index)
        state = new_state(program, weights)
        fired = np.zeros((1, n_spiking))
        inputs = np.zeros((1, n_inputs))
        inputs[0, n_inputs - commands.size :] = commands
        for episode in range(first, weights.shape[0] * n_starts, n_bodies):
            g, s = episode // n_starts, episode % n_starts
            c = aligned_copy(coefficients[g])
            rest(program, c, state)
            pool_reset(bodies[first], joint_rad[s], turn_rad[s])
            circuit = _Circuit(program, aligned_copy(weights[g]), c, state, inputs, fired)
            record = _Swim(
                speeds[g, s], activity[g, s], gains[g, s], lags[g, s], final[g, s], paths[g, s]
            )
            spikes[g, s] = _episode(circuit, settings, periods[g], bodies[first], errors[s], record)


@kernel(nogil=True)
def _episode(
    circuit: _Circuit, settings: _Settings, period: int, body: Array, errors: Array, record: _Swim
) -> float:
    """Run an episode from the current state of the body; return mean spikes a control period."""
    program, weights, c, state, inputs, fired = circuit
    clocked, posture_start, ticks, set_points, bounds, search, first = settings
    speeds, activity, gains, lag, final, path = record
    n, total = gains.size, 0.0
    muscles, effort, measured, graded = np.zeros(2 * n), np.zeros(n), np.zeros(n), np.zeros(2 * n)
    clock, joint_rad = np.zeros(CLOCK_SIZE), joint_angles(body, n)
    path[0] = nose_position(body)
    trying, speed = first.copy(), 0.0
    for t in range(speeds.size):
        measured[:] = joint_rad
        if errors.shape[1]:
            measured += errors[min(t, errors.shape[0] - 1)]
        perceive(inputs[0], measured, gains, clock, clocked, period, posture_start)
        start = control_tick(program, weights, c, state, inputs, 0, fired, 0)
        if ticks:
            act(fired[0], ticks, muscles, effort, gains, clock, set_points, bounds, period)
        else:
            for k in range(2 * n):
                graded[k] = state.values[start + program[HEADER + k]]
            act(graded, ticks, muscles, effort, gains, clock, set_points, bounds, period)
        if search.size:
            reward = reward_of(-speed, inputs[0, inputs.shape[1] - 3 :])
            if advance(trying, search, reward, window_ends(clock)):
                set_slow(clock, gains, trying[VALUES], trying[VALUES + 1], period)
        speed = pool_advance(body, effort)
        speeds[t] = speed
        path[t + 1] = nose_position(body)
        total += fired.sum()
        for k in range(n):
            activity[k] += (muscles[k] + muscles[n + k]) / speeds.size
    lag[0], final[0] = clock[LAG], clock[PERIOD]
    return total / speeds.size
