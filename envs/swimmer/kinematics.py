"""Velocities of a swimmer's links from its joint coordinates, compiled.

The values equal those of velocimeter and gyro at the centre of each link, without `mj_forward`.
Coordinates are (x, y, turn, joint_0, ...) with the root's hinge and slides at the nose.
"""

from __future__ import annotations

from math import cos, sin
from typing import Any

from snn_control.compiled import kernel
from snn_control.envs.swimmer.mjcf import LINK_M

Array = Any
HALF_LINK_M = 0.5 * LINK_M


@kernel(nogil=True)
def forward_speed(qpos: Array, qvel: Array) -> float:
    """Return the speed of the head's centre towards its nose (-y of the head), m/s."""
    return sin(qpos[2]) * qvel[0] - cos(qpos[2]) * qvel[1]


@kernel(nogil=True)
def link_velocities(qpos: Array, qvel: Array, out: Array) -> None:
    """Write (vx m/s, vy m/s, turning rad/s) of each link's centre in its own frame to `out`.

    Args:
        qpos: coordinates, shape (n_links + 2,).
        qvel: velocities of the coordinates, shape (n_links + 2,).
        out: result, shape (3 * n_links,).
    """
    # Velocity of the link's front end in the link's frame; the front end of the head is the nose.
    turning = qvel[2]
    vx = cos(qpos[2]) * qvel[0] + sin(qpos[2]) * qvel[1]
    vy = -sin(qpos[2]) * qvel[0] + cos(qpos[2]) * qvel[1]
    out[0], out[1], out[2] = vx - HALF_LINK_M * turning, vy, turning
    # The next link's hinge is at this link's rear end (+y).
    vx -= 2.0 * HALF_LINK_M * turning
    for k in range(1, out.size // 3):
        c, s = cos(qpos[k + 2]), sin(qpos[k + 2])
        vx, vy = c * vx + s * vy, c * vy - s * vx
        turning += qvel[k + 2]
        out[3 * k], out[3 * k + 1], out[3 * k + 2] = vx - HALF_LINK_M * turning, vy, turning
        vx -= 2.0 * HALF_LINK_M * turning
