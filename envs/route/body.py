"""The world of a route in MuJoCo, and the camera that is put into it."""

from __future__ import annotations

import functools
import math
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from snn_control.envs.route.conditions import Conditions
from snn_control.envs.route.mjcf import route_mjcf
from snn_control.envs.route.path import draw_path
from snn_control.envs.route.scenery import draw_scenery
from snn_control.errors import MissingExtraError

CAMERA_HEIGHT_M = 1.5
SUPERSAMPLING = 2
"""Pixels drawn for one of an image, each way: without it thin things flicker."""
SMALLEST_PX = 1.6
"""Things that look smaller across than this, in drawn pixels, are left out."""


class RouteBody:
    """World and camera under given conditions.

    Args:
        route_seed: of the world, at least 0.
        length_m: of the route.
        conditions: how it looks and where the camera is held.

    Raises:
        ParameterError: seed or length out of range.
    """

    def __init__(self, route_seed: int, length_m: float, conditions: Conditions) -> None:
        self.path, self.conditions = draw_path(route_seed, length_m), conditions
        document = route_mjcf(self.path, draw_scenery(self.path, route_seed), conditions)
        self.model = mujoco.MjModel.from_xml_string(document)
        self.data = mujoco.MjData(self.model)
        self._things = np.array(
            [
                self.model.geom_bodyid[k] == 0
                and self.model.geom_type[k] != mujoco.mjtGeom.mjGEOM_PLANE
                for k in range(self.model.ngeom)
            ]
        )
        mujoco.mj_kinematics(self.model, self.data)
        self._positions = self.data.geom_xpos[self._things].copy()
        boxes = self.model.geom_type[self._things] == mujoco.mjtGeom.mjGEOM_BOX
        self._flat = boxes & (self.model.geom_size[self._things, 2] < 0.04)
        self._radii = self.model.geom_rbound[self._things].copy()
        self._renderers: dict[tuple[int, int], mujoco.Renderer] = {}

    def place(self, arc_m: float) -> None:
        """Put the camera where it is held at an arc length of the route."""
        held = self.conditions
        x_m, y_m, heading = self.path.pose(arc_m, held.lateral_m)
        half_turn = 0.5 * (heading + held.yaw_rad)
        self.data.mocap_pos[0] = x_m, y_m, CAMERA_HEIGHT_M + held.height_m
        self.data.mocap_quat[0] = math.cos(half_turn), 0.0, 0.0, math.sin(half_turn)

    def grey(self, width: int, height: int) -> NDArray[np.uint8]:
        """Return what the camera sees: luma of BT.601, mean of 2 x 2 drawn pixels, (height, width).

        Raises:
            MissingExtraError: nothing can be drawn here.
        """
        times = SUPERSAMPLING
        drawn = self.draw("front", times * width, times * height).astype(np.uint32)
        luma = drawn[..., 0] * 299 + drawn[..., 1] * 587 + drawn[..., 2] * 114
        pooled = luma.reshape(height, times, width, times).sum(axis=(1, 3))
        found: NDArray[np.uint8] = (pooled // (1000 * times * times)).astype(np.uint8)
        return found

    def draw(self, camera: str, width: int, height: int) -> NDArray[np.uint8]:
        """Return what `front`, `chase` or `above` sees, shape (height, width, 3).

        Raises:
            MissingExtraError: nothing can be drawn here.
        """
        renderer = self._renderer(width, height)
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_camlight(self.model, self.data)
        self._leave_out(self.data.camera(camera), width, height)
        renderer.update_scene(self.data, camera)
        renderer.scene.flags[mujoco.mjtRndFlag.mjRND_FOG] = True
        renderer.scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = False
        renderer.scene.flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = False
        return renderer.render()

    def close(self) -> None:
        """Free the renderers."""
        for renderer in self._renderers.values():
            renderer.close()
        self._renderers = {}

    def _leave_out(self, camera: Any, width: int, height: int) -> None:
        """Make invisible what the camera does not see; drawing takes time by the corner."""
        right, up, back = camera.xmat.reshape(3, 3).T
        away = self._positions - camera.xpos
        depth, aside, above = -away @ back, np.abs(away @ right), np.abs(away @ up)
        view = math.radians(float(self.model.cam_fovy[camera.id]))
        half, smallest = math.tan(0.5 * view), 0.5 * SMALLEST_PX * view / height
        # Road and fields are not thicker than their distance to the horizon.
        apparent = np.where(self._flat, 0.5 * camera.xpos[2], self._radii)
        reach, radii = np.maximum(depth, 0.0), 1.4 * self._radii
        seen = (
            (depth > -self._radii)
            & (depth < self.conditions.visibility_m + self._radii)
            & (aside < width / height * half * reach + radii)
            & (above < half * reach + radii)
            & (apparent > smallest * depth)
        )
        self.model.geom_rgba[self._things, 3] = seen

    def _renderer(self, width: int, height: int) -> mujoco.Renderer:
        key = (width, height)
        if key not in self._renderers:
            whole = self.model.vis.global_
            whole.offwidth, whole.offheight = width, height
            self._renderers[key] = _make_renderer(self.model, width, height)
        return self._renderers[key]


def _make_renderer(model: mujoco.MjModel, width: int, height: int) -> mujoco.Renderer:
    try:
        return mujoco.Renderer(model, height, width)
    except Exception as exc:  # a driver may fail with anything
        raise MissingExtraError(
            f"nothing can be drawn here ({exc}); without a display install EGL (Debian: apt "
            "install libegl1 libgl1-mesa-dri) and let MUJOCO_GL=egl, or MUJOCO_GL=osmesa where "
            "OSMesa is installed"
        ) from exc


@functools.cache
def can_draw() -> bool:
    """Whether there is an off-screen renderer here, found out by starting one."""
    try:
        _make_renderer(mujoco.MjModel.from_xml_string("<mujoco/>"), 16, 16).close()
    except MissingExtraError:
        return False
    return True
