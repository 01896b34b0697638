"""Gap-following controller of the corridor robot: the non-spiking baseline.

For each direction a of the rays ahead, the distance that a disc of radius `inflated_m` can move
along it without touching a return p_j = r_j (cos a_j, sin a_j) is

    d(a) = min_j  f_j - sqrt(inflated_m^2 - s_j^2)   over f_j > 0 and |s_j| < inflated_m
    f_j = r_j cos(a_j - a),   s_j = r_j sin(a_j - a)

The robot turns to the direction with the largest

    min(d, horizon_m) - goal_weight |a + heading| - turn_weight |a|

where the heading is the integral of the measured turns since the start, and slows down when the
way along its own axis is short. A direction without a way is the last choice, and one back to the
start none. Where all are blocked, the margin shrinks to the nearest return. The idea is that of
V. Sezer and M. Gokasan, "A novel obstacle avoidance algorithm: Follow the Gap Method" (2012),
doi:10.1016/j.robot.2012.05.021.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.controllers.controller import Controller
from snn_control.controllers.document import ControllerDocument
from snn_control.errors import ParameterError
from snn_control.ranges import require_positive

__all__ = ["Gap", "GapConfig"]

FloatArray = npt.NDArray[np.float64]

N_RAYS = 72
REACH_M = 6.0
"""Range without a return, m."""
ROBOT_RADIUS_M = 0.2
LEAVE_M = 0.01
"""Distance from the nearest return of the rim of the disc that leaves it, m."""
BLOCKED_M = 0.1
"""Free distance below which a direction is blocked, m."""
WIDEST_RAD = math.radians(90.0)
"""Largest angle of a candidate direction from straight ahead, rad."""


@dataclass(frozen=True)
class GapConfig:
    """Settings of the gap follower.

    Raises:
        ParameterError: a value is not positive, or not finite.
    """

    margin_m: float = 0.1
    """Distance to keep from returns in addition to the robot's radius, m."""
    horizon_m: float = 2.5
    """Distance beyond which a direction is no better, m."""
    goal_weight: float = 0.6
    """Cost of a direction away from the corridor's, m/rad."""
    turn_weight: float = 0.3
    """Cost of a turn, m/rad."""
    turn_gain_per_s: float = 3.0
    """Turn rate for each rad between the direction and the robot's axis, 1/s."""
    speed_m_s: float = 0.8
    """Speed with a free way, m/s."""
    slow_m: float = 0.8
    """Free distance ahead at which the robot begins to slow down, m."""

    def __post_init__(self) -> None:
        require_positive(vars(self))


class Gap(Controller):
    """Follower of the widest gap; rays that were not fired count as no return.

    Args:
        margin_m, horizon_m, goal_weight, turn_weight, turn_gain_per_s, speed_m_s, slow_m: see
            `GapConfig`.
    """

    observation_names = (*(f"ray_{k}_m" for k in range(N_RAYS)), "dyaw_rad")
    action_names: tuple[str, ...] = ("speed_m_s", "turn_rate_rad_s")
    control_period_s = 0.1

    def __init__(
        self,
        margin_m: float = GapConfig.margin_m,
        horizon_m: float = GapConfig.horizon_m,
        goal_weight: float = GapConfig.goal_weight,
        turn_weight: float = GapConfig.turn_weight,
        turn_gain_per_s: float = GapConfig.turn_gain_per_s,
        speed_m_s: float = GapConfig.speed_m_s,
        slow_m: float = GapConfig.slow_m,
    ) -> None:
        self.config = GapConfig(
            margin_m, horizon_m, goal_weight, turn_weight, turn_gain_per_s, speed_m_s, slow_m
        )
        angles = np.arange(N_RAYS) * (2.0 * np.pi / N_RAYS)
        angles = np.where(angles > np.pi, angles - 2.0 * np.pi, angles)
        self._candidates = angles[np.abs(angles) <= WIDEST_RAD + 1e-9]
        apart = angles[None] - self._candidates[:, None]
        self._cos, self._sin = np.cos(apart), np.sin(apart)
        self.reset()

    def reset(self, seed: int | None = None) -> None:
        """Take the current direction of the robot for that of the corridor."""
        self._heading_rad = 0.0
        self._chosen_rad, self._free_m, self._ahead_m = 0.0, 0.0, 0.0

    def _step(self, observation: FloatArray) -> FloatArray:
        c = self.config
        self._heading_rad += float(observation[N_RAYS])
        away = np.abs(self._candidates + self._heading_rad)
        cost = c.goal_weight * away + c.turn_weight * np.abs(self._candidates)
        onward = away <= WIDEST_RAD
        free_m = self.free_distances(observation[:N_RAYS])
        if free_m[onward].max(initial=0.0) < BLOCKED_M:
            free_m = self.free_distances(observation[:N_RAYS], leave=True)
        value = np.minimum(free_m, c.horizon_m) - cost
        value = value - c.horizon_m * (free_m < BLOCKED_M) - 2.0 * c.horizon_m * ~onward
        best = int(np.argmax(value))
        self._chosen_rad, self._free_m = float(self._candidates[best]), float(free_m[best])
        self._ahead_m = float(free_m[0])  # the first candidate is straight ahead
        slow = min(max(self._ahead_m / c.slow_m, 0.0), 1.0)
        turn = min(max(c.turn_gain_per_s * self._chosen_rad, -2.0), 2.0)
        return np.array([c.speed_m_s * slow, turn])

    def free_distances(self, range_m: FloatArray, leave: bool = False) -> FloatArray:
        """Return how far the disc can move along each candidate direction, m, shape (n,).

        Args:
            range_m: ranges, shape (72,); below 0: not fired.
            leave: True to shrink the margin to the nearest return, so that the robot can leave it.
        """
        seen = (range_m >= 0.0) & (range_m < REACH_M)
        if not seen.any():
            return np.full(self._candidates.size, REACH_M)
        range_m = range_m[seen]
        radius_m = ROBOT_RADIUS_M + self.config.margin_m
        if leave:
            radius_m = min(radius_m, max(float(range_m.min()) - LEAVE_M, ROBOT_RADIUS_M))
        forward, aside = range_m * self._cos[:, seen], range_m * self._sin[:, seen]
        reach = radius_m * radius_m - aside * aside
        touched = (forward > 0.0) & (reach > 0.0)
        distance = forward - np.sqrt(np.maximum(reach, 0.0))
        free: FloatArray = np.where(touched, distance, REACH_M).min(axis=1)
        return np.maximum(free, 0.0)

    @property
    def readouts(self) -> dict[str, float]:
        """Chosen direction, rad; free distance along it and ahead, m; `spikes` is 0."""
        return {
            "chosen_rad": self._chosen_rad,
            "free_m": self._free_m,
            "ahead_m": self._ahead_m,
            "spikes": 0.0,
        }

    def to_document(self) -> ControllerDocument:
        """Return the settings."""
        return ControllerDocument((), asdict(self.config))

    @classmethod
    def from_document(cls, document: ControllerDocument, **options: Any) -> Gap:
        """Build the controller from a file; `options` override its settings.

        Raises:
            ParameterError: unknown or missing settings, or a network.
        """
        settings: Mapping[str, Any] = {**document.settings, **options}
        known = [field.name for field in fields(GapConfig)]
        if document.networks or sorted(settings) != sorted(known):
            raise ParameterError(
                f"a gap follower has no network and the settings {', '.join(known)}; given "
                f"{len(document.networks)} networks and {', '.join(sorted(settings)) or 'none'}"
            )
        return cls(**settings)
