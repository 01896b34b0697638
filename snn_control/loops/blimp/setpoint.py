"""Setpoint of the height, within limits and at a limited rate."""

from __future__ import annotations

import math

__all__ = ["Setpoint"]


class Setpoint:
    """Setpoint that follows the requested value, within limits and at a limited rate.

    Without a request it stays at its start value.

    Args:
        low, high: limits.
        rate_per_s: maximum change per second; 0 disables the limit.
    """

    def __init__(self, low: float, high: float, rate_per_s: float = 0.0) -> None:
        self.low, self.high, self.rate_per_s = low, high, rate_per_s
        self.requested: float | None = None
        """Requested value, within the limits; None before the first request."""
        self.value: float | None = None
        """Present setpoint; None before `start`."""

    def request(self, value: float) -> bool:
        """Accept a requested value, clipped to the limits; return True if it was within them.

        A value that is not finite is refused: the last request stays in force.
        """
        if not math.isfinite(value):
            return False
        self.requested = self._limited(value)
        return self.requested == value

    def start(self, value: float) -> None:
        """Start from `value`, clipped to the limits."""
        self.value = self._limited(value)

    def advance(self, dt_s: float, instead: float | None = None) -> float:
        """Advance by `dt_s` and return the setpoint.

        Args:
            dt_s: time since the last call, s.
            instead: value that overrides the request, also outside the limits.

        Raises:
            ValueError: neither `request` nor `start` was called.
        """
        target = next((x for x in (instead, self.requested, self.value) if x is not None), None)
        if target is None:
            raise ValueError("no setpoint; call request() or start()")
        if self.value is None or not self.rate_per_s:
            self.value = target
        else:
            reach = self.rate_per_s * max(dt_s, 0.0)
            self.value = min(max(target, self.value - reach), self.value + reach)
        return self.value

    def _limited(self, value: float) -> float:
        return min(max(value, self.low), self.high)
