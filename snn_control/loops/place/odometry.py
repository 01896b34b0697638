"""Odometry distance between two images, in places.

A distance is negative if the position moved against the heading of the pose and the twist, in the
frame of the robot, agrees. Unset values are ignored: a zero twist, or an identity quaternion
without a twist. If both are unset, if they disagree (a twist in another frame), and for sideways or
vertical movement, the distance is positive. Covariances are not used: few sources set them, and
that of the heading refers to north, not to the front of the robot.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

Pose = tuple[float, float, float, float, float, float, float]
"""Position x, y, z, m, and orientation as a quaternion x, y, z, w."""
STILL = 0.05
"""Fraction of the spacing below which movement is accumulated first, against noise."""
CLEAR = 0.5
"""Cosine of the largest angle between a backward movement and straight back, 60 degrees."""
_LEAST_NORM = 1e-3


class Travel:
    """Odometry distance since the last image.

    Args:
        spacing_m: distance between two places, m.
        jump_m: change of position above which the odometry has jumped, m.
        max_age_s: age at which odometry is lost, s.
        reverse: subtract backward movement; otherwise it is added.
    """

    def __init__(
        self, spacing_m: float, jump_m: float, max_age_s: float, reverse: bool = True
    ) -> None:
        self._spacing_m, self._jump_m, self._max_age_s = spacing_m, jump_m, max_age_s
        self._reverse = reverse
        self.reset()

    def reset(self) -> None:
        """Reset everything, including the counters."""
        self.refused = self.jumps = 0
        self.distance_m = self.backward_m = 0.0
        """Total distance, and the backward part of it, m."""
        self.frame = ""
        self.received_s: float | None = None
        """Arrival of the last usable message, monotonic, s; None: no odometry so far."""
        self.begin()

    def begin(self) -> None:
        """Restart at the present position, as after a restart of time."""
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
        """Process one message; return True if it is usable.

        Args:
            position: position, m.
            orientation: quaternion x, y, z, w, of any nonzero norm.
            frame: frame_id of position and orientation.
            now_s: present monotonic time, s.
            velocity: velocity in the frame of the robot, x forward, m/s; zeros or NaN: unknown.
        """
        values = (*map(float, position), *map(float, orientation))
        norm = math.hypot(*values[3:])
        if not all(map(math.isfinite, values)) or norm < _LEAST_NORM:
            self.refused += 1
            return False
        lost = self.lost(now_s)
        self.received_s, self.frame, at = now_s, frame, np.array(values[:3])
        x, y, z, *turn = values
        self.pose = (x, y, z, *(q / norm for q in turn))  # type: ignore[assignment]
        if self._at is None or lost:
            self._at, self._broken = at, self._broken or lost
            return True
        moved = at - self._at
        distance_m = float(np.linalg.norm(moved))
        if distance_m > self._jump_m:
            self.jumps += 1
            self._at, self._broken = at, True
        elif distance_m >= STILL * self._spacing_m:
            back = self._reverse and moves_backward(moved, turn, velocity)
            self._since_m += -distance_m if back else distance_m
            self.distance_m += distance_m
            self.backward_m += distance_m if back else 0.0
            self._at = at
        return True

    def lost(self, now_s: float) -> bool:
        """Return True if odometry was received before and is stale now."""
        return self.received_s is not None and now_s - self.received_s > self._max_age_s

    @property
    def used(self) -> bool:
        """True if any odometry was received, even if it is stale now."""
        return self.received_s is not None

    def since_image(self, now_s: float) -> float | None:
        """Return the odometry distance since the last image, places; None if partly unknown.

        Net backward movement is negative.
        """
        distance, known = self._since_m / self._spacing_m, not self._broken
        self._since_m, self._broken = 0.0, False
        return distance if known and self.used and not self.lost(now_s) else None


def moves_backward(
    moved: Sequence[float] | np.ndarray, turn: Sequence[float], velocity: Sequence[float]
) -> bool:
    """Return True if a movement is known to be backward.

    Args:
        moved: change of position, m.
        turn: orientation of the robot, x axis forward, quaternion x, y, z, w.
        velocity: velocity in the frame of the robot, m/s; zeros or NaN: unknown.
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
    """Return the quaternion x, y, z, w of a rotation about the z axis (up).

    Args:
        heading_rad: angle from the x axis, positive to the left, rad.
    """
    return 0.0, 0.0, math.sin(0.5 * heading_rad), math.cos(0.5 * heading_rad)
