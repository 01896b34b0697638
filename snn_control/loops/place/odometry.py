"""Odometry distance between two images, in places.

A distance is negative where the position moved against the heading of the pose, and the twist, in
the frame of the robot, agrees. One that is not filled counts for nothing: a twist of zeros, an
identity quaternion without a twist. Where both are missing, where they disagree (a twist in another
frame), and where a robot moves sideways or climbs, the distance is positive. Covariances are not
used: few sources fill them, and that of the heading is about north, not about the front.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

Pose = tuple[float, float, float, float, float, float, float]
"""Position x, y, z, m, and orientation as a quaternion x, y, z, w."""
STILL = 0.05
"""Share of the spacing below which movement waits until it adds up: noise is no way."""
CLEAR = 0.5
"""Cosine of the angle to straight back from which a movement goes backwards: 60 degrees."""
_LEAST_NORM = 1e-3


class Travel:
    """Odometry distance since the last image.

    Args:
        spacing_m: between two places.
        jump_m: a change of position by more is a jump of the odometry, and no way.
        max_age_s: after which odometry that came before is lost.
        reverse: whether what goes backwards is taken off the way; else all of it is added.
    """

    def __init__(
        self, spacing_m: float, jump_m: float, max_age_s: float, reverse: bool = True
    ) -> None:
        self._spacing_m, self._jump_m, self._max_age_s = spacing_m, jump_m, max_age_s
        self._reverse = reverse
        self.reset()

    def reset(self) -> None:
        """Forget everything, the counts too."""
        self.refused = self.jumps = 0
        self.way_m = self.back_m = 0.0
        """In all, and of that backwards."""
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
        self,
        position: Sequence[float],
        orientation: Sequence[float],
        frame: str,
        now_s: float,
        velocity: Sequence[float] = (0.0, 0.0, 0.0),
    ) -> bool:
        """Take one message; return whether it can be used.

        Args:
            position: m.
            orientation: quaternion x, y, z, w, of any length but 0.
            frame: frame_id of both.
            now_s: monotonic.
            velocity: in the frame of the robot, x forward, m/s; zeros or NaN: unknown.
        """
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
        moved = at - self._at
        way_m = float(np.linalg.norm(moved))
        if way_m > self._jump_m:
            self.jumps += 1
            self._at, self._broken = at, True
        elif way_m >= STILL * self._spacing_m:
            back = self._reverse and goes_back(moved, turn, velocity)
            self._since_m += -way_m if back else way_m
            self.way_m += way_m
            self.back_m += way_m if back else 0.0
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
        """Return the way since the last image, in places; None where a part of it is unknown.

        It is negative where it went backwards.
        """
        way, known = self._since_m / self._spacing_m, not self._broken
        self._since_m, self._broken = 0.0, False
        return way if known and self.used and not self.lost(now_s) else None


def goes_back(
    moved: Sequence[float] | np.ndarray, turn: Sequence[float], velocity: Sequence[float]
) -> bool:
    """Return whether a movement goes backwards, as far as that is known.

    Args:
        moved: change of position, m.
        turn: orientation of the robot, whose x axis points forward, quaternion x, y, z, w.
        velocity: in the frame of the robot, m/s; zeros or NaN: unknown.
    """
    norm, speed = math.hypot(*turn), math.hypot(*velocity)
    x, y, z, w = (q / norm for q in turn)
    known = 0.0 < speed < math.inf
    if not known and x == y == z == 0.0:
        return False
    ahead = (1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y + z * w), 2.0 * (x * z - y * w))
    along = sum(a * m for a, m in zip(ahead, moved, strict=True))
    if along > -CLEAR * math.hypot(*moved):
        return False
    return not known or velocity[0] <= -CLEAR * speed


def heading_quaternion(heading_rad: float) -> tuple[float, float, float, float]:
    """Return the quaternion x, y, z, w of a turn about the z axis, which points up.

    Args:
        heading_rad: turn from the x axis to the left, rad.
    """
    return 0.0, 0.0, math.sin(0.5 * heading_rad), math.cos(0.5 * heading_rad)
