"""Input of a population: lists of active (not silent) sources, and weighted sums.

Several targets are summed at once (see `engines.lanes`), each over its sources in ascending order.
"""

from __future__ import annotations

from typing import Any

from snn_control.compiled import kernel
from snn_control.engines.flat_access import (
    GROUP,
    get_active,
    get_drive,
    get_program,
    get_value,
    get_weight,
    list_group,
    set_active,
    set_drive,
    set_value,
)
from snn_control.engines.kernels.state import State
from snn_control.engines.lanes import block, block_count, lane_count, lanes, zero_like
from snn_control.engines.layout import (
    BLOCK2,
    DENSE,
    DIAGONAL,
    KIND,
    N_INPUTS,
    N_VALUES,
    SOURCE_OFFSET,
    SOURCE_SIZE,
    SOURCE_SPIKING,
    SYNAPSES,
    WEIGHTS,
)

Array = Any
Index = Any
"""Integer, or index of several lanes."""


@kernel(_nrt=False, forceinline=True)
def list_active(values: Array, active: Array, at: int, size: int) -> int:
    """List the active sources in `values[at : at + size]`; return their number."""
    count = 0
    whole = size // GROUP * GROUP
    for first in range(0, whole, GROUP):
        count += list_group(values, at + first, active, at + count, first)
    for k in range(whole, size):
        set_active(active, at + count, k)
        count += get_value(values, at + k) != 0
    return count


@kernel(_nrt=False, forceinline=True)
def load_inputs(program: Array, state: State, slot: int, inputs: Array, row: int) -> int:
    """Copy `inputs[row]` to a slot and list the inputs that are not 0; return their number.

    One loop does both: a vector read right after scalar writes would stall.
    """
    at, count = slot * get_program(program, N_VALUES), 0
    for k in range(get_program(program, N_INPUTS)):
        x = inputs[row, k]
        set_value(state.values, at + k, x)
        set_active(state.active, at + count, k)
        count += x != 0
    return count


@kernel(_nrt=False, forceinline=True)
def clear(drive: Array, base: int, size: int) -> None:
    """Set `drive[base : base + size]` to 0."""
    done = 0
    while size - done >= lane_count(drive):
        k = base + lanes(drive, done)
        set_drive(drive, k, zero_like(get_drive(drive, k)))
        done += lane_count(drive)
    for j in range(base + done, base + size):
        set_drive(drive, j, 0)


@kernel(_nrt=False, forceinline=True)
def add_connection(
    program: Array, p: int, weights: Array, state: State, start: int, count: int, base: int,
    size: int,
) -> None:  # fmt: skip
    """Add the input of the connection at `program[p]` to `drive[base : base + size]`.

    The slot of the source begins at `values[start]`; `count` source neurons are active.
    """
    kind, first = get_program(program, p + KIND), get_program(program, p + WEIGHTS)
    at = start + get_program(program, p + SOURCE_OFFSET)
    if kind == DENSE:
        spiking = get_program(program, p + SOURCE_SPIKING)
        add_dense(weights, first, state, at, count, spiking, base, size)
    elif kind == DIAGONAL:
        done = 0
        while size - done >= lane_count(weights):
            add_diagonal(lanes(weights, done), weights, first, state, at, base)
            done += lane_count(weights)
        for j in range(done, size):
            add_diagonal(j, weights, first, state, at, base)
    else:
        add_block2_or_sparse(program, p, weights, state, start, count, base, size)


@kernel(_nrt=False, forceinline=True)
def add_connection_scalar(
    program: Array, p: int, weights: Array, state: State, start: int, count: int, base: int,
    size: int,
) -> None:  # fmt: skip
    """Add the input without lanes, which compiles faster, for code that runs once."""
    kind, first = get_program(program, p + KIND), get_program(program, p + WEIGHTS)
    at = start + get_program(program, p + SOURCE_OFFSET)
    if kind == DENSE:
        spiking = get_program(program, p + SOURCE_SPIKING)
        for k in range(size):
            add_columns(k, weights, first, state, at, count, spiking, base, size)
    elif kind == DIAGONAL:
        for j in range(size):
            add_diagonal(j, weights, first, state, at, base)
    else:
        add_block2_or_sparse(program, p, weights, state, start, count, base, size)


