"""Equations of the neuron models, as in `network.neurons`, for one neuron or several lanes.

`k` is the position in the population: an integer, or an index of several lanes. The coefficients
begin at `c[co]` and the state at `memory[mo]`, as rows of `size` numbers in the order of the
model's `Coefficients` and `State`. New outputs are written to `values[at:]`; the outputs of the
last tick begin at `values[before]`.
"""

from __future__ import annotations

from typing import Any

from snn_control.compiled import kernel
from snn_control.engines.flat_access import (
    get_coefficient,
    get_drive,
    get_memory,
    get_value,
    set_memory,
    set_value,
)
from snn_control.engines.kernels.state import State
from snn_control.engines.lanes import (
    above,
    lane_count,
    lanes,
    larger,
    smaller,
    where_positive,
    zero_like,
)
from snn_control.engines.layout import IF, IWTA, LEAKY, LIF

Array = Any
Index = Any

HARD_RESET, OWN_SPIKES = 1, 2
"""Bits of the variant of a population."""


@kernel(_nrt=False, forceinline=True)
def update_neurons(
    model: int, variant: int, size: int, at: int, before: int, c: Array, co: int, mo: int,
    state: State, second: int, adapted: int,
) -> None:  # fmt: skip
    """Advance a population by a tick; `drive[second:]` is the adaptation input if `adapted`."""
    done = 0
    while size - done >= lane_count(c):
        k = lanes(c, done)
        update(k, model, variant, size, at, before, c, co, mo, state, second, adapted)
        done += lane_count(c)
    for n in range(done, size):
        update(n, model, variant, size, at, before, c, co, mo, state, second, adapted)
    if model == IWTA:
        for n in range(size):
            update_threshold(n, size, at, c, co, mo, state)


@kernel(_nrt=False, forceinline=True)
def update(
    k: Index, model: int, variant: int, size: int, at: int, before: int, c: Array, co: int,
    mo: int, state: State, second: int, adapted: int,
) -> None:  # fmt: skip
    """Advance the neurons at `k`."""
    if model == LIF:
        v = filtered(k, c, co, mo, size, state, before, variant & HARD_RESET)
        theta = get_coefficient(c, co + 4 * size + k)
        if not variant & HARD_RESET:
            v = v - get_value(state.values, before + k) * theta
        set_memory(state.memory, mo + size + k, v)
        set_value(state.values, at + k, above(v, theta))
    elif model == LEAKY:
        y = filtered(k, c, co, mo, size, state, before, 0)
        set_memory(state.memory, mo + size + k, y)
        set_value(state.values, at + k, y)
    elif model == IF:
        update_if(k, variant, size, at, before, c, co, mo, state)
    elif model == IWTA:
        v = filtered(k, c, co, mo, size, state, before, 0)
        spiked = get_value(state.values, before + k)
        v = v - spiked * get_memory(state.memory, mo + 3 * size + k)
        set_memory(state.memory, mo + size + k, v)
        decay, limit = get_coefficient(c, co + 5 * size + k), get_coefficient(c, co + 8 * size + k)
        trace = get_memory(state.memory, mo + 2 * size + k)
        if variant & OWN_SPIKES:
            trace = decay * trace + spiked
        if adapted:
            trace = decay * trace + get_drive(state.drive, second + k)
        trace = smaller(larger(trace, zero_like(limit) - limit), limit)
        set_memory(state.memory, mo + 2 * size + k, trace)
    else:
        y = get_coefficient(c, co + k) + get_drive(state.drive, k)
        y = smaller(larger(y, zero_like(y)), get_coefficient(c, co + size + k))
        set_value(state.values, at + k, y)


@kernel(_nrt=False, forceinline=True)
def filtered(
    k: Index, c: Array, co: int, mo: int, size: int, state: State, before: int, hard: int
) -> Any:
    """Advance the synaptic current; return the potential before a soft reset."""
    bias, d_syn = get_coefficient(c, co + k), get_coefficient(c, co + size + k)
    d_mem, gain = get_coefficient(c, co + 2 * size + k), get_coefficient(c, co + 3 * size + k)
    current = d_syn * get_memory(state.memory, mo + k) + (bias + get_drive(state.drive, k))
    set_memory(state.memory, mo + k, current)
    v = get_memory(state.memory, mo + size + k)
    if hard:
        rest = get_coefficient(c, co + 5 * size + k)
        v = where_positive(get_value(state.values, before + k), rest, v)
    return d_mem * v + gain * current


@kernel(_nrt=False, forceinline=True)
def update_if(
    k: Index, variant: int, size: int, at: int, before: int, c: Array, co: int, mo: int,
    state: State,
) -> None:  # fmt: skip
    """Advance integrate-and-fire neurons."""
    bias, theta = get_coefficient(c, co + k), get_coefficient(c, co + size + k)
    rest, floor = get_coefficient(c, co + 2 * size + k), get_coefficient(c, co + 3 * size + k)
    v, spiked = get_memory(state.memory, mo + k), get_value(state.values, before + k)
    if variant & HARD_RESET:
        v = where_positive(spiked, rest, v)
    v = larger(v + (bias + get_drive(state.drive, k)), floor)
    if not variant & HARD_RESET:
        v = v - spiked * theta
    set_memory(state.memory, mo + k, v)
    set_value(state.values, at + k, above(v, theta))


@kernel(_nrt=False, forceinline=True)
def update_threshold(k: int, size: int, at: int, c: Array, co: int, mo: int, state: State) -> None:
    """Compute threshold and spike of an IWTA neuron from the updated traces of its population."""
    even = size // 2 * 2
    partner = k ^ 1 if k < even else k
    theta, own = get_coefficient(c, co + 4 * size + k), get_coefficient(c, co + 6 * size + k)
    cross = get_coefficient(c, co + 7 * size + k)
    trace = mo + 2 * size
    theta = (theta + own * get_memory(state.memory, trace + k)) + cross * get_memory(
        state.memory, trace + partner
    )
    set_memory(state.memory, mo + 3 * size + k, theta)
    set_value(state.values, at + k, above(get_memory(state.memory, mo + size + k), theta))
