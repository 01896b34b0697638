"""Detection of predictions that diverge from the measurements, and of the end of this state."""

from __future__ import annotations

import math

from snn_control.plasticity.portable_functions import exponential

__all__ = ["PredictionMonitor"]

OUTLIER_NIS = 100.0
"""Largest squared prediction error over its variance that counts for the mean: one outlier is no
divergence."""


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
        self._limit, self._recovered = limit, recovered
        self._tau_s, self._rest_s = tau_s, rest_s
        self.reset()

    def reset(self) -> None:
        """Forget all predictions."""
        self._mean, self._rested_s, self._changed_s = 1.0, 0.0, math.inf
        self.diverged = ""
        """Reason not to use the predictions, or empty."""
        self.rests = False
        """True while learning rests after a divergence."""

    def change_hypothesis(self) -> None:
        """Give a hypothesis that has just come into use time to prove itself, once in `tau_s`."""
        if self._changed_s >= self._tau_s:
            self._mean, self._changed_s = min(self._mean, 0.5 * self._limit), 0.0

    def fail(self, reason: str) -> None:
        """Count the predictions as diverged for a reason from elsewhere."""
        self._mean = 2.0 * self._limit
        self._diverge(reason)

    def wait(self, dt_s: float) -> str:
        """Count the time, s, in which learning rests for a divergence alone.

        Returns:
            The message on the end of this rest, or an empty string.
        """
        if self.rests:
            self._rested_s += dt_s
            if self._rested_s >= self._rest_s:
                self.rests, self._mean = False, min(self._mean, 0.5 * self._limit)
                return "learning is tried again"
        return ""

    def update(self, nis: float, dt_s: float) -> str:
        """Add the NIS of a measurement; return the message on a change of state, or empty."""
        self._changed_s += dt_s
        kept = exponential(-dt_s / self._tau_s)
        self._mean = kept * self._mean + (1.0 - kept) * min(nis, OUTLIER_NIS)
        if self.diverged and self._mean < self._recovered:
            self.reset()
            return "predictions agree again"
        if not self.rests and self._mean > self._limit:
            self._diverge(f"mean squared prediction error is {self._mean:.0f} times its variance")
            return self.diverged
        return ""

    def _diverge(self, reason: str) -> None:
        self.diverged, self.rests, self._rested_s = reason, True, 0.0
