"""Detection of predictions that diverge from the measurements, and of the end of this state.

The kernels work on the state `monitor` and the limits `limits`, with the indices below.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from snn_control.plasticity.optional_kernel import kernel
from snn_control.plasticity.portable_functions import exponential

__all__ = [
    "AGREES",
    "DIVERGED",
    "DIVERGES",
    "LIMITS",
    "MONITOR",
    "RESTS",
    "PredictionMonitor",
    "change_hypothesis",
    "fail_monitor",
    "reset_monitor",
    "update_monitor",
    "wait_monitor",
]

OUTLIER_NIS = 100.0
"""Largest squared prediction error over its variance that counts for the mean: one outlier is no
divergence."""
LONG_AGO_S = 1e300
"""Time since a change of the hypothesis before the first one, s."""

MEAN, RESTED_S, CHANGED_S, DIVERGED, RESTS = range(5)
"""Indices of the state: mean, times since a divergence and a change of the hypothesis, 1 while the
predictions are not used, 1 while learning rests."""
MONITOR = 5
"""Length of the state."""
LIMIT, RECOVERED, TAU_S, REST_S = range(4)
"""Indices of the limits, see `PredictionMonitor`."""
LIMITS = 4
"""Length of the limits."""
DIVERGES, AGREES = 1, 2
"""Events of `update_monitor`; 0: none."""


class PredictionMonitor:
    """Monitor of the mean squared prediction error over its variance (NIS), 1 for a good model.

    From a divergence on the predictions are not used until they agree again. Learning rests first
    and is then tried: a model that may not learn never agrees with a vehicle that has changed.

    Args:
        limit: mean that counts as a divergence.
        recovered: mean below which the predictions agree again.
        tau_s: time constant of the mean, s.
        rest_s: rest of learning after a divergence, s.
    """

    def __init__(self, limit: float, recovered: float, tau_s: float, rest_s: float) -> None:
        self._limits = np.array([limit, recovered, tau_s, rest_s])
        self._monitor = np.zeros(MONITOR)
        self.reset()

    def reset(self) -> None:
        """Forget all predictions."""
        reset_monitor(self._monitor)
        self.diverged = ""
        """Reason not to use the predictions, or empty."""

    @property
    def mean(self) -> float:
        """Mean squared prediction error over its variance."""
        return float(self._monitor[MEAN])

    @property
    def rests(self) -> bool:
        """True while learning rests after a divergence."""
        return bool(self._monitor[RESTS] > 0.0)

    def change_hypothesis(self) -> None:
        """Give a hypothesis that has just come into use time to prove itself, once in `tau_s`."""
        change_hypothesis(self._monitor, self._limits)

    def fail(self, reason: str) -> None:
        """Count the predictions as diverged for a reason from elsewhere."""
        fail_monitor(self._monitor, self._limits)
        self.diverged = reason

    def wait(self, dt_s: float) -> str:
        """Count the time, s, in which learning rests for a divergence alone.

        Returns:
            The message on the end of this rest, or an empty string.
        """
        ended = wait_monitor(self._monitor, self._limits, dt_s)
        return "learning is tried again" if ended else ""

    def update(self, nis: float, dt_s: float) -> str:
        """Add the NIS of a measurement; return the message on a change of state, or empty."""
        event = update_monitor(self._monitor, self._limits, nis, dt_s)
        if event == AGREES:
            self.diverged = ""
            return "predictions agree again"
        if event == DIVERGES:
            self.diverged = f"mean squared prediction error is {self.mean:.0f} times its variance"
            return self.diverged
        return ""


@kernel(nogil=True)
def reset_monitor(monitor: Any) -> None:
    """Forget all predictions."""
    monitor[MEAN], monitor[RESTED_S], monitor[CHANGED_S] = 1.0, 0.0, LONG_AGO_S
    monitor[DIVERGED] = monitor[RESTS] = 0.0


@kernel(nogil=True)
def change_hypothesis(monitor: Any, limits: Any) -> None:
    """Give a new hypothesis time to prove itself, once in the time constant."""
    if monitor[CHANGED_S] >= limits[TAU_S]:
        monitor[MEAN], monitor[CHANGED_S] = min(monitor[MEAN], 0.5 * limits[LIMIT]), 0.0


@kernel(nogil=True)
def diverge(monitor: Any) -> None:
    """Stop the use of predictions, and learning for a time."""
    monitor[DIVERGED] = monitor[RESTS] = 1.0
    monitor[RESTED_S] = 0.0


@kernel(nogil=True)
def fail_monitor(monitor: Any, limits: Any) -> None:
    """Count the predictions as diverged."""
    monitor[MEAN] = 2.0 * limits[LIMIT]
    diverge(monitor)


@kernel(nogil=True)
def wait_monitor(monitor: Any, limits: Any, dt_s: float) -> bool:
    """Count the time in which learning rests; return True at its end."""
    if monitor[RESTS] > 0.0:
        monitor[RESTED_S] += dt_s
        if monitor[RESTED_S] >= limits[REST_S]:
            monitor[RESTS], monitor[MEAN] = 0.0, min(monitor[MEAN], 0.5 * limits[LIMIT])
            return True
    return False


@kernel(nogil=True)
def update_monitor(monitor: Any, limits: Any, nis: float, dt_s: float) -> int:
    """Add the NIS of a measurement; return the event."""
    monitor[CHANGED_S] += dt_s
    kept = exponential(-dt_s / limits[TAU_S])
    monitor[MEAN] = kept * monitor[MEAN] + (1.0 - kept) * min(nis, OUTLIER_NIS)
    if monitor[DIVERGED] > 0.0 and monitor[MEAN] < limits[RECOVERED]:
        reset_monitor(monitor)
        return AGREES
    if monitor[RESTS] == 0.0 and monitor[MEAN] > limits[LIMIT]:
        diverge(monitor)
        return DIVERGES
    return 0
