"""Initial state of a network in steady state for its first input."""

from __future__ import annotations

from typing import Any

from snn_control.compiled import kernel
from snn_control.engines.flat_access import get_count, get_program, set_count
from snn_control.engines.kernels.connections import (
    add_connection_scalar,
    clear,
    list_active,
    load_inputs,
)
from snn_control.engines.kernels.state import State
from snn_control.engines.layout import (
    COEFFICIENTS,
    CONNECTION,
    GRADED,
    HEADER,
    IF,
    LEAKY,
    MODEL,
    N_CONNECTIONS,
    N_POPULATIONS,
    N_READOUTS,
    N_VALUES,
    OFFSET,
    POPULATION,
    PORT,
    RING,
    SETTLING_PASSES,
    SIZE,
    SOURCE,
    STATE,
    VARIANT,
)

Array = Any
LOOPED = 4
"""Bit of the variant of a population in a loop of leaky integrators."""


@kernel(_nrt=False)
def settle(program: Array, weights: Array, c: Array, state: State, inputs: Array, row: int) -> None:
    """Set leaky integrators to their steady state for `inputs[row]`; see `ReferenceEngine`."""
    n_values, width = get_program(program, N_VALUES), get_program(program, N_POPULATIONS) + 1
    set_count(state.counts, 0, load_inputs(program, state, 0, inputs, row))
    for _ in range(get_program(program, SETTLING_PASSES)):
        if not settling_pass(program, weights, c, state):
            break
    for slot in range(1, get_program(program, RING)):
        for k in range(n_values):
            state.values[slot * n_values + k] = state.values[k]
            state.active[slot * n_values + k] = state.active[k]
        for k in range(width):
            set_count(state.counts, slot * width + k, get_count(state.counts, k))


@kernel(_nrt=False)
def settling_pass(program: Array, weights: Array, c: Array, state: State) -> bool:
    """Settle each population once; return True if a population without spikes changed."""
    changed = False
    values, memory = state.values, state.memory
    p = HEADER + get_program(program, N_READOUTS)
    for index in range(1, get_program(program, N_POPULATIONS) + 1):
        model, looped = get_program(program, p + MODEL), get_program(program, p + VARIANT) & LOOPED
        offset, size = get_program(program, p + OFFSET), get_program(program, p + SIZE)
        co, mo = get_program(program, p + COEFFICIENTS), get_program(program, p + STATE)
        n_in = get_program(program, p + N_CONNECTIONS)
        p += POPULATION
        clear(state.drive, 0, size)
        for _ in range(n_in):
            if not get_program(program, p + PORT):
                count = get_count(state.counts, get_program(program, p + SOURCE))
                add_connection_scalar(program, p, weights, state, 0, count, 0, size)
            p += CONNECTION
        for k in range(size):
            x = c[co + k] + state.drive[k]
            if model == GRADED:
                y = min(max(x, 0.0), c[co + size + k])
                changed = changed or y != values[offset + k]
                values[offset + k] = y
            elif looped:
                current = c[co + size + k] * memory[mo + k] + x
                y = c[co + 2 * size + k] * memory[mo + size + k] + c[co + 3 * size + k] * current
                changed = changed or current != memory[mo + k] or y != memory[mo + size + k]
                memory[mo + k] = current
                memory[mo + size + k] = y
                values[offset + k] = y
            elif model != IF:
                d_syn = c[co + size + k]
                current = x / (1 - d_syn) if d_syn < 1 else 0 * x
                memory[mo + k] = current
                if model == LEAKY:
                    d_mem = c[co + 2 * size + k]
                    y = c[co + 3 * size + k] * current / (1 - d_mem) if d_mem < 1 else 0 * x
                    changed = changed or y != values[offset + k]
                    memory[mo + size + k] = y
                    values[offset + k] = y
        set_count(state.counts, index, list_active(values, state.active, offset, size))
    return changed
