"""Where a mapping comes to its next place: the way since the last one has reached the spacing."""

from __future__ import annotations

import math


class Spacing:
    """Adds up the way between places."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Start with a mapping: the first image whose way is known is a place."""
        self.gaps = 0
        """Places that lie further from the one before than the spacing, or it is unknown how
        far."""
        self._way, self._broken = math.inf, False

    def move(self, way: float | None) -> None:
        """Follow the way to an image, be it one that shows nothing.

        Args:
            way: since the last image, in places; None: unknown.
        """
        if way is None:  # what was reversed over may lie anywhere now
            self._way, self._broken = max(self._way, 0.0), True
        else:
            self._way += way

    def due(self) -> bool:
        """Whether an image is the next place; it then counts as that."""
        if self._way < 1.0:
            return False
        first = self._way == math.inf
        self._way -= 1.0  # the rest counts for the next, so that places keep their spacing
        if self._way >= 1.0 or self._broken:
            self.gaps, self._way, self._broken = self.gaps + (not first), 0.0, False
        return True
