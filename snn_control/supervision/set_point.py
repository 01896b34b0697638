"""A set-point that stays between limits and moves no faster than it may."""

from __future__ import annotations


class SetPoint:
    """Follows the wanted value.

    Args:
        low, high: limits.
        rate_per_s: largest change in a second; 0: at once.
    """

    def __init__(self, low: float, high: float, rate_per_s: float = 0.0) -> None:
        self.low, self.high, self.rate_per_s = low, high, rate_per_s
        self.wanted: float | None = None
        self.value: float | None = None

    def reset(self) -> None:
        """Forget what was wanted."""
        self.wanted = self.value = None

    def want(self, value: float) -> bool:
        """Take a wanted value, put between the limits; return whether it was there already."""
        self.wanted = min(max(value, self.low), self.high)
        return self.wanted == value

    def start(self, value: float) -> None:
        """Start from `value`, which is also wanted where nothing else was."""
        self.value = min(max(value, self.low), self.high)
        if self.wanted is None:
            self.wanted = self.value

    def advance(self, dt_s: float) -> float:
        """Move on by `dt_s` and return the set-point.

        Raises:
            ValueError: neither `want` nor `start` was called.
        """
        if self.wanted is None:
            raise ValueError("no set-point; call want() or start()")
        if self.value is None or not self.rate_per_s:
            self.value = self.wanted
        else:
            reach = self.rate_per_s * dt_s
            self.value += min(max(self.wanted - self.value, -reach), reach)
        return self.value
