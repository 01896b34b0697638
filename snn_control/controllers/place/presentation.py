"""Presentation of one image spike by spike.

Input cells integrate their input and fire repeatedly, the strongest first. Each spike adds its
weights to the potentials of all place neurons, which do not leak. With n spikes in T ticks and an
initial potential v, spike k of a cell occurs in the first tick t with v + t n / T >= k; v is below
1 / 2 here, so that the last spike is in time. After the last spike the potentials equal those of
`PlaceMap.potentials`, bit for bit.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from snn_control.compiled import kernel
from snn_control.controllers.place.image_encoder import Codes

FloatArray = npt.NDArray[np.float64]

QUARTERS = (0.25, 0.5, 0.75)
"""Fractions of a presentation after which an early exit is possible."""


class PresentationResult(NamedTuple):
    """Result of presenting one image."""

    potentials: npt.NDArray[np.int32]
    """Potentials of the place neurons, (n_places,)."""
    spikes: int
    """Number of delivered spikes."""
    complete: bool
    """True if all spikes were delivered."""
    settled: bool
    """True if the missing spikes are not needed for the answer."""


def present(
    weights: npt.NDArray[np.int8],
    code: Codes,
    start: FloatArray,
    ticks: int,
    deadline_s: float | None = None,
    settled: Callable[[npt.NDArray[np.int32], int], bool] | None = None,
) -> PresentationResult:
    """Deliver the spikes of a presentation, tick by tick.

    Args:
        weights: weights of the place neurons, (n_inputs, n_places).
        code: spikes of the ON minus spikes of the OFF cells, (n_inputs,).
        start: initial potential of the cells, 0 to 1, (n_inputs,).
        ticks: length of the presentation.
        deadline_s: time limit of the presentation; None: no limit.
        settled: called with the potentials after one of `QUARTERS` and its index; returns True for
            an early exit. None: no early exit.
    """
    potentials = np.zeros(weights.shape[1], np.int32)
    cells, ends = _spike_order(code, start, ticks)
    began, first = time.perf_counter(), 0
    quarters = {round(fraction * ticks): k for k, fraction in enumerate(QUARTERS)}
    for tick, end in enumerate(ends.tolist()):
        late = deadline_s is not None and time.perf_counter() - began >= deadline_s
        enough = settled is not None and tick in quarters and settled(potentials, quarters[tick])
        if first and first < len(cells) and (late or enough):
            return PresentationResult(potentials, first, False, bool(enough))
        _deliver(weights, cells[first:end], code, potentials)
        first = end
    return PresentationResult(potentials, first, True, True)


def arrived(code: Codes, start: FloatArray, ticks: int, fraction: float) -> Codes:
    """Return the spike counts after a fraction of the presentation, as a code.

    Args:
        code: spikes of the ON minus spikes of the OFF cells, (..., n_inputs).
        start: initial potential of the cells, (n_inputs,).
        ticks: length of the presentation.
        fraction: fraction of the presentation, 0 to 1.
    """
    n = np.abs(code.astype(np.float64))
    counts = np.minimum(np.floor(round(fraction * ticks) * n / ticks + 0.5 * start), n)
    return (np.sign(code) * np.where(n > 0, counts, 0.0)).astype(np.int8)


@kernel(nogil=True)
def _spike_order(code: Any, start: Any, ticks: int) -> Any:
    """Return the firing cells in order, and the end index of each tick."""
    counts = np.zeros(ticks + 1, np.int64)
    for i in range(code.size):
        n = abs(np.int64(code[i]))
        for k in range(1, n + 1):
            counts[_tick(k, n, start[i], ticks)] += 1
    ends = np.cumsum(counts)[1:]
    at = np.zeros(ticks + 1, np.int64)
    at[1:] = np.cumsum(counts)[:-1]
    cells = np.empty(ends[-1], np.int64)
    for i in range(code.size):
        n = abs(np.int64(code[i]))
        for k in range(1, n + 1):
            tick = _tick(k, n, start[i], ticks)
            cells[at[tick]] = i
            at[tick] += 1
    return cells, ends


@kernel(inline="always")
def _tick(k: int, n: int, start: float, ticks: int) -> int:
    return min(max(int(np.ceil((k - 0.5 * start) * ticks / n)), 1), ticks)


@kernel(nogil=True)
def _deliver(weights: Any, cells: Any, code: Any, potentials: Any) -> None:
    for cell in cells:
        if code[cell] > 0:
            for j in range(potentials.size):
                potentials[j] += np.int32(weights[cell, j])
        else:
            for j in range(potentials.size):
                potentials[j] -= np.int32(weights[cell, j])
