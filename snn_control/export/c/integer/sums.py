"""Columns of equal neurons, and rescaled sums, of C code in integers."""

from __future__ import annotations

import numpy as np

from snn_control.engines.integer.arithmetic import IntArray
from snn_control.engines.integer.formats import ConnectionFormat, NetworkFormat

__all__ = ["columns_of", "is_wide", "rescaled"]


def columns_of(form: NetworkFormat, name: str) -> list[IntArray]:
    """Return the neurons of each set with equal incoming weights and biases.

    Neurons of a set are sorted by their threshold, if they have one, the sets by their first
    neuron.
    """
    population = form.populations[name]
    size, c = population.population.size, population.coefficients
    rows = [each.weights for each in form.connections if each.connection.target == name]
    patterns = np.vstack([*rows, c.get("bias", np.zeros(size, np.int64))[None]])
    compared = c.get("compared", np.zeros(size, np.int64))
    columns: dict[bytes, list[int]] = {}
    for neuron in np.lexsort((np.arange(size), compared)).tolist():
        columns.setdefault(patterns[:, neuron].tobytes(), []).append(neuron)
    return sorted(map(np.array, columns.values()), key=lambda column: int(column.min()))


def rescaled(total: str, each: ConnectionFormat, limit: int) -> str:
    """Return the expression of a sum in units of the target, within a limit.

    Factors of two in the multiplier are taken out: they change no result.
    """
    if each.rescaling.largest < each.bound:
        function = "saturate_wide" if is_wide(each) else "saturate"
        total = f"{function}({total}, {each.rescaling.largest})"
    multiplier, shift = int(each.rescaling.multiplier), each.rescaling.shift
    while multiplier % 2 == 0 and shift > 0 and multiplier:
        multiplier, shift = multiplier // 2, shift - 1
    if not shift and each.bound * multiplier <= limit:
        return total if multiplier == 1 else f"{multiplier} * ({total})"
    if not shift:
        multiplier, shift = 2 * multiplier, 1
    if multiplier == 1 and not is_wide(each) and shift < 31:
        return f"shifted({total}, {shift}u, {limit})"
    function = "rescale_wide" if is_wide(each) else "rescale"
    return f"{function}({total}, {multiplier}u, {shift}u, {limit})"


def is_wide(each: ConnectionFormat) -> bool:
    """Return True if the sum over the sources needs 64 bits."""
    return each.bound >= 2**31
