"""Channels of the swimmer on the bus; ranges of efforts hold for `effort_scale` 1."""

from __future__ import annotations

from snn_control.loops.swimmer import channels as swimmer
from snn_control.ros.faults.channel import BusChannel

__all__ = ["CHANNELS"]

CHANNELS = (
    BusChannel(swimmer.CMD_VEL, "geometry_msgs/msg/Twist", ("linear.x", "angular.z"), "m/s, rad/s",
               "command"),
    BusChannel(swimmer.ODOMETRY, "nav_msgs/msg/Odometry", ("twist.twist.linear.x",), "m/s",
               "sensor"),
    BusChannel(swimmer.JOINT_STATES, "sensor_msgs/msg/JointState", ("position",), "rad", "sensor",
               trigger=True),
    BusChannel(swimmer.JOINT_EFFORTS, "std_msgs/msg/Float64MultiArray", ("data",),
               "N m, or fraction", "command"),
    BusChannel(swimmer.JOINT_TRAJECTORY, "trajectory_msgs/msg/JointTrajectory",
               ("points.0.effort",), "N m, or fraction", "command"),
)  # fmt: skip
"""Channels, in the order of their subscriptions."""
