"""Many swimmers in parallel on all cores.

`SwimmerPool` holds one body per thread for kernels that simulate whole episodes (`pool_reset`,
`pool_advance`). `SwimmerBatch` advances many bodies tick by tick, for policies that process many
observations at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import mujoco
import numba
import numpy as np
from numpy.typing import NDArray

from snn_control.addresses import array_at
from snn_control.compiled import kernel
from snn_control.copies import Copied, CopiedWithViews
from snn_control.envs.mujoco_data import data_of
from snn_control.envs.mujoco_step import mj_resetData, mj_step
from snn_control.envs.swimmer.body import ROOT, SUBSTEPS, swimmer_model
from snn_control.envs.swimmer.damage import Damage
from snn_control.envs.swimmer.kinematics import forward_speed, link_velocities
from snn_control.envs.swimmer.start import Start
from snn_control.errors import ParameterError

FloatArray = NDArray[np.float64]
Array = Any

MODEL, DATA, QPOS, QVEL, CONTROL = range(5)
"""Columns of the addresses of a pool."""
BODIES_PER_THREAD = 8
"""Minimum number of bodies per thread; with fewer, synchronisation costs more than the work."""


class SwimmerPool(CopiedWithViews):
    """Bodies of one model for use in kernels.

    Args:
        n_links: number of links, 3 to 30.
        n_bodies: number of bodies; None: one per thread.
        damage: damage of every body.

    Attributes:
        arrays: positions, velocities and controls of each body, as views.
        addresses: addresses of model, data and arrays of each body, shape (n_bodies, 5).
    """

    def __init__(
        self, n_links: int, n_bodies: int | None = None, damage: Damage | None = None
    ) -> None:
        self.n_links, self.n_joints, self.damage = n_links, n_links - 1, damage or Damage()
        self.model = swimmer_model(n_links, damage, physics_only=True)
        n_bodies = numba.get_num_threads() if n_bodies is None else n_bodies
        self._data = [mujoco.MjData(self.model) for _ in range(n_bodies)]
        self._bind()

    def _bind(self) -> None:
        self._data = [data_of(self.model, data) for data in self._data]
        self.arrays = [(data.qpos, data.qvel, data.ctrl) for data in self._data]
        self.addresses = np.array(
            [
                [self.model._address, data._address, *(array.ctypes.data for array in arrays)]
                for data, arrays in zip(self._data, self.arrays, strict=True)
            ],
            np.int64,
        )


@kernel(nogil=True)
def pool_reset(body: Array, joint_rad: Array, turn_rad: float) -> None:
    """Reset the body of one row of addresses to its start, at rest."""
    mj_resetData(body[MODEL], body[DATA])
    qpos = array_at(body[QPOS], ROOT + joint_rad.size, np.float64)
    qpos[2] = turn_rad
    qpos[ROOT:] = joint_rad


@kernel(nogil=True)
def joint_angles(body: Array, n_joints: int) -> Array:
    """Return the joint angles of a body, rad, shape (n_joints,), as a view."""
    return array_at(body[QPOS], ROOT + n_joints, np.float64)[ROOT:]


@kernel(nogil=True)
def nose_position(body: Array) -> Array:
    """Return the position of the nose of a body, m, shape (2,), as a view."""
    return array_at(body[QPOS], 2, np.float64)


@kernel(nogil=True)
def pool_advance(body: Array, effort: Array) -> float:
    """Hold efforts for a control period; return the forward speed of the head, m/s."""
    n = effort.size
    control = array_at(body[CONTROL], n, np.float64)
    control[:] = effort
    for _ in range(SUBSTEPS):
        mj_step(body[MODEL], body[DATA])
    qpos = array_at(body[QPOS], n + ROOT, np.float64)
    return forward_speed(qpos, array_at(body[QVEL], n + ROOT, np.float64))


class SwimmerBatch(Copied):
    """Swimmers that advance in lockstep.

    Args:
        n_links: number of links, 3 to 30.
        n_bodies: number of bodies, at least 1.
        damage: damage of every body.

    Attributes:
        joint_rad: measured angles, rad, shape (n_bodies, n_joints).
        link_velocities: (vx m/s, vy m/s, turning rad/s) of each link in its frame, shape
            (n_bodies, 3 n_links).
        forward_speed_m_s: forward speed of the heads, m/s, shape (n_bodies,).
    """

    def __init__(self, n_links: int, n_bodies: int, damage: Damage | None = None) -> None:
        if n_bodies < 1:
            raise ParameterError(f"n_bodies is {n_bodies}; expected at least 1")
        self.pool, self.n_bodies = SwimmerPool(n_links, n_bodies, damage), n_bodies
        self.joint_rad = np.zeros((n_bodies, n_links - 1))
        self.link_velocities = np.zeros((n_bodies, 3 * n_links))
        self.forward_speed_m_s = np.zeros(n_bodies)
        self._errors = [np.zeros((1, 0))] * n_bodies
        self._ticks = np.zeros(n_bodies, np.int64)

    @property
    def position_m(self) -> FloatArray:
        """Positions of the noses, m, shape (n_bodies, 2)."""
        return np.stack([qpos[:2] for qpos, _, _ in self.pool.arrays])

    def reset(self, starts: Sequence[Start], bodies: Sequence[int] | None = None) -> None:
        """Reset all bodies, or those of the indices `bodies`, to their starts.

        Raises:
            ParameterError: the number of starts differs, or a start belongs to another body.
        """
        bodies = range(self.n_bodies) if bodies is None else bodies
        if len(starts) != len(bodies):
            raise ParameterError(f"{len(starts)} starts for {len(bodies)} bodies; pass one each")
        for k, start in zip(bodies, starts, strict=True):
            start.check_joints(self.pool.n_joints)
            pool_reset(self.pool.addresses[k], start.joint_rad, start.turn_rad)
            self._errors[k], self._ticks[k] = start.sensor_error_rad, 0
            self.joint_rad[k], self.link_velocities[k] = start.joint_rad, 0.0
            self.forward_speed_m_s[k] = 0.0
            self._add_sensor_error(k)

    def step(self, effort: FloatArray) -> None:
        """Hold efforts, shape (n_bodies, n_joints), for a control period; clipped to [-1, 1].

        Raises:
            ParameterError: another shape, or not finite; no body moves.
        """
        if effort.shape != self.joint_rad.shape:
            raise ParameterError(f"efforts are {effort.shape}; expected {self.joint_rad.shape}")
        if not np.isfinite(effort).all():
            body = int(np.flatnonzero(~np.isfinite(effort).all(axis=1))[0])
            raise ParameterError(f"efforts of body {body} are {effort[body]}; expected finite ones")
        before = numba.get_num_threads()
        numba.set_num_threads(min(before, math.ceil(self.n_bodies / BODIES_PER_THREAD)))
        try:
            _step(
                self.pool.addresses, np.clip(effort, -1.0, 1.0, dtype=np.float64), self.joint_rad,
                self.link_velocities, self.forward_speed_m_s,
            )  # fmt: skip
        finally:
            numba.set_num_threads(before)
        self._ticks += 1
        for k in range(self.n_bodies):
            self._add_sensor_error(k)

    def _add_sensor_error(self, k: int) -> None:
        errors = self._errors[k]
        if errors.size:
            self.joint_rad[k] += errors[min(int(self._ticks[k]), len(errors) - 1)]


@kernel(parallel=True, nogil=True)
def _step(
    addresses: Array, effort: Array, joint_rad: Array, velocities: Array, speeds: Array
) -> None:
    n = effort.shape[1]
    for index in numba.prange(effort.shape[0]):
        k = np.int64(index)
        speeds[k] = pool_advance(addresses[k], effort[k])
        qpos = array_at(addresses[k, QPOS], n + ROOT, np.float64)
        joint_rad[k] = qpos[ROOT:]
        link_velocities(qpos, array_at(addresses[k, QVEL], n + ROOT, np.float64), velocities[k])
