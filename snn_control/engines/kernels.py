"""Compiled network kernels over the flat layout of `engines.layout`.

`tick` is the one place where the compiled equations stand. It is inlined into every loop: one tick,
many ticks, many genomes, and the fused plant-and-network loops elsewhere. Dense and sparse
connections are event-driven: only sources that are not silent are visited, four rows a pass.
Sums keep the order of the reference engine, so results are equal bit for bit in float64.

The arrays of one running network (`State`, made by `engines.native.new_state`):
    values   (ring * n_values,) outputs of the last ticks, one slot a tick
    active   (ring * n_values,) indices of the sources that are not silent, beside `values`
    counts   (ring * (n_populations + 1),) how many of them each population has
    memory   (n_state,) currents, potentials, traces
    drive    (2 * n_values,) scratch: summed input of the population at work
    clock    (2,) slot of the last tick, and whether the state is fresh
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from snn_control.compiled import kernel
from snn_control.engines.flat_access import (
    LANES,
    active_mask,
    get_active,
    get_coefficient,
    get_count,
    get_drive,
    get_memory,
    get_program,
    get_value,
    get_weight,
    set_active,
    set_count,
    set_drive,
    set_memory,
    set_value,
    trailing_zeros,
)
from snn_control.engines.layout import CONNECTION, HEADER, POPULATION

IF, LIF, IWTA, LEAKY, GRADED = 0, 1, 2, 3, 4
DENSE, DIAGONAL, BLOCK2, SPARSE = 0, 1, 2, 3

Array = Any


@kernel(_nrt=False, forceinline=True)
def note_active(values: Array, active: Array, at: int, size: int) -> int:
    """List the sources in `values[at : at + size]` that are not silent; return their number."""
    count = 0
    whole = size // LANES * LANES
    for first in range(0, whole, LANES):
        mask = active_mask(values, at + first)
        while mask:
            set_active(active, at + count, first + trailing_zeros(mask))
            count += 1
            mask &= mask - 1
    for k in range(whole, size):
        set_active(active, at + count, k)
        count += get_value(values, at + k) != 0
    return count


@kernel(_nrt=False, forceinline=True)
def add_rows(
    drive: Array, base: int, size: int, weights: Array, first: int,
    values: Array, active: Array, at: int, count: int, spiking: int,
) -> None:  # fmt: skip
    """Add the weight rows of the active sources to `drive[base : base + size]`."""
    if size == 1:
        total = get_drive(drive, base)
        for n in range(count):
            k = get_active(active, at + n)
            total += get_value(values, at + k) * get_weight(weights, first + k)
        set_drive(drive, base, total)
        return
    whole = count // 4 * 4
    for n in range(0, whole, 4):
        ka, kb = get_active(active, at + n), get_active(active, at + n + 1)
        kc, kd = get_active(active, at + n + 2), get_active(active, at + n + 3)
        a, b, c, d = first + ka * size, first + kb * size, first + kc * size, first + kd * size
        if spiking:
            for j in range(size):
                total = get_drive(drive, base + j)
                total += get_weight(weights, a + j)
                total += get_weight(weights, b + j)
                total += get_weight(weights, c + j)
                total += get_weight(weights, d + j)
                set_drive(drive, base + j, total)
        else:
            xa, xb = get_value(values, at + ka), get_value(values, at + kb)
            xc, xd = get_value(values, at + kc), get_value(values, at + kd)
            for j in range(size):
                total = get_drive(drive, base + j)
                total += xa * get_weight(weights, a + j)
                total += xb * get_weight(weights, b + j)
                total += xc * get_weight(weights, c + j)
                total += xd * get_weight(weights, d + j)
                set_drive(drive, base + j, total)
    if count - whole >= 2:
        ka, kb = get_active(active, at + whole), get_active(active, at + whole + 1)
        a, b = first + ka * size, first + kb * size
        xa, xb = get_value(values, at + ka), get_value(values, at + kb)
        for j in range(size):
            total = get_drive(drive, base + j)
            total += xa * get_weight(weights, a + j)
            total += xb * get_weight(weights, b + j)
            set_drive(drive, base + j, total)
        whole += 2
    if whole < count:
        k = get_active(active, at + whole)
        x, row = get_value(values, at + k), first + k * size
        for j in range(size):
            add_drive(drive, base + j, x * get_weight(weights, row + j))


@kernel(_nrt=False, forceinline=True)
def add_drive(drive: Array, index: int, amount: float) -> None:
    """Add `amount` to one entry of the drive."""
    set_drive(drive, index, get_drive(drive, index) + amount)


@kernel(_nrt=False, forceinline=True)
def add_connection(
    program: Array, p: int, weights: Array, values: Array, active: Array, start: int, count: int,
    drive: Array, base: int, size: int,
) -> None:  # fmt: skip
    """Add the input through the connection at `program[p]` to `drive[base : base + size]`.

    Its source's slot begins at `values[start]`; `count` of its neurons are active.
    """
    kind, n_source = get_program(program, p), get_program(program, p + 2)
    first, at = get_program(program, p + 5), start + get_program(program, p + 1)
    if kind == DENSE:
        spiking = get_program(program, p + 8)
        add_rows(drive, base, size, weights, first, values, active, at, count, spiking)
    elif kind == DIAGONAL:
        for j in range(size):
            add_drive(drive, base + j, get_value(values, at + j) * get_weight(weights, first + j))
    elif kind == BLOCK2:
        for j in range(size // 2):
            x, y = get_value(values, at + 2 * j), get_value(values, at + 2 * j + 1)
            w, k = first + 4 * j, base + 2 * j
            add_drive(drive, k, x * get_weight(weights, w))
            add_drive(drive, k, y * get_weight(weights, w + 2))
            add_drive(drive, k + 1, x * get_weight(weights, w + 1))
            add_drive(drive, k + 1, y * get_weight(weights, w + 3))
    else:
        pointers = get_program(program, p + 7)
        targets = pointers + n_source + 1
        for n in range(count):
            k = get_active(active, at + n)
            x = get_value(values, at + k)
            for m in range(
                get_program(program, pointers + k), get_program(program, pointers + k + 1)
            ):
                j = base + get_program(program, targets + m)
                add_drive(drive, j, x * get_weight(weights, first + m))


@kernel(_nrt=False, forceinline=True)
def update_neurons(
    model: int, variant: int, size: int, at: int, before: int, values: Array,
    c: Array, co: int, memory: Array, mo: int, drive: Array, second: int, adapted: int,
) -> None:  # fmt: skip
    """Advance the neurons of one population; their outputs go to `values[at : at + size]`."""
    if model == LIF:
        bias, d_syn, d_mem = co, co + size, co + 2 * size
        gain, threshold, rest = co + 3 * size, co + 4 * size, co + 5 * size
        if variant & 1:
            for k in range(size):
                current = get_coefficient(c, d_syn + k) * get_memory(memory, mo + k) + (
                    get_coefficient(c, bias + k) + get_drive(drive, k)
                )
                r, settled = get_memory(memory, mo + size + k), get_coefficient(c, rest + k)
                r = settled if get_value(values, before + k) > 0 else r
                v = get_coefficient(c, d_mem + k) * r + get_coefficient(c, gain + k) * current
                set_memory(memory, mo + k, current)
                set_memory(memory, mo + size + k, v)
                set_value(values, at + k, 1 if v > get_coefficient(c, threshold + k) else 0)
        else:
            for k in range(size):
                current = get_coefficient(c, d_syn + k) * get_memory(memory, mo + k) + (
                    get_coefficient(c, bias + k) + get_drive(drive, k)
                )
                v = (
                    get_coefficient(c, d_mem + k) * get_memory(memory, mo + size + k)
                    + get_coefficient(c, gain + k) * current
                )
                v = v - get_value(values, before + k) * get_coefficient(c, threshold + k)
                set_memory(memory, mo + k, current)
                set_memory(memory, mo + size + k, v)
                set_value(values, at + k, 1 if v > get_coefficient(c, threshold + k) else 0)
    elif model == LEAKY:
        bias, d_syn, d_mem, gain = co, co + size, co + 2 * size, co + 3 * size
        for k in range(size):
            current = get_coefficient(c, d_syn + k) * get_memory(memory, mo + k) + (
                get_coefficient(c, bias + k) + get_drive(drive, k)
            )
            y = (
                get_coefficient(c, d_mem + k) * get_memory(memory, mo + size + k)
                + get_coefficient(c, gain + k) * current
            )
            set_memory(memory, mo + k, current)
            set_memory(memory, mo + size + k, y)
            set_value(values, at + k, y)
    elif model == IF:
        bias, threshold, rest, floor = co, co + size, co + 2 * size, co + 3 * size
        for k in range(size):
            v = get_memory(memory, mo + k)
            spiked = get_value(values, before + k)
            if variant & 1 and spiked > 0:
                v = get_coefficient(c, rest + k)
            v = max(
                v + (get_coefficient(c, bias + k) + get_drive(drive, k)),
                get_coefficient(c, floor + k),
            )
            if not variant & 1:
                v = v - spiked * get_coefficient(c, threshold + k)
            set_memory(memory, mo + k, v)
            set_value(values, at + k, 1 if v > get_coefficient(c, threshold + k) else 0)
    elif model == IWTA:
        update_iwta(variant, size, at, before, values, c, co, memory, mo, drive, second, adapted)
    else:
        for k in range(size):
            set_value(
                values,
                at + k,
                min(
                    max(get_coefficient(c, co + k) + get_drive(drive, k), 0.0),
                    get_coefficient(c, co + size + k),
                ),
            )


@kernel(_nrt=False, forceinline=True)
def update_iwta(
    variant: int, size: int, at: int, before: int, values: Array, c: Array, co: int,
    memory: Array, mo: int, drive: Array, second: int, adapted: int,
) -> None:  # fmt: skip
    """Advance neurons with input-weighted threshold adaptation."""
    bias, d_syn, d_mem, gain = co, co + size, co + 2 * size, co + 3 * size
    threshold, d_ada = co + 4 * size, co + 5 * size
    own, cross, limit = co + 6 * size, co + 7 * size, co + 8 * size
    mv, mq, mt = mo + size, mo + 2 * size, mo + 3 * size
    for k in range(size):
        spiked = get_value(values, before + k)
        current = get_coefficient(c, d_syn + k) * get_memory(memory, mo + k) + (
            get_coefficient(c, bias + k) + get_drive(drive, k)
        )
        v = (
            get_coefficient(c, d_mem + k) * get_memory(memory, mv + k)
            + get_coefficient(c, gain + k) * current
        )
        set_memory(memory, mo + k, current)
        set_memory(memory, mv + k, v - spiked * get_memory(memory, mt + k))
        trace = get_memory(memory, mq + k)
        if variant & 2:
            trace = get_coefficient(c, d_ada + k) * trace + spiked
        if adapted:
            trace = get_coefficient(c, d_ada + k) * trace + get_drive(drive, second + k)
        set_memory(
            memory,
            mq + k,
            min(max(trace, -get_coefficient(c, limit + k)), get_coefficient(c, limit + k)),
        )
    even = size // 2 * 2
    for k in range(size):
        twin = k ^ 1 if k < even else k
        theta = (
            get_coefficient(c, threshold + k)
            + get_coefficient(c, own + k) * get_memory(memory, mq + k)
        ) + get_coefficient(c, cross + k) * get_memory(memory, mq + twin)
        set_memory(memory, mt + k, theta)
        set_value(values, at + k, 1 if get_memory(memory, mv + k) > theta else 0)


@kernel(_nrt=False, forceinline=True)
def tick(
    program: Array, weights: Array, c: Array,
    values: Array, active: Array, counts: Array, memory: Array, drive: Array, slot: int,
) -> None:  # fmt: skip
    """Advance one network tick; the inputs already lie in `slot`."""
    n_inputs, n_values, ring, n_populations = (
        get_program(program, 0),
        get_program(program, 1),
        get_program(program, 2),
        get_program(program, 3),
    )
    before = (slot - 1 if slot else ring - 1) * n_values
    here = slot * n_values
    width = n_populations + 1
    set_count(counts, slot * width, note_active(values, active, here, n_inputs))
    p = HEADER + get_program(program, 5)
    for index in range(1, width):
        model, variant, offset, size = (
            get_program(program, p),
            get_program(program, p + 1),
            get_program(program, p + 2),
            get_program(program, p + 3),
        )
        co, mo, n_in = (
            get_program(program, p + 4),
            get_program(program, p + 5),
            get_program(program, p + 7),
        )
        p += POPULATION
        for k in range(size):
            set_drive(drive, k, 0)
        adapted = 0
        for _ in range(n_in):
            port = get_program(program, p + 6)
            base = 0
            if port:
                base = n_values
                if not adapted:
                    adapted = 1
                    for k in range(size):
                        set_drive(drive, base + k, 0)
            past = slot - get_program(program, p + 4)
            past = past + ring if past < 0 else past
            count = get_count(counts, past * width + get_program(program, p + 3))
            add_connection(
                program, p, weights, values, active, past * n_values, count, drive, base, size
            )
            p += CONNECTION
        update_neurons(
            model, variant, size, here + offset, before + offset, values, c, co, memory, mo,
            drive, n_values, adapted,
        )  # fmt: skip
        set_count(counts, slot * width + index, note_active(values, active, here + offset, size))


@kernel(_nrt=False)
def rest(
    program: Array, c: Array, values: Array, counts: Array, memory: Array, clock: Array
) -> None:
    """Put a network into the state before its first tick."""
    values[:] = 0
    counts[:] = 0
    memory[:] = 0
    clock[0] = 0
    clock[1] = 1
    p = HEADER + get_program(program, 5)
    for _ in range(get_program(program, 3)):
        size = get_program(program, p + 3)
        if get_program(program, p) == IWTA:
            for k in range(size):
                memory[get_program(program, p + 5) + 3 * size + k] = c[
                    get_program(program, p + 4) + 4 * size + k
                ]
        p += POPULATION + CONNECTION * get_program(program, p + 7)


@kernel(_nrt=False)
def settle(
    program: Array, weights: Array, c: Array,
    values: Array, active: Array, counts: Array, memory: Array, drive: Array,
) -> None:  # fmt: skip
    """Let leaky integrators settle; the inputs lie in slot 0. See `ReferenceEngine`."""
    n_values, ring, width = (
        get_program(program, 1),
        get_program(program, 2),
        get_program(program, 3) + 1,
    )
    set_count(counts, 0, note_active(values, active, 0, get_program(program, 0)))
    for _ in range(get_program(program, 6)):
        if not settling_pass(program, weights, c, values, active, counts, memory, drive):
            break
    for slot in range(1, ring):
        for k in range(n_values):
            values[slot * n_values + k] = values[k]
            active[slot * n_values + k] = active[k]
        for k in range(width):
            set_count(counts, slot * width + k, get_count(counts, k))


@kernel(_nrt=False)
def settling_pass(
    program: Array, weights: Array, c: Array,
    values: Array, active: Array, counts: Array, memory: Array, drive: Array,
) -> bool:  # fmt: skip
    """Settle each population once; return whether a loop moved."""
    moved = False
    p = HEADER + get_program(program, 5)
    for index in range(1, get_program(program, 3) + 1):
        model, looped, offset, size = (
            get_program(program, p),
            get_program(program, p + 1) & 4,
            get_program(program, p + 2),
            get_program(program, p + 3),
        )
        co, mo, n_in = (
            get_program(program, p + 4),
            get_program(program, p + 5),
            get_program(program, p + 7),
        )
        p += POPULATION
        for k in range(size):
            drive[k] = 0
        for _ in range(n_in):
            if not get_program(program, p + 6):
                count = get_count(counts, get_program(program, p + 3))
                add_connection(program, p, weights, values, active, 0, count, drive, 0, size)
            p += CONNECTION
        for k in range(size):
            x = c[co + k] + drive[k]
            if model == GRADED:
                values[offset + k] = min(max(x, 0.0), c[co + size + k])
            elif looped:
                current = c[co + size + k] * memory[mo + k] + x
                y = c[co + 2 * size + k] * memory[mo + size + k] + c[co + 3 * size + k] * current
                moved = moved or current != memory[mo + k] or y != memory[mo + size + k]
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
                    memory[mo + size + k] = y
                    values[offset + k] = y
        set_count(counts, index, note_active(values, active, offset, size))
    return moved


@kernel(_nrt=False, forceinline=True)
def control_tick(
    program: Array, weights: Array, c: Array, values: Array, active: Array, counts: Array,
    memory: Array, drive: Array, clock: Array, inputs: Array, row: int, spikes: Array,
    spike_row: int,
) -> int:  # fmt: skip
    """Advance one control tick with `inputs[row]`; return the slot that holds the outputs.

    Row `spike_row` of `spikes` takes the spikes of each neuron; one column takes their total.
    """
    n_inputs, n_values, ring = (
        get_program(program, 0),
        get_program(program, 1),
        get_program(program, 2),
    )
    if clock[1]:
        clock[1] = 0
        if get_program(program, 6):
            for k in range(n_inputs):
                values[k] = inputs[row, k]
            settle(program, weights, c, values, active, counts, memory, drive)
    for k in range(spikes.shape[1]):
        spikes[spike_row, k] = 0
    slot = clock[0]
    for _ in range(get_program(program, 4)):
        slot = slot + 1 if slot + 1 < ring else 0
        here = slot * n_values
        for k in range(n_inputs):
            set_value(values, here + k, inputs[row, k])
        tick(program, weights, c, values, active, counts, memory, drive, slot)
        count_spikes(program, values, counts, slot, spikes, spike_row)
    clock[0] = slot
    return slot


@kernel(_nrt=False, forceinline=True)
def count_spikes(
    program: Array, values: Array, counts: Array, slot: int, spikes: Array, row: int
) -> None:
    """Add the spikes of one network tick to `spikes`, by neuron or in all."""
    n_values, width = get_program(program, 1), get_program(program, 3) + 1
    p = HEADER + get_program(program, 5)
    done = 0
    for index in range(1, width):
        offset, size = get_program(program, p + 2), get_program(program, p + 3)
        if get_program(program, p + 6):
            if spikes.shape[1] == 1:
                spikes[row, 0] += get_count(counts, slot * width + index)
            else:
                for k in range(size):
                    spikes[row, done + k] += values[slot * n_values + offset + k]
                done += size
        p += POPULATION + CONNECTION * get_program(program, p + 7)


@kernel(_nrt=False)
def step_network(
    program: Array, weights: Array, c: Array, values: Array, active: Array, counts: Array,
    memory: Array, drive: Array, clock: Array, inputs: Array, outputs: Array, spikes: Array,
) -> None:  # fmt: skip
    """One network, one control tick: `inputs` (1, n_inputs), `outputs` (n_readouts,)."""
    slot = control_tick(
        program, weights, c, values, active, counts, memory, drive, clock, inputs, 0, spikes, 0
    )
    for k in range(get_program(program, 5)):
        outputs[k] = values[slot * get_program(program, 1) + get_program(program, HEADER + k)]


@kernel(_nrt=False, nogil=True)
def run_network(
    program: Array, weights: Array, c: Array, values: Array, active: Array, counts: Array,
    memory: Array, drive: Array, clock: Array, inputs: Array, outputs: Array, spikes: Array,
) -> None:  # fmt: skip
    """One network, many control ticks: `inputs` (n, n_inputs), `outputs` (n, n_readouts)."""
    for t in range(inputs.shape[0]):
        slot = control_tick(
            program, weights, c, values, active, counts, memory, drive, clock, inputs, t, spikes, t
        )
        for k in range(get_program(program, 5)):
            outputs[t, k] = values[
                slot * get_program(program, 1) + get_program(program, HEADER + k)
            ]


@kernel(parallel=True, nogil=True)
def run_population(
    program: Array, weights: Array, c: Array, inputs: Array, outputs: Array, spikes: Array
) -> None:
    """Many networks of one structure, many control ticks, in parallel over the networks.

    Args:
        program: of the structure.
        weights: (n_networks, n_weights).
        c: coefficients, (n_networks, n_coefficients).
        inputs: (1 or n_networks, n_ticks, n_inputs); one set serves all networks.
        outputs: (n_networks, n_ticks, n_readouts), written.
        spikes: (n_networks,) total number of spikes, written.
    """
    n_values, ring = get_program(program, 1), get_program(program, 2)
    for index in numba.prange(weights.shape[0]):
        g = np.int64(index)
        values = np.empty(ring * n_values, weights.dtype)
        active = np.empty(ring * n_values, np.int64)
        counts = np.empty(ring * (get_program(program, 3) + 1), np.int64)
        memory = np.empty(get_program(program, 7), weights.dtype)
        drive = np.empty(2 * n_values, weights.dtype)
        clock = np.empty(2, np.int64)
        fired = np.empty((1, 1), np.int64)
        w = weights[g].copy()
        k = c[g].copy()
        rest(program, k, values, counts, memory, clock)
        given = inputs[g if inputs.shape[0] > 1 else 0]
        total = 0
        for t in range(inputs.shape[1]):
            slot = control_tick(
                program, w, k, values, active, counts, memory, drive, clock, given, t, fired, 0
            )
            total += fired[0, 0]
            for r in range(get_program(program, 5)):
                outputs[g, t, r] = values[slot * n_values + get_program(program, HEADER + r)]
        spikes[g] = total
