"""Messages of each channel without values, for tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

N_JOINTS, N_RAYS = 3, 72


def _trajectory() -> Any:
    from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

    return JointTrajectory(points=[JointTrajectoryPoint(effort=[0.0] * N_JOINTS)])


def _made(package: str, name: str, **fields: Any) -> Callable[[], Any]:
    def make() -> Any:
        return getattr(__import__(f"{package}.msg", fromlist=[name]), name)(**fields)

    return make


EMPTY: dict[str, Callable[[], Any]] = {
    "height_set_point": _made("std_msgs", "Float64"),
    "battery": _made("sensor_msgs", "BatteryState"),
    "pressure": _made("sensor_msgs", "FluidPressure"),
    "imu": _made("sensor_msgs", "Imu"),
    "range": _made("sensor_msgs", "Range"),
    "motor_command": _made("std_msgs", "Float64"),
    "cmd_vel": _made("geometry_msgs", "Twist"),
    "odometry": _made("nav_msgs", "Odometry"),
    "joint_states": _made("sensor_msgs", "JointState", position=[0.0] * N_JOINTS),
    "joint_efforts": _made("std_msgs", "Float64MultiArray", data=[0.0] * N_JOINTS),
    "joint_trajectory": _trajectory,
    "odom": _made("nav_msgs", "Odometry"),
    "scan": _made("sensor_msgs", "LaserScan", ranges=[0.0] * N_RAYS),
}
"""Function that makes an empty message, by channel."""