@kernel(_nrt=False, forceinline=True)
def add_block2_or_sparse(
    program: Array, p: int, weights: Array, state: State, start: int, count: int, base: int,
    size: int,
) -> None:  # fmt: skip
    """Add the input of a block2 or sparse connection."""
    first, at = get_program(program, p + WEIGHTS), start + get_program(program, p + SOURCE_OFFSET)
    if get_program(program, p + KIND) == BLOCK2:
        for j in range(0, size, 2):
            x, y = get_value(state.values, at + j), get_value(state.values, at + j + 1)
            w, k = first + 2 * j, base + j
            add_drive(state.drive, k, x * get_weight(weights, w))
            add_drive(state.drive, k, y * get_weight(weights, w + 2))
            add_drive(state.drive, k + 1, x * get_weight(weights, w + 1))
            add_drive(state.drive, k + 1, y * get_weight(weights, w + 3))
    else:
        add_sparse(program, p, weights, first, state, at, count, base)


@kernel(_nrt=False, forceinline=True)
def add_dense(
    weights: Array, first: int, state: State, at: int, count: int, spiking: int, base: int,
    size: int,
) -> None:  # fmt: skip
    """Add the weight rows of the active sources."""
    done = 0
    while size - done >= block_count(weights):
        j = block(weights, done)
        add_columns(j, weights, first, state, at, count, spiking, base, size)
        done += block_count(weights)
    while size - done >= lane_count(weights):
        j = lanes(weights, done)
        add_columns(j, weights, first, state, at, count, spiking, base, size)
        done += lane_count(weights)
    for k in range(done, size):
        add_columns(k, weights, first, state, at, count, spiking, base, size)


@kernel(_nrt=False, forceinline=True)
def add_columns(
    j: Index, weights: Array, first: int, state: State, at: int, count: int, spiking: int,
    base: int, size: int,
) -> None:  # fmt: skip
    """Add the weights of all active sources to the targets at `j`, with the sums in registers."""
    total = get_drive(state.drive, base + j)
    if spiking:
        for n in range(count):
            k = get_active(state.active, at + n)
            total = total + get_weight(weights, first + k * size + j)
    else:
        for n in range(count):
            k = get_active(state.active, at + n)
            x = get_value(state.values, at + k)
            total = total + x * get_weight(weights, first + k * size + j)
    set_drive(state.drive, base + j, total)


@kernel(_nrt=False, forceinline=True)
def add_diagonal(j: Index, weights: Array, first: int, state: State, at: int, base: int) -> None:
    """Add the weighted source of each target at `j`."""
    add_drive(
        state.drive, base + j, get_value(state.values, at + j) * get_weight(weights, first + j)
    )


@kernel(_nrt=False, forceinline=True)
def add_sparse(
    program: Array, p: int, weights: Array, first: int, state: State, at: int, count: int, base: int
) -> None:
    """Add the synapses of the active sources."""
    pointers = get_program(program, p + SYNAPSES)
    targets = pointers + get_program(program, p + SOURCE_SIZE) + 1
    for n in range(count):
        k = get_active(state.active, at + n)
        x = get_value(state.values, at + k)
        for m in range(get_program(program, pointers + k), get_program(program, pointers + k + 1)):
            j = base + get_program(program, targets + m)
            add_drive(state.drive, j, x * get_weight(weights, first + m))


@kernel(_nrt=False, forceinline=True)
def add_drive(drive: Array, j: Index, amount: Any) -> None:
    """Add `amount` to the drive at `j`."""
    set_drive(drive, j, get_drive(drive, j) + amount)
