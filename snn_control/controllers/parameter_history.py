"""Parameters of the last seconds, for a rollback."""

from __future__ import annotations

from collections import deque

__all__ = ["ParameterHistory"]

Parameters = tuple[float, ...]

SPACING = 0.2
"""Time between two entries, as a part of the age to return to."""


class ParameterHistory:
    """Parameters of a model over the time to which a rollback returns.

    Args:
        age_s: age of the parameters to return to, s.
    """

    def __init__(self, age_s: float) -> None:
        self._age_s = age_s
        self._entries: deque[tuple[float, Parameters]] = deque()

    def due(self, time_s: float) -> bool:
        """Return True if the parameters of this time are to be added."""
        return not self._entries or time_s - self._entries[-1][0] >= SPACING * self._age_s

    def add(self, time_s: float, parameters: Parameters) -> None:
        """Add the parameters of a time, s, and drop those that are older than needed."""
        self._entries.append((time_s, parameters))
        while len(self._entries) > 1 and time_s - self._entries[1][0] >= self._age_s:
            self._entries.popleft()

    def restart(self, time_s: float, parameters: Parameters) -> None:
        """Forget all parameters but these: earlier ones are no longer to be returned to."""
        self._entries.clear()
        self._entries.append((time_s, parameters))

    def before(self, time_s: float, otherwise: Parameters) -> Parameters:
        """Return the parameters of `age_s` before a time, or the oldest ones; none: `otherwise`."""
        chosen = self._entries[0][1] if self._entries else otherwise
        for at_s, parameters in self._entries:
            if time_s - at_s >= self._age_s:
                chosen = parameters
        return chosen
