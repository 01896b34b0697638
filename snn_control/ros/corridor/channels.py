"""Channels of the corridor robot on the bus; the scan comes last of its sensors, after the odom."""

from __future__ import annotations

from snn_control.loops.corridor import channels as corridor
from snn_control.ros.faults.channel import BusChannel

__all__ = ["CHANNELS"]

CHANNELS = (
    BusChannel(corridor.ODOM, "nav_msgs/msg/Odometry",
               ("pose.pose.position.x", "pose.pose.position.y", "pose.pose.orientation.z",
                "pose.pose.orientation.w"), "m, 1", "sensor"),
    BusChannel(corridor.SCAN, "sensor_msgs/msg/LaserScan", ("ranges",), "m", "sensor",
               trigger=True),
    BusChannel(corridor.CMD_VEL, "geometry_msgs/msg/Twist", ("linear.x", "angular.z"),
               "m/s, rad/s", "command"),
)  # fmt: skip
"""Channels, in the order of their subscriptions."""
