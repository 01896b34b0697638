"""Messages of an input with two subscriptions, each received once."""

from __future__ import annotations

from collections import deque
from typing import Any

__all__ = ["KEPT_S", "Twins"]

KEPT_S = 1.0
"""Time within which both subscriptions receive a message, s."""


class Twins:
    """Recognition of the messages that the other one of two subscriptions has received.

    A latched input has two subscriptions, see `ManagedNode.subscribe`. Messages with equal content
    are the same message if the other subscription received one more of them within `KEPT_S`.
    """

    def __init__(self) -> None:
        self._kept: tuple[deque[tuple[float, Any]], ...] = (deque(), deque())

    def is_new(self, subscription: int, message: Any, now_s: float) -> bool:
        """Return False if the other subscription has received a message.

        Args:
            subscription: 0 or 1.
            message: received message.
            now_s: monotonic time, s.
        """
        others = self._kept[1 - subscription]
        while others and now_s - others[0][0] > KEPT_S:
            others.popleft()
        for k, (_, other) in enumerate(others):
            if other == message:
                del others[k]
                return False
        self._kept[subscription].append((now_s, message))
        return True
