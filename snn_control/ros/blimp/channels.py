"""Channels of the blimp on the bus; the range comes last, as the simulator sends it."""

from __future__ import annotations

from snn_control.ros.faults.channel import BusChannel
from snn_control.supervision.faults import Channel

__all__ = ["CHANNELS"]

CHANNELS = (
    BusChannel(Channel("height_set_point", 0.0, 12.0), "std_msgs/msg/Float64", ("data",), "m",
               "latched"),
    BusChannel(Channel("battery", 0.0, 20.0), "sensor_msgs/msg/BatteryState", ("voltage",), "V",
               "sensor"),
    BusChannel(Channel("pressure", 30e3, 110e3), "sensor_msgs/msg/FluidPressure",
               ("fluid_pressure",), "Pa", "sensor"),
    BusChannel(Channel("imu", -39.2266, 39.2266), "sensor_msgs/msg/Imu",
               ("linear_acceleration.z",), "m/s^2", "sensor"),
    BusChannel(Channel("range", 0.0, 12.0), "sensor_msgs/msg/Range", ("range",), "m", "sensor",
               trigger=True),
    BusChannel(Channel("motor_command", -10.0, 10.0, rest=0.0), "std_msgs/msg/Float64", ("data",),
               "motor units", "command"),
)  # fmt: skip
"""Channels; the IMU has a range of 4 g, the barometer that of common sensors."""
