"""Network tick, and control tick of several network ticks."""

from __future__ import annotations

from typing import Any

from snn_control.compiled import kernel
from snn_control.engines.flat_access import get_count, get_program, get_value, set_count
from snn_control.engines.kernels.connections import add_connection, clear, list_active, load_inputs
from snn_control.engines.kernels.neurons import update_neurons
from snn_control.engines.kernels.settle import settle
from snn_control.engines.kernels.state import FRESH, SLOT, State
from snn_control.engines.layout import (
    COEFFICIENTS,
    CONNECTION,
    DELAY,
    HEADER,
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
    SPIKING,
    STATE,
    SUB_TICKS,
    VARIANT,
)

Array = Any


@kernel(_nrt=False, forceinline=True)
def tick(program: Array, weights: Array, c: Array, state: State, slot: int) -> None:
    """Advance one network tick; `slot` already holds the inputs."""
    n_values, ring = get_program(program, N_VALUES), get_program(program, RING)
    width = get_program(program, N_POPULATIONS) + 1
    before = (slot - 1 if slot else ring - 1) * n_values
    here = slot * n_values
    p = HEADER + get_program(program, N_READOUTS)
    for index in range(1, width):
        model, variant = get_program(program, p + MODEL), get_program(program, p + VARIANT)
        offset, size = get_program(program, p + OFFSET), get_program(program, p + SIZE)
        co, mo = get_program(program, p + COEFFICIENTS), get_program(program, p + STATE)
        n_in = get_program(program, p + N_CONNECTIONS)
        p += POPULATION
        clear(state.drive, 0, size)
        adapted = 0
        for _ in range(n_in):
            base = 0
            if get_program(program, p + PORT):
                base = n_values
                if not adapted:
                    adapted = 1
                    clear(state.drive, base, size)
            past = slot - get_program(program, p + DELAY)
            past = past + ring if past < 0 else past
            count = get_count(state.counts, past * width + get_program(program, p + SOURCE))
            add_connection(program, p, weights, state, past * n_values, count, base, size)
            p += CONNECTION
        update_neurons(
            model, variant, size, here + offset, before + offset, c, co, mo, state, n_values,
            adapted,
        )  # fmt: skip
        n_active = list_active(state.values, state.active, here + offset, size)
        set_count(state.counts, slot * width + index, n_active)


@kernel(_nrt=False, forceinline=True)
def control_tick(
    program: Array, weights: Array, c: Array, state: State, inputs: Array, row: int,
    spikes: Array, spike_row: int,
) -> int:  # fmt: skip
    """Advance one control tick with `inputs[row]`; return the offset of its outputs in `values`.

    `spikes[spike_row]` receives the spikes of each neuron, or their total if it has one column.
    """
    n_values, ring = get_program(program, N_VALUES), get_program(program, RING)
    width = get_program(program, N_POPULATIONS) + 1
    if state.clock[FRESH]:
        state.clock[FRESH] = 0
        if get_program(program, SETTLING_PASSES):
            settle(program, weights, c, state, inputs, row)
    for k in range(spikes.shape[1]):
        spikes[spike_row, k] = 0
    slot = state.clock[SLOT]
    for _ in range(get_program(program, SUB_TICKS)):
        slot = slot + 1 if slot + 1 < ring else 0
        set_count(state.counts, slot * width, load_inputs(program, state, slot, inputs, row))
        tick(program, weights, c, state, slot)
        count_spikes(program, state, slot, spikes, spike_row)
    state.clock[SLOT] = slot
    return slot * n_values


@kernel(_nrt=False, forceinline=True)
def count_spikes(program: Array, state: State, slot: int, spikes: Array, row: int) -> None:
    """Add the spikes of one network tick to `spikes`, per neuron or in total."""
    n_values, width = get_program(program, N_VALUES), get_program(program, N_POPULATIONS) + 1
    p = HEADER + get_program(program, N_READOUTS)
    done = 0
    for index in range(1, width):
        offset, size = get_program(program, p + OFFSET), get_program(program, p + SIZE)
        if get_program(program, p + SPIKING):
            if spikes.shape[1] == 1:
                spikes[row, 0] += get_count(state.counts, slot * width + index)
            else:
                for k in range(size):
                    spikes[row, done + k] += get_value(state.values, slot * n_values + offset + k)
                done += size
        p += POPULATION + CONNECTION * get_program(program, p + N_CONNECTIONS)


@kernel(_nrt=False, forceinline=True)
def read_out(program: Array, state: State, start: int, outputs: Array, row: int) -> None:
    """Copy the read-outs from the outputs at `values[start:]` to `outputs[row]`."""
    for k in range(get_program(program, N_READOUTS)):
        outputs[row, k] = get_value(state.values, start + get_program(program, HEADER + k))
