"""Selection of the images that are mapped, by the odometry distance since the last place."""

from __future__ import annotations

import math


class Spacing:
    """Odometry distance since the last place."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Start a mapping; the first image with a known distance is a place."""
        self.gaps = 0
        """Number of places further than the spacing, or at an unknown distance, from the last."""
        self._distance, self._broken = math.inf, False

    def move(self, distance: float | None) -> None:
        """Add the distance to an image, also to a featureless one.

        Args:
            distance: odometry distance since the last image, places; None: unknown.
        """
        if distance is None:  # a debt from reversing is void at an unknown position
            self._distance, self._broken = max(self._distance, 0.0), True
        else:
            self._distance += distance

    def due(self) -> bool:
        """Return True if an image is the next place, and start counting from it."""
        if self._distance < 1.0:
            return False
        first = self._distance == math.inf
        self._distance -= 1.0  # carry the remainder over, so that the spacing stays constant
        if self._distance >= 1.0 or self._broken:
            self.gaps, self._distance, self._broken = self.gaps + (not first), 0.0, False
        return True
