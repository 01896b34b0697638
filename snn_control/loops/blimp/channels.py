"""Streams of the blimp that faults can be injected into, in simulation and on the bus."""

from __future__ import annotations

from snn_control.supervision.faults import Channel

__all__ = ["BATTERY", "HEIGHT_SET_POINT", "IMU", "MOTOR_COMMAND", "PRESSURE", "RANGE"]

HEIGHT_SET_POINT = Channel("height_set_point", 0.0, 12.0)
"""Reference height, m."""
BATTERY = Channel("battery", 0.0, 20.0)
"""Voltage, V."""
PRESSURE = Channel("pressure", 30e3, 110e3)
"""Pressure, Pa; the range is that of common barometers."""
IMU = Channel("imu", -39.2266, 39.2266)
"""Vertical specific force, which includes gravity, m/s^2; the range is 4 g."""
RANGE = Channel("range", 0.0, 12.0)
"""Lidar reading, m."""
MOTOR_COMMAND = Channel("motor_command", -10.0, 10.0, rest=0.0)
"""Motor command, motor units."""
