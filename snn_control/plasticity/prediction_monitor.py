"""Detection of predictions that diverge from the measurements, and of the end of this state."""

from __future__ import annotations

import math

__all__ = ["PredictionMonitor"]

OUTLIER_NIS = 100.0
"""Largest squared prediction error over its variance that counts for the mean: one outlier is no
divergence."""


class PredictionMonitor:
    """Monitor of the mean squared prediction error over its variance (NIS), 1 for a good model.

    Args:
        limit: mean that counts as a divergence.
        recovered: mean below which the predictions agree again.
        tau_s: time constant of the mean, s.
        retry_s: longest time until learning is tried again, s: a model that may not learn never
            agrees with a vehicle that has changed.
    """

    def __init__(self, limit: float, recovered: float, tau_s: float, retry_s: float) -> None:
        self._limit, self._recovered = limit, recovered
        self._tau_s, self._retry_s = tau_s, retry_s
        self.reset()

    def reset(self) -> None:
        """Forget all predictions."""
        self._mean, self._diverged_s = 1.0, 0.0
        self.diverged = ""
        """Reason not to use the predictions, or empty."""

    def trust_again(self) -> None:
        """Give a hypothesis that has just come into use time to prove itself."""
        self._mean = min(self._mean, 0.5 * self._limit)

    def fail(self, reason: str) -> None:
        """Count the predictions as diverged for a reason from elsewhere."""
        self.diverged, self._mean, self._diverged_s = reason, 2.0 * self._limit, 0.0

    def wait(self, dt_s: float) -> str:
        """Let time pass, s; return the message on the end of a divergence, or an empty string."""
        if self.diverged:
            self._diverged_s += dt_s
            if self._diverged_s >= self._retry_s:
                self.reset()
                return "learning is tried again"
        return ""

    def update(self, nis: float, dt_s: float) -> str:
        """Add the NIS of a measurement; return the message on a change of state, or empty."""
        kept = math.exp(-dt_s / self._tau_s)
        self._mean = kept * self._mean + (1.0 - kept) * min(nis, OUTLIER_NIS)
        if self.diverged:
            if self._mean < self._recovered:
                self.reset()
                return "predictions agree again"
        elif self._mean > self._limit:
            self.diverged = f"mean squared prediction error is {self._mean:.0f} times its variance"
            self._diverged_s = 0.0
            return self.diverged
        return ""
