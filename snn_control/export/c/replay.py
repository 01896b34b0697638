"""Replay of an export: inputs of a trace, results of the library, and a test program in C."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from snn_control.export.c.library import CLibrary
from snn_control.export.c.literals import REAL, integers, number_types, reals
from snn_control.export.c.python_program import PythonProgram
from snn_control.export.c.source import CSource
from snn_control.network.program import Program
from snn_control.network.shell import Order

__all__ = [
    "Replay",
    "fnv1a",
    "replay",
    "replay_program",
    "replay_python",
    "source_inputs",
    "trace_inputs",
    "trace_orders",
]

TICKS = 400
OFFSET, PRIME = 0xCBF29CE484222325, 0x100000001B3


class Replay(NamedTuple):
    """Results of all ticks."""

    outputs: npt.NDArray[Any]
    """Shape (n_ticks, n_out)."""
    spikes: npt.NDArray[np.uint16]
    """Shape (n_ticks, n_spiking)."""


def trace_inputs(
    usual: Sequence[tuple[float, float]], precision: str, n_ticks: int = TICKS
) -> npt.NDArray[np.floating]:
    """Return inputs that excite a controller.

    They begin off the setpoint; rest, swings with noise, a step and extremes follow.

    Args:
        usual: range of each input in operation.
        precision: `float32` or `float64`.
        n_ticks: number of ticks.
    """
    random, time, n_in = np.random.default_rng(8), np.arange(n_ticks), len(usual)
    low, high = np.array(usual).reshape(n_in, 2).T
    values = 0.3 * np.sin(0.07 * time[:, None] + np.arange(n_in))
    values += random.normal(0.0, 0.1, (n_ticks, n_in))
    values[1 : n_ticks // 8] = 0.0
    values[0] = 0.7
    values[n_ticks // 4 : n_ticks // 3] = 0.5
    values[n_ticks // 2 : n_ticks // 2 + 20] *= 40.0
    values = 0.5 * (low + high) + 0.5 * (high - low) * values
    return np.ascontiguousarray(values, REAL[precision])


def source_inputs(source: CSource, program: Program) -> npt.NDArray[Any]:
    """Return the trace in the numbers of a source, shape (n_ticks, n_in)."""
    kind, _ = number_types(program, source.precision)
    if source.form is None or program.shell is not None:
        return trace_inputs(program.usual, np.dtype(kind).name)
    values = trace_inputs(program.usual, "float64")
    columns = zip(source.form.inputs, values.T, strict=True)
    units = [each.quantised(column) for each, column in columns]
    return np.array(units, np.int16).reshape(len(units), -1).T.copy()


def trace_orders(orders: tuple[Order, ...], n_ticks: int = TICKS) -> npt.NDArray[np.float64]:
    """Return the additional inputs of each tick: their defaults, and others for a time each."""
    rows = np.tile([order.default for order in orders], (n_ticks, 1))
    for k in range(len(orders)):
        first = n_ticks * (k + 1) // (len(orders) + 2)
        rows[first : first + n_ticks // 10, k] = 1.0 if rows[0, k] != 1.0 else 0.0
    return rows


def replay(library: CLibrary, inputs: npt.NDArray[Any], orders: npt.NDArray[np.float64]) -> Replay:
    """Run a library from its start.

    Args:
        library: library.
        inputs: inputs of each tick, shape (n_ticks, n_in).
        orders: additional inputs of each tick, shape (n_ticks, n_orders).
    """
    library.reset()
    outputs, spikes = [], []
    for row, order in zip(inputs, orders, strict=True):
        if order.size:
            library.take_orders(order)
        library.inputs[:] = row
        library.step()
        outputs.append(library.outputs.copy())
        spikes.append(library.spikes.copy())
    return Replay(np.array(outputs), np.array(spikes))


def replay_python(
    python: PythonProgram, inputs: npt.NDArray[np.floating], orders: npt.NDArray[np.float64]
) -> Replay:
    """Run the peer in Python from its start, see `replay`."""
    outputs, spikes = [], []
    for row, order in zip(inputs, orders, strict=True):
        if order.size:
            python.take_orders(order)
        outputs.append(python.step(row).copy())
        spikes.append(python.spikes.copy())
    return Replay(np.array(outputs), np.array(spikes))


def fnv1a(result: Replay) -> int:
    """Return the 64-bit FNV-1a hash of outputs and spikes of all ticks, little-endian."""
    value = OFFSET
    for outputs, spikes in zip(result.outputs, result.spikes, strict=True):
        little = outputs.astype(outputs.dtype.newbyteorder("<")).tobytes()
        for byte in little + spikes.astype("<u2").tobytes():
            value = ((value ^ byte) * PRIME) & 0xFFFFFFFFFFFFFFFF
    return value


def replay_program(
    source: CSource, inputs: npt.NDArray[Any], orders: tuple[Order, ...], expected: int
) -> str:
    """Return `PREFIX_test.c`: it exits with 0 if the hash of all ticks is the expected one."""
    n_ticks, n_in = inputs.shape
    whole, kind, prefix = inputs.dtype == np.int16, inputs.dtype.name, source.prefix
    values = integers(inputs) if whole else reals(inputs, kind)
    upper = prefix.upper()
    n_orders = len(orders)
    table = f"""
static const {prefix}_input orders[N_TICKS * {n_orders}] = {{
{reals(trace_orders(orders, n_ticks), kind)}
}};
"""
    take = f"""        if ({prefix}_take_orders(&state, orders + k * {upper}_N_ORDERS)) return 3;
"""
    return f"""/* Replay of a trace: exits with 0 if outputs and spikes are those of the export. */
#include "{prefix}.h"

#include <stdio.h>

#define N_TICKS {n_ticks}

static const {prefix}_input inputs[N_TICKS * {n_in}] = {{
{values}
}};
{table if orders else ""}
static uint64_t hash = 0x{OFFSET:X}u;

static void add(const void *values, uint32_t n)
{{
    const uint8_t *const bytes = (const uint8_t *)values;
    for (uint32_t k = 0; k < n; ++k) hash = (hash ^ bytes[k]) * 0x{PRIME:X}u;
}}

int main(void)
{{
    static {prefix}_state state;
    static uint16_t spikes[{upper}_N_SPIKING + 1];
    {prefix}_output out[{upper}_N_OUT];
    {prefix}_init(&state);
    for (uint32_t k = 0; k < N_TICKS; ++k) {{
{take if orders else ""}        if ({prefix}_step(&state, inputs + k * {upper}_N_IN, out)) return 2;
        add(out, (uint32_t)sizeof out);
        {prefix}_spikes(&state, spikes);
        add(spikes, 2u * {upper}_N_SPIKING);
    }}
    printf("%08lx%08lx\\n", (unsigned long)(hash >> 32), (unsigned long)(hash & 0xFFFFFFFFu));
    return hash == 0x{expected:016X}u ? 0 : 1;
}}
"""
