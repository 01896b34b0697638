"""Parameters of the last seconds, for a rollback.

The kernels work on one array: the number of entries, then time, s, and parameters of each, `width`
numbers, oldest first.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from snn_control.plasticity.optional_kernel import kernel

__all__ = [
    "ParameterHistory",
    "add_to_history",
    "find_before",
    "history_size",
    "is_due",
    "restart_history",
]

Parameters = tuple[float, ...]

SPACING = 0.2
"""Time between two entries, as a part of the age to return to."""
MOST_ENTRIES = 8
"""Largest number of entries: one that is old enough, and those since then."""


def history_size(n_parameters: int) -> int:
    """Return the length of the array for a number of parameters."""
    return 1 + MOST_ENTRIES * (1 + n_parameters)


class ParameterHistory:
    """Parameters of a model over the time to which a rollback returns.

    Args:
        age_s: age of the parameters to return to, s.
    """

    def __init__(self, age_s: float) -> None:
        self._age_s, self._entries = age_s, np.zeros(1)

    def due(self, time_s: float) -> bool:
        """Return True if the parameters of this time are to be added."""
        return bool(is_due(self._entries, self._width, time_s, self._age_s))

    def add(self, time_s: float, parameters: Parameters) -> None:
        """Add the parameters of a time, s, and drop those that are older than needed."""
        self._fit(parameters)
        add_to_history(self._entries, np.array(parameters), self._width, time_s, self._age_s)

    def restart(self, time_s: float, parameters: Parameters) -> None:
        """Forget all parameters but these: earlier ones are no longer to be returned to."""
        self._fit(parameters)
        restart_history(self._entries, np.array(parameters), self._width, time_s)

    def before(self, time_s: float, otherwise: Parameters) -> Parameters:
        """Return the parameters of `age_s` before a time, or the oldest ones; none: `otherwise`."""
        parameters = np.array(otherwise)
        find_before(self._entries, parameters, self._width, time_s, self._age_s)
        return tuple(parameters.tolist())

    @property
    def _width(self) -> int:
        return (self._entries.size - 1) // MOST_ENTRIES

    def _fit(self, parameters: Parameters) -> None:
        if self._entries.size == 1:
            self._entries = np.zeros(history_size(len(parameters)))


@kernel(nogil=True)
def is_due(history: Any, width: int, time_s: float, age_s: float) -> bool:
    """Return True if the parameters of this time are to be added."""
    n = int(history[0])
    return n == 0 or time_s - history[1 + (n - 1) * width] >= SPACING * age_s


@kernel(nogil=True)
def add_to_history(history: Any, parameters: Any, width: int, time_s: float, age_s: float) -> None:
    """Add parameters, and drop those that are older than needed."""
    n, dropped = int(history[0]), 0
    history[1 + n * width] = time_s
    for k in range(width - 1):
        history[2 + n * width + k] = parameters[k]
    n += 1
    while n - dropped > 1 and time_s - history[1 + (dropped + 1) * width] >= age_s:
        dropped += 1
    n -= dropped
    for k in range(n * width):
        history[1 + k] = history[1 + dropped * width + k]
    history[0] = n


@kernel(nogil=True)
def restart_history(history: Any, parameters: Any, width: int, time_s: float) -> None:
    """Forget all parameters but these."""
    history[0], history[1] = 1.0, time_s
    for k in range(width - 1):
        history[2 + k] = parameters[k]


@kernel(nogil=True)
def find_before(history: Any, parameters: Any, width: int, time_s: float, age_s: float) -> None:
    """Replace parameters by those of `age_s` before, or the oldest ones, if there are any."""
    n, chosen = int(history[0]), 0
    for k in range(n):
        if time_s - history[1 + k * width] >= age_s:
            chosen = k
    if n > 0:
        for k in range(width - 1):
            parameters[k] = history[2 + chosen * width + k]
