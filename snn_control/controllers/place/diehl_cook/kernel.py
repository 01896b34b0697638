"""Simulation of a Diehl-Cook module: Euler steps and event-driven delivery of spikes.

The synapses of an input are stored in the order of their delay. A spike that was sent d steps ago
then reaches one contiguous slice of them, without a ring buffer, and silent inputs cost nothing.
Order within a step: membranes, arriving input spikes, spikes of the E and I neurons (no delay),
learning by the E spikes, resets. This is the order of Brian2, in which github.com/QVPR/VPRSNN is
written.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from snn_control.compiled import kernel
from snn_control.plasticity.triplet_stdp import after_arrival, after_spike, faded, raised, trace

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]

NEVER = -(2**30)
"""Time step of an event that has not occurred yet; a trace of that age is exactly 0."""
BLOCK = 8
"""Number of synapses of a slice that are listed unconditionally."""


class Wiring(NamedTuple):
    """Targets of the input spikes, with the synapses of each input in order of delay."""

    first: IntArray
    """Index of the first synapse of input i with delay d, shape (n_inputs, longest + 2)."""
    target: IntArray
    """Target E neuron of each synapse, shape (n_inputs, n_excitatory)."""
    position: IntArray
    """Index in row i of the synapse from input i onto neuron j, shape (n_excitatory, n_inputs)."""


class ModuleState(NamedTuple):
    """State of a module; time steps count from the start of the next run."""

    weight: FloatArray
    """Weights in the order of the wiring, shape (n_inputs, n_excitatory)."""
    arrived: IntArray
    """Step of the last arrival of a spike at each synapse, same shape."""
    v_v: FloatArray
    """Membrane potentials of the E neurons, shape (n_excitatory,), as all fields below."""
    g_e: FloatArray
    g_i: FloatArray
    theta_v: FloatArray
    fast: FloatArray
    """Fast post-synaptic trace."""
    spiked: IntArray
    """Step of the last spike of each E neuron."""
    inhibitor_v: FloatArray
    inhibitor_g: FloatArray
    inhibitor_spiked: IntArray


class ModuleNumbers(NamedTuple):
    """Constants of the kernel, per time step."""

    rest_v: float
    reset_v: float
    threshold_v: float
    """Threshold without theta."""
    reversal_v: float
    """Reversal potential of inhibition."""
    dt_over_tau: float
    refractory_steps: int
    """Refractory steps of the membrane after a spike."""
    silent_steps: int
    """Steps after a spike without another spike."""
    inhibitor_rest_v: float
    inhibitor_reset_v: float
    inhibitor_threshold_v: float
    inhibitor_dt_over_tau: float
    inhibitor_refractory_steps: int
    g_e_kept: float
    """Decay factor of excitatory conductances per step."""
    g_i_kept: float
    theta_kept: float
    theta_rise_v: float
    to_inhibitor: float
    """Weight of an E neuron onto its partner."""
    to_excitatory: float
    """Weight of an I neuron onto all E neurons except its partner."""


@kernel(nogil=True)
def run(
    wiring: Any, state: Any, c: Any, rule: Any, steps: Any, sources: Any, n_steps: int,
    learning: bool, counts: Any, raster: Any,
) -> int:  # fmt: skip
    """Simulate a module and count the spikes of its E neurons.

    Args:
        wiring: `Wiring` of the inputs.
        state: `ModuleState`; updated in place.
        c: `ModuleNumbers`.
        rule: constants of the learning rule, `TripletNumbers`.
        steps: time steps of the input spikes, ascending, shape (n_spikes,); negative for spikes in
            transit from before the run.
        sources: input of each spike, same shape.
        n_steps: number of time steps.
        learning: True if weights and thresholds change.
        counts: output, incremented by the spikes of each E neuron, shape (n_excitatory,).
        raster: output, step and E neuron of each spike, shape (capacity, 2).

    Returns:
        The number of spikes of E neurons.
    """
    n = state.v_v.size
    longest = wiring.first.shape[1] - 2
    fired, inhibitors = np.empty(n, np.int32), np.empty(n, np.int32)
    reached, pre = (
        np.empty(wiring.target.size + BLOCK, np.int32),
        np.empty(wiring.position.shape[1]),
    )
    oldest, newest, total = 0, 0, 0
    for t in range(n_steps):
        n_fired = _excite(state, c, rule, t, learning, fired)
        n_inhibitors = _inhibit(state, c, t, inhibitors)
        while newest < steps.size and steps[newest] <= t:
            newest += 1
        while oldest < newest and steps[oldest] < t - longest:
            oldest += 1
        n_reached = _list_arrivals(wiring, steps, sources, oldest, newest, t, reached)
        _deliver(wiring, state, rule, reached, n_reached, t, learning)
        for k in range(n_fired):
            state.inhibitor_g[fired[k]] += c.to_inhibitor
        for k in range(n_inhibitors):
            for j in range(n):
                state.g_i[j] += c.to_excitatory if j != inhibitors[k] else 0.0
        for k in range(n_fired):
            j = fired[k]
            if learning:
                _learn(wiring, state, rule, j, t, pre)
                state.theta_v[j] = raised(state.theta_v[j], c.theta_rise_v)
            state.v_v[j] = c.reset_v
            state.spiked[j] = t
            counts[j] += 1
            if total < raster.shape[0]:
                raster[total, 0], raster[total, 1] = t, j
            total += 1
        for k in range(n_inhibitors):
            state.inhibitor_v[inhibitors[k]] = c.inhibitor_reset_v
            state.inhibitor_spiked[inhibitors[k]] = t
    _rebase(state.spiked, n_steps)
    _rebase(state.inhibitor_spiked, n_steps)
    if learning:
        for i in range(state.arrived.shape[0]):
            _rebase(state.arrived[i], n_steps)
    return total


@kernel(nogil=True)
def _excite(state: Any, c: Any, rule: Any, t: int, learning: bool, fired: Any) -> int:
    v, g_e, g_i, theta = state.v_v, state.g_e, state.g_i, state.theta_v
    theta_kept = c.theta_kept if learning else 1.0
    over = 0
    for j in range(v.size):
        push = (c.rest_v - v[j]) - g_e[j] * v[j] + g_i[j] * (c.reversal_v - v[j])
        moves = t - state.spiked[j] >= c.refractory_steps
        v[j] += c.dt_over_tau * push if moves else 0.0
        g_e[j] = faded(g_e[j], c.g_e_kept)
        g_i[j] = faded(g_i[j], c.g_i_kept)
        theta[j] *= theta_kept
        over += v[j] > theta[j] + c.threshold_v
    if learning:
        for j in range(v.size):
            state.fast[j] = faded(state.fast[j], rule.fast_kept)
    count = 0
    if over:
        for j in range(v.size):
            due = t - state.spiked[j] > c.silent_steps
            if due and v[j] > theta[j] + c.threshold_v:
                fired[count] = j
                count += 1
    return count


@kernel(nogil=True)
def _inhibit(state: Any, c: Any, t: int, fired: Any) -> int:
    v, g = state.inhibitor_v, state.inhibitor_g
    over = 0
    for j in range(v.size):
        push = (c.inhibitor_rest_v - v[j]) - g[j] * v[j]  # I neurons receive no inhibition
        moves = t - state.inhibitor_spiked[j] >= c.inhibitor_refractory_steps
        v[j] += c.inhibitor_dt_over_tau * push if moves else 0.0
        g[j] = faded(g[j], c.g_e_kept)
        over += v[j] > c.inhibitor_threshold_v
    count = 0
    if over:
        for j in range(v.size):
            due = t - state.inhibitor_spiked[j] >= c.inhibitor_refractory_steps
            if due and v[j] > c.inhibitor_threshold_v:
                fired[count] = j
                count += 1
    return count


@kernel(nogil=True)
def _list_arrivals(
    wiring: Any, steps: Any, sources: Any, oldest: int, newest: int, t: int, reached: Any
) -> int:
    """List the synapses with an arrival at step t; return their number."""
    width = wiring.first.shape[1]
    first = wiring.first.reshape(-1)
    n = np.uint64(0)
    for k in range(oldest, newest):
        # unsigned, which avoids a check for negative indices
        at = np.uint64(sources[k] * width + t - steps[k])
        begin = first[at]
        size = first[at + np.uint64(1)] - begin
        # most slices are short: write a fixed number at once; the next slice overwrites the excess
        for m in range(BLOCK):
            reached[n + np.uint64(m)] = begin + m
        if size > BLOCK:
            for m in range(BLOCK, size):
                reached[n + np.uint64(m)] = begin + m
        n += np.uint64(size)
    return int(n)


@kernel(nogil=True)
def _deliver(
    wiring: Any, state: Any, rule: Any, reached: Any, n: int, t: int, learning: bool
) -> None:
    target, weight = wiring.target.reshape(-1), state.weight.reshape(-1)
    arrived, g_e, fast = state.arrived.reshape(-1), state.g_e, state.fast
    if not learning:
        for r in range(np.uint64(n)):
            p = np.uint64(reached[r])
            g_e[np.uint64(target[p])] += weight[p]
        return
    for r in range(np.uint64(n)):
        p = np.uint64(reached[r])
        j, w = np.uint64(target[p]), weight[p]
        g_e[j] += w
        weight[p] = after_arrival(w, fast[j], rule)
        arrived[p] = t


@kernel(nogil=True)
def _learn(wiring: Any, state: Any, rule: Any, j: int, t: int, pre: Any) -> None:
    slow = trace(t - state.spiked[j], rule.slow_per_step)
    state.fast[j] = 1.0
    if slow == 0.0:
        return
    position, width = wiring.position[j], wiring.target.shape[1]
    weight, arrived = state.weight.reshape(-1), state.arrived.reshape(-1)
    # separate passes, so that scattered reads are not delayed by the exponentials
    for i in range(np.uint64(pre.size)):
        pre[i] = t - arrived[np.uint64(i * width + position[i])]
    for i in range(np.uint64(pre.size)):
        pre[i] = trace(pre[i], rule.pre_per_step)
    for i in range(np.uint64(pre.size)):
        p = np.uint64(i * width + position[i])
        weight[p] = after_spike(weight[p], pre[i], slow, rule)


@kernel(nogil=True)
def _rebase(steps: Any, n_steps: int) -> None:
    for k in range(steps.size):
        steps[k] = max(steps[k] - n_steps, NEVER)
