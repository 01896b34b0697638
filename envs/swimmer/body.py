"""Swimmer in MuJoCo with named read-outs."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from snn_control.compiled import kernel
from snn_control.copies import CopiedWithViews
from snn_control.envs.mujoco_data import data_of
from snn_control.envs.mujoco_step import mj_step
from snn_control.envs.swimmer.damage import Damage
from snn_control.envs.swimmer.kinematics import forward_speed, link_velocities
from snn_control.envs.swimmer.mjcf import (
    FLUID_DENSITY,
    PHYSICS_STEP_S,
    joint_limit_rad,
    swimmer_mjcf,
)
from snn_control.envs.swimmer.start import Start

FloatArray = NDArray[np.float64]

SUBSTEPS = 15
CONTROL_PERIOD_S = SUBSTEPS * PHYSICS_STEP_S
ROOT = 3
"""Number of root coordinates, which precede those of the joints."""
LOCKED_DAMPING = 10.0
"""Damping of a locked joint, N m s/rad: full effort turns it by less than 0.1 degrees in 30 s."""


def swimmer_model(
    n_links: int, damage: Damage | None = None, *, physics_only: bool = False
) -> mujoco.MjModel:
    """Compile the model of a body with its damage; sensor errors belong to `Start`.

    The model's sensors are disabled: `kinematics` computes the same values at a tenth of the cost.
    A model with `physics_only` moves identically and cannot be rendered.

    Raises:
        ParameterError: n_links out of range, or damage of a joint or muscle that does not exist.
    """
    damage = damage or Damage()
    document = swimmer_mjcf(
        n_links,
        density_kg_m3=FLUID_DENSITY * damage.density_scale,
        viscosity_pa_s=damage.viscosity_pa_s,
        physics_only=physics_only,
    )
    efforts = damage.efforts(n_links - 1)
    model = mujoco.MjModel.from_xml_string(document)
    model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_SENSOR
    model.actuator_ctrlrange[:] = efforts
    for joint in damage.locked_joints:
        model.dof_damping[ROOT + joint] = LOCKED_DAMPING
    return model


class SwimmerBody(CopiedWithViews):
    """MuJoCo model and data of one swimmer, with named read-outs.

    Args:
        n_links: number of links, 3 to 30.
        damage: damage of body and sensors.
    """

    def __init__(self, n_links: int = 6, damage: Damage | None = None) -> None:
        self.model = swimmer_model(n_links, damage)
        self.data = mujoco.MjData(self.model)
        self.n_links, self.n_joints = n_links, n_links - 1
        self.limit_rad = joint_limit_rad(n_links)
        self._velocities = np.zeros(3 * n_links)
        self._bind()

    def _bind(self) -> None:
        self.data = data_of(self.model, self.data)
        self._qpos, self._qvel, self._control = self.data.qpos, self.data.qvel, self.data.ctrl

    def reset(self, start: Start) -> None:
        """Reset the body to its start, at rest.

        Raises:
            ParameterError: the start has another number of joints.
        """
        start.check_joints(self.n_joints)
        mujoco.mj_resetData(self.model, self.data)
        self._qpos[2], self._qpos[ROOT:] = start.turn_rad, start.joint_rad

    def advance(self, effort: FloatArray) -> None:
        """Hold efforts, shape (n_joints,), for a control period of 0.03 s; clipped to [-1, 1]."""
        _advance(self.model._address, self.data._address, self._control, effort, SUBSTEPS)

    @property
    def joint_rad(self) -> FloatArray:
        """Joint angles, rad, shape (n_joints,), as a view."""
        return self._qpos[ROOT:]

    @property
    def forward_speed_m_s(self) -> float:
        """Speed of the head towards its nose, m/s."""
        return forward_speed(self._qpos, self._qvel)

    @property
    def link_velocities(self) -> FloatArray:
        """(vx m/s, vy m/s, turning rad/s) of each link in its frame, (3 n_links,), as a view."""
        link_velocities(self._qpos, self._qvel, self._velocities)
        return self._velocities

    @property
    def position_m(self) -> FloatArray:
        """Position of the nose, m, shape (2,)."""
        return self._qpos[:2].copy()


@kernel()
def _advance(model: int, data: int, control: Any, effort: Any, substeps: int) -> None:
    for k in range(effort.size):  # MuJoCo replaces huge efforts by 0 instead of clipping them
        control[k] = min(max(effort[k], -1.0), 1.0)
    for _ in range(substeps):
        mj_step(model, data)
