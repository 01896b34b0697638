"""Class and parameters of the node `corridor_simulator`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from geometry_msgs.msg import Twist
from nav_msgs.msg import Odometry
from sensor_msgs.msg import LaserScan
from std_msgs.msg import UInt8MultiArray

from snn_control.envs.corridor.body import MAX_SPEED_M_S, MAX_TURN_RATE_RAD_S, REACH_M
from snn_control.envs.corridor.robot import CorridorRobot, Measurement
from snn_control.envs.corridor.scenario import (
    CONTROL_PERIOD_S,
    N_RAYS,
    PHYSICS_STEP_S,
    Errors,
    draw_scenario,
)
from snn_control.envs.corridor.worlds import WORLDS
from snn_control.errors import ParameterError, UnknownNameError
from snn_control.loops.field import parameter
from snn_control.loops.place.odometry import heading_quaternion
from snn_control.ros.base.interface import qos
from snn_control.ros.base.simulator_node import SimulatorConfig, SimulatorNode
from snn_control.ros.corridor.interfaces import SIMULATOR
from snn_control.runs import atomic


@dataclass(frozen=True)
class Config(SimulatorConfig):
    """Parameters of `corridor_simulator`.

    Raises:
        UnknownNameError: no such world.
    """

    duration_s: float = parameter(40.0, 1.0, 600.0)
    """Longest episode, s; it also ends at the goal line and in a collision."""
    world: str = parameter("static")
    """World: static, novel, moving or novel-moving."""
    range_noise_m: float = parameter(0.01, 0.0, 10.0)
    """Standard deviation of the noise of each range, m."""
    odometry_scale_sd: float = parameter(0.02, 0.0, 1.0)
    """Standard deviation of the relative error of distances, constant in an episode."""
    yaw_drift_sd_rad_s: float = parameter(0.01, 0.0, 10.0)
    """Standard deviation of the drift of the yaw, constant in an episode, rad/s."""
    command_timeout_s: float = parameter(0.4, 0.01, 3600.0)
    """Time without cmd_vel after which the robot stops, s."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.world not in WORLDS:
            raise UnknownNameError("world", self.world, WORLDS)

    @property
    def errors(self) -> Errors:
        """Errors of the sensors."""
        return Errors(self.range_noise_m, self.odometry_scale_sd, self.yaw_drift_sd_rad_s)


class CorridorSimulator(SimulatorNode[CorridorRobot]):
    """Simulator node that drives one episode."""

    config_type = Config
    interface = SIMULATOR
    physics_step_s = PHYSICS_STEP_S

    def __init__(self, **options: Any) -> None:
        super().__init__("corridor_simulator", **options)

    def make_robot(self, config: Config) -> CorridorRobot:
        """Return the robot at its start."""
        scenario = draw_scenario(config.world, config.seed, config.duration_s, config.errors)
        return CorridorRobot(scenario, config.command_timeout_s)

    def open_topics(self) -> tuple[Any, Any, list[Any]]:
        """Open the topics of scan, velocity, requests, odometry and ground truth."""
        self._scans = self.create_publisher(LaserScan, "scan", qos("sensor"))
        self._odometry = self.create_publisher(Odometry, "odom", qos("sensor"))
        self._truth = self.create_publisher(Odometry, "ground_truth", qos("sensor"))
        velocity = self.create_subscription(
            Twist, "cmd_vel", self.guarded(self._on_velocity), qos("command")
        )
        requests = self.create_subscription(
            UInt8MultiArray, "ray_request", self.guarded(self._on_request), qos("command")
        )
        return self._scans, velocity, [self._odometry, self._truth, requests]

    def publish(self, measurement: Measurement, stamp: Any) -> None:
        """Publish odometry, then the scan, and the ground truth."""
        velocity = measurement.speed_m_s, measurement.turn_rate_rad_s
        self._odometry.publish(odometry("odom", measurement.odometry, velocity, stamp))
        scan = LaserScan(
            angle_increment=2.0 * math.pi / N_RAYS,
            angle_max=2.0 * math.pi * (N_RAYS - 1) / N_RAYS,
            scan_time=CONTROL_PERIOD_S,
            range_max=REACH_M,
            ranges=measurement.range_m.tolist(),
        )
        scan.header.stamp, scan.header.frame_id = stamp, "laser"
        self._scans.publish(scan)
        self._truth.publish(odometry("map", measurement.pose, velocity, stamp))

    def write_episode(self, robot: CorridorRobot, path: Path) -> None:
        """Write `CorridorRobot.trace`, without pickles."""
        atomic.write_arrays(path, robot.trace() | {"finished": np.array(robot.finished)})

    def _on_velocity(self, message: Twist) -> None:
        self.catch_up()
        speed_m_s, turn_rad_s = message.linear.x, message.angular.z
        try:
            self._current().command(speed_m_s, turn_rad_s)
        except ParameterError as exc:
            self.refuse(exc)
            return
        if not 0.0 <= speed_m_s <= MAX_SPEED_M_S:
            self.report_limit(f"speed {speed_m_s:g} m/s", f"0 to {MAX_SPEED_M_S:g} m/s")
        if abs(turn_rad_s) > MAX_TURN_RATE_RAD_S:
            self.report_limit(f"turn rate {turn_rad_s:g} rad/s", f"{MAX_TURN_RATE_RAD_S:g} rad/s")

    def _on_request(self, message: UInt8MultiArray) -> None:
        self.catch_up()
        try:
            self._current().request(np.array(message.data, np.intp))
        except ParameterError as exc:
            self.refuse(exc)


def odometry(
    frame: str, pose: tuple[float, float, float], velocity: tuple[float, float], stamp: Any
) -> Odometry:
    """Return the message of a pose in a frame and of the velocity in that of the robot."""
    message = Odometry(child_frame_id="base_link")
    message.header.stamp, message.header.frame_id = stamp, frame
    at, turn = message.pose.pose.position, message.pose.pose.orientation
    at.x, at.y = pose[:2]
    turn.x, turn.y, turn.z, turn.w = heading_quaternion(pose[2])
    message.twist.twist.linear.x, message.twist.twist.angular.z = velocity
    return message
