"""Streams of the corridor robot that faults can be injected into, in simulation and on the bus."""

from __future__ import annotations

from snn_control.loops.corridor.rays import REACH_M
from snn_control.supervision.faults import Channel

__all__ = ["CMD_VEL", "ODOM", "SCAN"]

ODOM = Channel("odom", -25.0, 25.0)
"""Position, m, and the entries z and w of the heading's quaternion, whose length has no effect."""
SCAN = Channel("scan", 0.0, REACH_M)
"""Ranges of the rays, m; infinity: no return, NaN: not fired."""
CMD_VEL = Channel("cmd_vel", -2.0, 2.0, rest=0.0)
"""Speed, m/s, and turn rate, rad/s."""
