"""Channels of the swimmer on the bus."""

from __future__ import annotations

import math

from snn_control.ros.faults.channel import BusChannel
from snn_control.supervision.faults import Channel

__all__ = ["CHANNELS"]

CHANNELS = (
    BusChannel(Channel("cmd_vel", -1.0, 1.0), "geometry_msgs/msg/Twist",
               ("linear.x", "angular.z"), "m/s, rad/s", "command"),
    BusChannel(Channel("joint_states", -math.pi, math.pi), "sensor_msgs/msg/JointState",
               ("position",), "rad", "sensor", trigger=True),
    BusChannel(Channel("joint_efforts", -1.0, 1.0, rest=0.0), "std_msgs/msg/Float64MultiArray",
               ("data",), "N m, or fraction", "command"),
    BusChannel(Channel("joint_trajectory", -1.0, 1.0, rest=0.0),
               "trajectory_msgs/msg/JointTrajectory", ("points.0.effort",), "N m, or fraction",
               "command"),
)  # fmt: skip
"""Channels; the ranges of efforts are those of fractions, `effort_scale` 1."""
