"""Kernels of an adapting controller for exports: monitor of predictions, history of parameters.

They repeat `PredictionMonitor` and `ParameterHistory` on arrays: `memory` with the indices below,
and `history`, the number of its entries followed by time and parameters of each.
"""

from __future__ import annotations

from typing import Any

from snn_control.controllers.parameter_history import SPACING
from snn_control.plasticity.optional_kernel import kernel
from snn_control.plasticity.portable_functions import exponential
from snn_control.plasticity.prediction_monitor import OUTLIER_NIS

__all__ = [
    "HISTORY_ENTRIES",
    "LIMITS",
    "MEMORY",
    "add_to_history",
    "change_hypothesis",
    "fail_monitor",
    "find_before",
    "is_due",
    "log",
    "reset_monitor",
    "restart_history",
    "update_monitor",
    "wait_monitor",
]

(
    TIME, OFFSET, COMMAND, COMMANDED, ON, TRUSTED, LEARNS, ELAPSED, STARTED, OBEYS, SAVES,
    ROLLBACKS, MEAN, RESTED, CHANGED, DIVERGED, RESTS, VERSIONS, VERSION_TIME, ACTS,
) = range(20)  # fmt: skip
"""Indices of `memory`: time and command of the controller, state of trust and requests, monitor,
number and time of versions; ACTS is 1 on predictions, 2 on measurements, 0 while the networks
rest."""
MEMORY = 20

(
    ROLLBACK_S, ZONE, LIMIT, RECOVERED, MONITOR_TAU_S, REST_S, VERSION_S, GATE_M,
) = range(8)  # fmt: skip
"""Indices of `limits`, those of `AdaptingConfig` and the gate of a frozen sensor."""
LIMITS = 8

HISTORY_ENTRIES = 8
"""Largest number of entries: one that is old enough, and those of the time since then."""
LONG_AGO_S = 1e300
"""Time since a change of the hypothesis before the first one, s."""

DIVERGES, AGREES = 1, 2
"""Events of `update_monitor`; 0: none."""


@kernel(nogil=True)
def log(memory: Any) -> None:
    """Count a version of the parameters."""
    memory[VERSIONS] += 1.0
    memory[VERSION_TIME] = memory[TIME]


@kernel(nogil=True)
def reset_monitor(memory: Any) -> None:
    """Forget all predictions."""
    memory[MEAN], memory[RESTED], memory[CHANGED] = 1.0, 0.0, LONG_AGO_S
    memory[DIVERGED] = memory[RESTS] = 0.0


@kernel(nogil=True)
def change_hypothesis(memory: Any, limits: Any) -> None:
    """Give a new hypothesis time to prove itself, see `PredictionMonitor`."""
    if memory[CHANGED] >= limits[MONITOR_TAU_S]:
        memory[MEAN], memory[CHANGED] = min(memory[MEAN], 0.5 * limits[LIMIT]), 0.0


@kernel(nogil=True)
def diverge(memory: Any) -> None:
    """Stop the use of predictions, and learning for a time."""
    memory[DIVERGED] = memory[RESTS] = 1.0
    memory[RESTED] = 0.0


@kernel(nogil=True)
def fail_monitor(memory: Any, limits: Any) -> None:
    """Count the predictions as diverged."""
    memory[MEAN] = 2.0 * limits[LIMIT]
    diverge(memory)


@kernel(nogil=True)
def wait_monitor(memory: Any, limits: Any, dt_s: float) -> bool:
    """Count the time in which learning rests; return True at its end."""
    if memory[RESTS] > 0.0:
        memory[RESTED] += dt_s
        if memory[RESTED] >= limits[REST_S]:
            memory[RESTS], memory[MEAN] = 0.0, min(memory[MEAN], 0.5 * limits[LIMIT])
            return True
    return False


@kernel(nogil=True)
def update_monitor(memory: Any, limits: Any, nis: float, dt_s: float) -> int:
    """Add the squared prediction error over its variance; return the event."""
    memory[CHANGED] += dt_s
    kept = exponential(-dt_s / limits[MONITOR_TAU_S])
    memory[MEAN] = kept * memory[MEAN] + (1.0 - kept) * min(nis, OUTLIER_NIS)
    if memory[DIVERGED] > 0.0 and memory[MEAN] < limits[RECOVERED]:
        reset_monitor(memory)
        return AGREES
    if memory[RESTS] == 0.0 and memory[MEAN] > limits[LIMIT]:
        diverge(memory)
        return DIVERGES
    return 0


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
    if dropped > 0:
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
