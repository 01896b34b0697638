"""Streams of the swimmer that faults can be injected into, in simulation and on the bus."""

from __future__ import annotations

import math

from snn_control.supervision.faults import Channel

__all__ = ["CMD_VEL", "JOINT_EFFORTS", "JOINT_STATES", "JOINT_TRAJECTORY", "ODOMETRY"]

CMD_VEL = Channel("cmd_vel", -1.0, 1.0)
"""Forward velocity, m/s, and turning rate, rad/s."""
ODOMETRY = Channel("odometry", -1.0, 1.0)
"""Forward speed of the head, m/s."""
JOINT_STATES = Channel("joint_states", -math.pi, math.pi)
"""Joint angles, rad."""
JOINT_EFFORTS = Channel("joint_efforts", -1.0, 1.0, rest=0.0)
"""Efforts, fractions of the full effort."""
JOINT_TRAJECTORY = Channel("joint_trajectory", -1.0, 1.0, rest=0.0)
"""The same, in the messages of a trajectory."""
