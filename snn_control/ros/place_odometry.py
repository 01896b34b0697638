"""From odometry to places moved: the way between two images, by what lies between two places."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

Pose = tuple[float, float, float, float, float, float, float]
"""Position x, y, z, m, and orientation as a quaternion x, y, z, w."""
STILL = 0.05
"""Share of the spacing below which movement waits until it adds up: noise is no way."""
_LEAST_NORM = 1e-3


class Travel:
    """Adds up the way, whatever its direction.

    Args:
        spacing_m: between two places.
        jump_m: a change of position by more is a jump of the odometry, and no way.
        max_age_s: after which odometry that came before is lost.
    """

    def __init__(self, spacing_m: float, jump_m: float, max_age_s: float) -> None:
        self._spacing_m, self._jump_m, self._max_age_s = spacing_m, jump_m, max_age_s
        self.reset()

    def reset(self) -> None:
        """Forget everything, the counts too."""
        self.refused = self.jumps = 0
        self.way_m = 0.0
        """In all."""
        self.frame = ""
        self.heard_s: float | None = None
        """Arrival of the last usable message, monotonic; None: there is no odometry."""
        self.begin()

    def begin(self) -> None:
        """Begin anew where the robot is, as after a restart of time."""
        self._at: np.ndarray | None = None
        self._since_m, self._broken = 0.0, False
        self.pose: Pose | None = None

    def take(
        self, position: Sequence[float], orientation: Sequence[float], frame: str, now_s: float
    ) -> bool:
        """Take one message; return whether it can be used."""
        values = (*map(float, position), *map(float, orientation))
        norm = math.hypot(*values[3:])
        if not all(map(math.isfinite, values)) or norm < _LEAST_NORM:
            self.refused += 1
            return False
        lost = self.lost(now_s)
        self.heard_s, self.frame, at = now_s, frame, np.array(values[:3])
        x, y, z, *turn = values
        self.pose = (x, y, z, *(q / norm for q in turn))  # type: ignore[assignment]
        if self._at is None or lost:
            self._at, self._broken = at, self._broken or lost
            return True
        way_m = float(np.linalg.norm(at - self._at))
        if way_m > self._jump_m:
            self.jumps += 1
            self._at, self._broken = at, True
        elif way_m >= STILL * self._spacing_m:
            self._since_m += way_m
            self.way_m += way_m
            self._at = at
        return True

    def lost(self, now_s: float) -> bool:
        """Whether odometry came once and comes no more."""
        return self.heard_s is not None and now_s - self.heard_s > self._max_age_s

    @property
    def used(self) -> bool:
        """Whether there is odometry, be it lost by now."""
        return self.heard_s is not None

    def since_image(self, now_s: float) -> float | None:
        """Return the way since the last image, in places; None where a part of it is unknown."""
        way, known = self._since_m / self._spacing_m, not self._broken
        self._since_m, self._broken = 0.0, False
        return way if known and self.used and not self.lost(now_s) else None
