"""Disc robot and its lidar in a corridor, with named read-outs.

The robot moves as a unicycle whose speed and turn rate follow their commands with a lag:

    dv/dt = (v_command - v) / LAG_S,   dx/dt = v cos(yaw),   dy/dt = v sin(yaw)

A mover stops while it approaches a robot that is closer than YIELD_M. MuJoCo casts the rays and
draws; the clearance is in closed form.
"""

from __future__ import annotations

import math
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from snn_control.copies import CopiedWithViews
from snn_control.envs.corridor.mjcf import (
    LIDAR_HEIGHT_M,
    ROBOT_RADIUS_M,
    SCENERY_GROUP,
    corridor_mjcf,
)
from snn_control.envs.corridor.scenario import N_RAYS, PHYSICS_STEP_S, SUBSTEPS, Scenario
from snn_control.envs.corridor.worlds import HALF_WIDTH_M
from snn_control.envs.mujoco_data import data_of
from snn_control.envs.mujoco_log import log_warnings

FloatArray = NDArray[np.float64]

log_warnings()

MAX_SPEED_M_S = 0.8
"""Largest forward speed, m/s; the robot does not drive backwards."""
MAX_TURN_RATE_RAD_S = 2.0
"""Largest turn rate to either side, rad/s."""
LAG_S = 0.1
"""Time constant of speed and turn rate, s."""
YIELD_M = 0.2
"""Distance from the robot's rim at which a mover stops, m."""
MEETING_M = 1.0
"""Distance of a mover's rim from which it cannot reach the robot within a control period, m."""
REACH_M = 6.0
"""Largest range of the lidar, m; also the range without a return."""
_FRACTION = -math.expm1(-PHYSICS_STEP_S / LAG_S)


def ray_angles() -> FloatArray:
    """Return the angle of each ray from straight ahead, counter-clockwise, rad, shape (N_RAYS,)."""
    angles: FloatArray = np.arange(N_RAYS) * (2.0 * np.pi / N_RAYS)
    return angles


