"""A set-point that stays between limits and moves no faster than it may."""

from __future__ import annotations

import math


class SetPoint:
    """Follows the wanted value; without one it stays where it started.

    Args:
        low, high: limits.
        rate_per_s: largest change in a second; 0: at once.
    """

    def __init__(self, low: float, high: float, rate_per_s: float = 0.0) -> None:
        self.low, self.high, self.rate_per_s = low, high, rate_per_s
        self.wanted: float | None = None
        """What was asked for, between the limits; None: nothing yet."""
        self.value: float | None = None
        """The set-point now; None: it starts anew with `start`."""

    def want(self, value: float) -> bool:
        """Take a wanted value, put between the limits; return whether it was there already.

        One that is not finite is refused: what was wanted before stands.
        """
        if not math.isfinite(value):
            return False
        self.wanted = self._limited(value)
        return self.wanted == value

    def start(self, value: float) -> None:
        """Start from `value`, put between the limits."""
        self.value = self._limited(value)

    def advance(self, dt_s: float, instead: float | None = None) -> float:
        """Move on by `dt_s` and return the set-point.

        Args:
            dt_s: time since the last call, s.
            instead: goes before what is wanted, and may lie outside of the limits.

        Raises:
            ValueError: neither `want` nor `start` was called.
        """
        target = next((x for x in (instead, self.wanted, self.value) if x is not None), None)
        if target is None:
            raise ValueError("no set-point; call want() or start()")
        if self.value is None or not self.rate_per_s:
            self.value = target
        else:
            reach = self.rate_per_s * max(dt_s, 0.0)
            self.value = min(max(target, self.value - reach), self.value + reach)
        return self.value

    def _limited(self, value: float) -> float:
        return min(max(value, self.low), self.high)
