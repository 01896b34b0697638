"""Quantiles of the newest values of a stream."""

from __future__ import annotations

import numpy as np

from snn_control.copies import Copied

__all__ = ["Rolling"]


class Rolling(Copied):
    """Window of the last `size` values, in memory of fixed size."""

    def __init__(self, size: int = 1000) -> None:
        self._values = np.zeros(size)
        self.reset()

    def reset(self) -> None:
        """Delete all values."""
        self.n = 0

    def add(self, value: float) -> None:
        """Add one value."""
        self._values[self.n % len(self._values)] = value
        self.n += 1

    def quantiles(self) -> tuple[float, float, float]:
        """Return p50, p99 and maximum of the window; NaN if it is empty."""
        kept = self._values[: min(self.n, len(self._values))]
        if not len(kept):
            return (float("nan"),) * 3
        p50, p99 = np.quantile(kept, (0.5, 0.99))
        return float(p50), float(p99), float(kept.max())
