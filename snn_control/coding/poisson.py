"""Rate coding: independent Poisson spike trains on a grid of time steps.

In each step a source spikes with probability p = rate dt, at most once. The intervals between two
spikes of a source follow the geometric distribution and are sampled by inversion,

    gap = 1 + floor(log(1 - u) / log(1 - p)),   u uniform in [0, 1),

with one random number per spike instead of one per step.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from snn_control.compiled import kernel
from snn_control.errors import ParameterError

__all__ = ["Spikes", "poisson_spikes"]

IntArray = npt.NDArray[np.int32]


class Spikes(NamedTuple):
    """Spikes ordered by time step, and by source within a step."""

    steps: IntArray
    """Time step of each spike, shape (n_spikes,)."""
    sources: IntArray
    """Index of the source of each spike, shape (n_spikes,)."""


def poisson_spikes(
    rates_hz: npt.ArrayLike, n_steps: int, dt_s: float, random: np.random.Generator
) -> Spikes:
    """Draw Poisson spike trains over the steps 0 ... n_steps - 1.

    Args:
        rates_hz: rates, 0 to 1 / dt_s, shape (n_sources,).
        n_steps: number of steps, at least 0.
        dt_s: length of a step.
        random: random generator; equal seeds give equal spikes.

    Raises:
        ParameterError: out of range.
    """
    rates = np.ascontiguousarray(rates_hz, np.float64)
    if not 0.0 < dt_s < np.inf or n_steps < 0:
        raise ParameterError(
            f"{n_steps} steps of {dt_s:g} s; expected at least 0 steps longer than 0 s"
        )
    # not rate * dt <= 1, which fails by rounding at the largest rate
    if rates.ndim != 1 or not np.all((rates >= 0.0) & (rates <= 1.0 / dt_s)):
        raise ParameterError(
            f"rates of shape {rates.shape}, {rates.min(initial=0.0):g} to "
            f"{rates.max(initial=0.0):g} Hz; expected a flat array from 0 to {1.0 / dt_s:g} Hz, "
            "one spike per step: use lower rates or shorter steps"
        )
    return Spikes(*_draw(np.minimum(rates * dt_s, 1.0), n_steps, random))


@kernel(nogil=True)
def _draw(chances: Any, n_steps: int, random: Any) -> Any:
    expected = chances.sum() * n_steps
    steps = np.empty(int(expected + 6.0 * np.sqrt(expected)) + 16, np.int32)
    sources = np.empty_like(steps)
    first = np.zeros(n_steps + 1, np.int64)  # index of the first spike of each step
    n = 0
    for source in range(chances.size):
        if chances[source] == 0.0:
            continue
        silent = np.log1p(-chances[source])
        at = -1.0
        while True:
            at += 1.0 + np.floor(np.log1p(-random.random()) / silent)
            if at >= n_steps:
                break
            if n == steps.size:
                steps = np.concatenate((steps, np.empty_like(steps)))
                sources = np.concatenate((sources, np.empty_like(sources)))
            steps[n], sources[n] = at, source
            first[int(at) + 1] += 1
            n += 1
    for step in range(n_steps):
        first[step + 1] += first[step]
    ordered_steps, ordered_sources = np.empty(n, np.int32), np.empty(n, np.int32)
    for k in range(n):
        place = first[steps[k]]
        ordered_steps[place], ordered_sources[place] = steps[k], sources[k]
        first[steps[k]] += 1
    return ordered_steps, ordered_sources
