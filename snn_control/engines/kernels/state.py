"""State arrays of a network."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from snn_control.compiled import kernel
from snn_control.engines.flat_access import get_program
from snn_control.engines.layout import (
    COEFFICIENTS,
    CONNECTION,
    HEADER,
    IWTA,
    MODEL,
    N_CONNECTIONS,
    N_POPULATIONS,
    N_READOUTS,
    N_STATE,
    N_VALUES,
    POPULATION,
    RING,
    SIZE,
    STATE,
)

Array = Any
SLOT, FRESH = range(2)
"""Indices in the clock of a state."""


class State(NamedTuple):
    """State and work arrays of a network, with a ring buffer of slots that hold one tick each."""

    values: Array
    """Outputs of the last ticks, shape (ring * n_values,)."""
    active: Array
    """Indices of the active sources, at the positions of their populations in `values`."""
    counts: Array
    """Number of active sources of each population, shape (ring * (n_populations + 1),)."""
    memory: Array
    """Currents, potentials, traces, shape (n_state,)."""
    drive: Array
    """Summed input of the current population by port, shape (2 * n_values,)."""
    clock: Array
    """Slot of the last tick, and 1 before the first tick, shape (2,)."""


@kernel(forceinline=True)
def aligned(n: int, like: Array) -> Array:
    """Return an array of `n` numbers aligned to a cache line."""
    size = like.itemsize
    room = np.empty(n + 64 // size, like.dtype)
    skip = -(room.ctypes.data // size) % (64 // size)
    return room[skip : skip + n]


@kernel(forceinline=True)
def aligned_copy(row: Array) -> Array:
    """Return a copy of a row that is aligned to a cache line."""
    copy = aligned(row.size, row)
    copy[:] = row
    return copy


@kernel(forceinline=True)
def new_state(program: Array, like: Array) -> State:
    """Return uninitialised arrays for one network, with the type of `like`; see `rest`."""
    n_values, ring = get_program(program, N_VALUES), get_program(program, RING)
    return State(
        aligned(ring * n_values, like),
        np.empty(ring * n_values, np.int32),
        np.empty(ring * (get_program(program, N_POPULATIONS) + 1), np.int64),
        aligned(get_program(program, N_STATE), like),
        aligned(2 * n_values, like),
        np.empty(2, np.int64),
    )


@kernel(_nrt=False)
def rest(program: Array, c: Array, state: State) -> None:
    """Reset a network to its state before the first tick."""
    state.values[:] = 0
    state.active[:] = 0
    state.counts[:] = 0
    state.memory[:] = 0
    state.drive[:] = 0
    state.clock[SLOT] = 0
    state.clock[FRESH] = 1
    p = HEADER + get_program(program, N_READOUTS)
    for _ in range(get_program(program, N_POPULATIONS)):
        size = get_program(program, p + SIZE)
        if get_program(program, p + MODEL) == IWTA:
            co, mo = get_program(program, p + COEFFICIENTS), get_program(program, p + STATE)
            for k in range(size):
                state.memory[mo + 3 * size + k] = c[co + 4 * size + k]
        p += POPULATION + CONNECTION * get_program(program, p + N_CONNECTIONS)