class CorridorBody(CopiedWithViews):
    """MuJoCo model and data of a corridor with its robot.

    Args:
        scenario: obstacles and start pose.
    """

    def __init__(self, scenario: Scenario) -> None:
        obstacles = scenario.obstacles
        self.model = mujoco.MjModel.from_xml_string(corridor_mjcf(obstacles))
        self.data = mujoco.MjData(self.model)
        self.obstacles = obstacles
        self._robot = int(self.model.body("robot").mocapid[0])
        self._robot_body = int(self.model.body("robot").id)
        self._movers = [
            int(self.model.body(f"mover_{k}").mocapid[0]) for k in range(obstacles.mover_m.shape[1])
        ]
        self._groups = np.zeros(6, np.uint8)
        self._groups[SCENERY_GROUP] = 1
        self._angles = ray_angles()
        self._centre_m = obstacles.position_m.copy()
        self._turn = np.stack([np.cos(obstacles.yaw_rad), np.sin(obstacles.yaw_rad)])
        self.x_m, self.y_m, self.yaw_rad = 0.0, scenario.start_y_m, scenario.start_yaw_rad
        self.speed_m_s, self.turn_rate_rad_s = 0.0, 0.0
        self._mover_step = np.zeros(len(self._movers), np.int64)
        self.clearance_m = self.measure_clearance_m()
        """Clearance at the current pose, m; negative in a collision."""
        self._place()

    def _bind(self) -> None:
        self.data = data_of(self.model, self.data)

    def advance(self, speed_m_s: float, turn_rate_rad_s: float, steps: int = SUBSTEPS) -> float:
        """Hold commands for a control period of 0.1 s; stop at a collision.

        Args:
            speed_m_s: commanded speed, m/s.
            turn_rate_rad_s: commanded turn rate, rad/s.
            steps: number of physics steps of 0.02 s, by default those of a control period.

        Returns:
            The smallest clearance of the steps, m; negative in a collision.
        """
        speed_m_s = min(max(speed_m_s, 0.0), MAX_SPEED_M_S)
        turn_rate_rad_s = min(max(turn_rate_rad_s, -MAX_TURN_RATE_RAD_S), MAX_TURN_RATE_RAD_S)
        poses: list[tuple[float, ...]] = []
        movers: list[NDArray[np.int64]] = []
        meets = bool(self._movers) and self._meets_movers()
        for _ in range(steps):
            self.speed_m_s += _FRACTION * (speed_m_s - self.speed_m_s)
            self.turn_rate_rad_s += _FRACTION * (turn_rate_rad_s - self.turn_rate_rad_s)
            middle_rad = self.yaw_rad + 0.5 * PHYSICS_STEP_S * self.turn_rate_rad_s
            self.x_m += PHYSICS_STEP_S * self.speed_m_s * math.cos(middle_rad)
            self.y_m += PHYSICS_STEP_S * self.speed_m_s * math.sin(middle_rad)
            self.yaw_rad += PHYSICS_STEP_S * self.turn_rate_rad_s
            poses.append((self.x_m, self.y_m, self.yaw_rad, self.speed_m_s, self.turn_rate_rad_s))
            if self._movers:
                self._mover_step = self._advanced_movers() if meets else self._mover_step + 1
                movers.append(self._mover_step)
        robot_m = np.array([pose[:2] for pose in poses])
        clearance_m = self._clearances(robot_m, np.array(movers))
        hits = np.flatnonzero(clearance_m < 0.0)
        last = int(hits[0]) if hits.size else steps - 1
        self.x_m, self.y_m, self.yaw_rad, self.speed_m_s, self.turn_rate_rad_s = poses[last]
        if self._movers:
            self._mover_step = movers[last]
        self.clearance_m = float(clearance_m[last])
        self._place()
        return float(clearance_m[: last + 1].min())

    def measure_clearance_m(self) -> float:
        """Return the distance of the robot's rim from the nearest obstacle or wall, m."""
        robot_m = np.array([[self.x_m, self.y_m]])
        return float(self._clearances(robot_m, self._mover_step[None])[0])

    @property
    def mover_m(self) -> FloatArray:
        """Centres of the moving obstacles, m, shape (n_movers, 2)."""
        return self._mover_positions(self._mover_step)

    def _mover_positions(self, steps: NDArray[np.int64]) -> FloatArray:
        """Return the centres at steps of each mover's path, shape (..., n_movers, 2)."""
        return self.obstacles.mover_m[steps, np.arange(len(self._movers))]

    def _meets_movers(self) -> bool:
        """Return True if a mover may come close within the control period."""
        away_m = self.mover_m - (self.x_m, self.y_m)
        radius_m = self.obstacles.radius_m[self.obstacles.n_standing :]
        near = np.hypot(away_m[:, 0], away_m[:, 1]) < radius_m + MEETING_M
        return bool(near.any())

    def _advanced_movers(self) -> NDArray[np.int64]:
        """Return the next step of each mover's path; one that yields keeps its step."""
        here_m = self._mover_positions(self._mover_step)
        to_robot_m = np.array([self.x_m, self.y_m]) - here_m
        moved_m = self._mover_positions(self._mover_step + 1) - here_m
        radius_m = self.obstacles.radius_m[self.obstacles.n_standing :] + ROBOT_RADIUS_M
        near = np.hypot(to_robot_m[:, 0], to_robot_m[:, 1]) < radius_m + YIELD_M
        yields = near & ((moved_m * to_robot_m).sum(axis=1) > 0.0)
        return self._mover_step + ~yields

    def _clearances(self, robot_m: FloatArray, movers: NDArray[np.int64]) -> FloatArray:
        """Return the clearance at n positions and steps of the movers, shape (n,)."""
        obstacles, n = self.obstacles, self.obstacles.n_standing
        away_m = robot_m[:, None] - self._centre_m
        if self._movers:
            away_m[:, n:] = robot_m[:, None] - self._mover_positions(movers)
        cos, sin = self._turn
        along = np.abs(cos * away_m[..., 0] + sin * away_m[..., 1]) - obstacles.half_m[:, 0]
        across = np.abs(cos * away_m[..., 1] - sin * away_m[..., 0]) - obstacles.half_m[:, 1]
        distance = np.hypot(np.maximum(along, 0.0), np.maximum(across, 0.0)) - obstacles.radius_m
        walls = HALF_WIDTH_M - np.abs(robot_m[:, 1])
        nearest: FloatArray = np.minimum(distance.min(axis=1), walls) - ROBOT_RADIUS_M
        return nearest

    def ranges_m(self, rays: NDArray[np.intp] | None = None) -> FloatArray:
        """Return the true ranges of rays, m, at most `REACH_M`.

        Args:
            rays: numbers of the rays; None: all.
        """
        angles = self._angles if rays is None else self._angles[rays]
        angles = angles + self.yaw_rad
        directions = np.zeros((angles.size, 3))
        directions[:, 0], directions[:, 1] = np.cos(angles), np.sin(angles)
        range_m = np.empty(angles.size)
        if angles.size:
            mujoco.mj_multiRay(
                self.model,
                self.data,
                np.array([self.x_m, self.y_m, LIDAR_HEIGHT_M]),
                directions.ravel(),
                self._groups,
                True,
                self._robot_body,
                np.empty(angles.size, np.int32),
                range_m,
                None,
                angles.size,
                REACH_M,
            )
        range_m[(range_m < 0.0) | (range_m > REACH_M)] = REACH_M
        return range_m

    def _place(self) -> None:
        """Move the bodies of MuJoCo to the current poses."""
        data: Any = self.data
        half_turn = 0.5 * self.yaw_rad
        data.mocap_pos[self._robot] = self.x_m, self.y_m, 0.0
        data.mocap_quat[self._robot] = math.cos(half_turn), 0.0, 0.0, math.sin(half_turn)
        if self._movers:
            data.mocap_pos[self._movers, :2] = self.mover_m
        mujoco.mj_kinematics(self.model, self.data)
