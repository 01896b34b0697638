"""World of a route in MuJoCo, with its camera."""

from __future__ import annotations

import functools
import math
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from snn_control.copies import CopiedWithViews
from snn_control.envs.mujoco_data import data_of
from snn_control.envs.mujoco_log import log_warnings
from snn_control.envs.renderer import make_renderer, require_same_process
from snn_control.envs.route.conditions import Conditions
from snn_control.envs.route.mjcf import route_mjcf
from snn_control.envs.route.path import draw_path
from snn_control.envs.route.scenery import draw_scenery
from snn_control.errors import MissingExtraError

log_warnings()

CAMERA_HEIGHT_M = 1.5
SUPERSAMPLING = 2
"""Rendered pixels per image pixel along each axis; avoids flicker of thin objects."""
SMALLEST_PX = 1.6
"""Apparent size below which objects are hidden, rendered pixels."""


class RouteBody(CopiedWithViews):
    """World and camera under fixed conditions.

    Args:
        route_seed: seed of the world, at least 0.
        length_m: length of the route, m.
        conditions: appearance of the world and viewpoint of the camera.

    Raises:
        ParameterError: seed or length out of range.
    """

    def __init__(self, route_seed: int, length_m: float, conditions: Conditions) -> None:
        self.path, self.conditions = draw_path(route_seed, length_m), conditions
        document = route_mjcf(self.path, draw_scenery(self.path, route_seed), conditions)
        self.model = mujoco.MjModel.from_xml_string(document)
        self.data = mujoco.MjData(self.model)
        self._objects = np.array(
            [
                self.model.geom_bodyid[k] == 0
                and self.model.geom_type[k] != mujoco.mjtGeom.mjGEOM_PLANE
                for k in range(self.model.ngeom)
            ]
        )
        mujoco.mj_kinematics(self.model, self.data)
        self._positions = self.data.geom_xpos[self._objects].copy()
        boxes = self.model.geom_type[self._objects] == mujoco.mjtGeom.mjGEOM_BOX
        self._flat = boxes & (self.model.geom_size[self._objects, 2] < 0.04)
        self._radii = self.model.geom_rbound[self._objects].copy()
        self._renderers: dict[tuple[int, int], mujoco.Renderer] = {}

    def _bind(self) -> None:
        self.data = data_of(self.model, self.data)

    def place(self, arc_m: float) -> None:
        """Move the camera to an arc length of the route, with the offsets of the conditions."""
        offset = self.conditions
        x_m, y_m, heading = self.path.pose(arc_m, offset.lateral_m)
        half_turn = 0.5 * (heading + offset.yaw_rad)
        self.data.mocap_pos[0] = x_m, y_m, CAMERA_HEIGHT_M + offset.height_m
        self.data.mocap_quat[0] = math.cos(half_turn), 0.0, 0.0, math.sin(half_turn)

    def grey(self, width: int, height: int) -> NDArray[np.uint8]:
        """Return the camera image: BT.601 luma, mean of 2 x 2 rendered pixels, (height, width).

        Raises:
            MissingExtraError: no off-screen renderer is available.
        """
        factor = SUPERSAMPLING
        rendered = self.draw("front", factor * width, factor * height).astype(np.uint32)
        luma = rendered[..., 0] * 299 + rendered[..., 1] * 587 + rendered[..., 2] * 114
        pooled = luma.reshape(height, factor, width, factor).sum(axis=(1, 3))
        grey: NDArray[np.uint8] = (pooled // (1000 * factor * factor)).astype(np.uint8)
        return grey

    def draw(self, camera: str, width: int, height: int) -> NDArray[np.uint8]:
        """Return the colour image of camera `front`, `chase` or `above`, shape (height, width, 3).

        Raises:
            MissingExtraError: no off-screen renderer is available.
            RunError: this process was forked from one that had drawn.
        """
        require_same_process()
        renderer = self._renderer(width, height)
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_camlight(self.model, self.data)
        self._hide_invisible(self.data.camera(camera), width, height)
        renderer.update_scene(self.data, camera)
        renderer.scene.flags[mujoco.mjtRndFlag.mjRND_FOG] = True
        renderer.scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = False
        renderer.scene.flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = False
        return renderer.render()

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_renderers": {}}  # a copy makes its own

    def close(self) -> None:
        """Free the renderers."""
        for renderer in self._renderers.values():
            renderer.close()
        self._renderers = {}

    def _hide_invisible(self, camera: Any, width: int, height: int) -> None:
        """Hide objects outside the view; rendering time grows with the number of vertices."""
        right, up, back = camera.xmat.reshape(3, 3).T
        away = self._positions - camera.xpos
        depth, aside, above = -away @ back, np.abs(away @ right), np.abs(away @ up)
        view = math.radians(float(self.model.cam_fovy[camera.id]))
        half, smallest = math.tan(0.5 * view), 0.5 * SMALLEST_PX * view / height
        # Road and fields are flat: their apparent size follows from the camera's height.
        apparent = np.where(self._flat, 0.5 * camera.xpos[2], self._radii)
        reach, radii = np.maximum(depth, 0.0), 1.4 * self._radii
        visible = (
            (depth > -self._radii)
            & (depth < self.conditions.visibility_m + self._radii)
            & (aside < width / height * half * reach + radii)
            & (above < half * reach + radii)
            & (apparent > smallest * depth)
        )
        self.model.geom_rgba[self._objects, 3] = visible

    def _renderer(self, width: int, height: int) -> mujoco.Renderer:
        key = (width, height)
        if key not in self._renderers:
            settings = self.model.vis.global_
            settings.offwidth, settings.offheight = width, height
            self._renderers[key] = make_renderer(self.model, width, height)
        return self._renderers[key]


@functools.cache
def can_draw() -> bool:
    """Return True if an off-screen renderer can be started."""
    try:
        make_renderer(mujoco.MjModel.from_xml_string("<mujoco/>"), 16, 16).close()
    except MissingExtraError:
        return False
    return True
