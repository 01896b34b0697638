"""Channels of the blimp on the bus; the range comes last, as the simulator sends it."""

from __future__ import annotations

from snn_control.loops.blimp import channels as blimp
from snn_control.ros.faults.channel import BusChannel

__all__ = ["CHANNELS"]

CHANNELS = (
    BusChannel(blimp.HEIGHT_SET_POINT, "std_msgs/msg/Float64", ("data",), "m", "latched"),
    BusChannel(blimp.BATTERY, "sensor_msgs/msg/BatteryState", ("voltage",), "V", "sensor"),
    BusChannel(blimp.PRESSURE, "sensor_msgs/msg/FluidPressure", ("fluid_pressure",), "Pa",
               "sensor"),
    BusChannel(blimp.IMU, "sensor_msgs/msg/Imu", ("linear_acceleration.z",), "m/s^2", "sensor"),
    BusChannel(blimp.RANGE, "sensor_msgs/msg/Range", ("range",), "m", "sensor", trigger=True),
    BusChannel(blimp.MOTOR_COMMAND, "std_msgs/msg/Float64", ("data",), "motor units", "command"),
)  # fmt: skip
"""Channels, in the order of their subscriptions."""
