"""A presentation spike by spike.

Each pair of input cells integrates what it sees until it fires, again and again, the strongest
first; every spike adds its weights to the potentials of all place neurons, which keep them. With
n spikes in T ticks and a starting potential of v, spike k of a cell comes in the first tick t with
v + t n / T >= k, v less than 1 / 2 here so that the last one is in time. After the last spike the
potentials are those of `PlaceMap.potentials`, to the last bit.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from snn_control.compiled import kernel
from snn_control.controllers.place.senses import Codes

FloatArray = npt.NDArray[np.float64]

QUARTERS = (0.25, 0.5, 0.75)
"""Shares of a presentation after which an answer may be early."""


class Presented(NamedTuple):
    """Result of presenting one image."""

    potentials: npt.NDArray[np.int32]
    """Potentials of the place neurons, (n_places,)."""
    spikes: int
    """Number of spikes that are in them."""
    complete: bool
    """True if those are all spikes."""
    settled: bool
    """True if the missing spikes were not needed."""


def present(
    weights: npt.NDArray[np.int8],
    code: Codes,
    start: FloatArray,
    ticks: int,
    deadline_s: float | None = None,
    settled: Callable[[npt.NDArray[np.int32], int], bool] | None = None,
) -> Presented:
    """Deliver the spikes of a presentation, tick by tick.

    Args:
        weights: of the place neurons, (n_inputs, n_places).
        code: spikes of ON less spikes of OFF cells, (n_inputs,).
        start: potential of the cells, 0 to 1, (n_inputs,).
        ticks: of the presentation.
        deadline_s: time after which no further tick is waited for; None: all are.
        settled: returns True if the potentials after one of `QUARTERS`, passed with its number,
            are enough; None: they never are.
    """
    potentials = np.zeros(weights.shape[1], np.int32)
    cells, ends = _spike_order(code, start, ticks)
    began, first = time.perf_counter(), 0
    quarters = {round(share * ticks): k for k, share in enumerate(QUARTERS)}
    for tick, end in enumerate(ends.tolist()):
        late = deadline_s is not None and time.perf_counter() - began >= deadline_s
        enough = settled is not None and tick in quarters and settled(potentials, quarters[tick])
        if first and first < len(cells) and (late or enough):
            return Presented(potentials, first, False, bool(enough))
        _deliver(weights, cells[first:end], code, potentials)
        first = end
    return Presented(potentials, first, True, True)


def arrived(code: Codes, start: FloatArray, ticks: int, share: float) -> Codes:
    """Return the spikes that have arrived after a share of the presentation, as a code.

    Args:
        code: spikes of ON less spikes of OFF cells, (..., n_inputs).
        start: potential of the cells, (n_inputs,).
        ticks: of the presentation.
        share: of it, 0 to 1.
    """
    n = np.abs(code.astype(np.float64))
    counts = np.minimum(np.floor(round(share * ticks) * n / ticks + 0.5 * start), n)
    return (np.sign(code) * np.where(n > 0, counts, 0.0)).astype(np.int8)


@kernel(nogil=True)
def _spike_order(code: Any, start: Any, ticks: int) -> Any:
    """Return the cells that fire, tick by tick, and where each tick ends."""
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
