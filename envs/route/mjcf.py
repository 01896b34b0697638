"""MJCF document of a route's world under fixed conditions."""

from __future__ import annotations

from math import cos, degrees, sin

from snn_control.envs.route.conditions import Conditions
from snn_control.envs.route.palette import GROUND, MATERIALS, WARM, coloured
from snn_control.envs.route.path import RoutePath
from snn_control.envs.route.roadside import Part

FAR_M = 320.0
"""Far clipping distance of the renderer, m."""
FIELD_OF_VIEW_RAD = 0.90
"""Vertical field of view of the camera, rad."""
_MESHES = {
    "cone": (
        "1 0 0  .7 .7 0  0 1 0  -.7 .7 0  -1 0 0  -.7 -.7 0  0 -1 0  .7 -.7 0  0 0 1",
        "0 1 8  1 2 8  2 3 8  3 4 8  4 5 8  5 6 8  6 7 8  7 0 8"
        "  0 2 1  0 3 2  0 4 3  0 5 4  0 6 5  0 7 6",
    ),
    "roof": (
        "-1 -1 0  1 -1 0  1 1 0  -1 1 0  -1 0 1  1 0 1",
        "0 1 5  0 5 4  2 3 4  2 4 5  1 2 5  3 0 4  0 3 2  0 2 1",
    ),
}
"""Vertices and triangles of the unit meshes."""


def route_mjcf(path: RoutePath, parts: list[Part], conditions: Conditions) -> str:
    """Return the MJCF document of the objects made of `parts` along `path`.

    The camera's body is `carrier` (mocap) with the cameras `front`, `chase` and `above`; geoms are
    `part_0`, `part_1`, ... in the order of `parts`.
    """
    meshes: dict[str, str] = {}
    geoms = "".join(_geom(k, part, conditions, meshes) for k, part in enumerate(parts))
    elevation, azimuth = conditions.sun_elevation_rad, conditions.sun_azimuth_rad
    down = (-cos(elevation) * cos(azimuth), -cos(elevation) * sin(azimuth), -sin(elevation))
    low, high = path.position_m.min(axis=0), path.position_m.max(axis=0)
    # An infinite plane takes MuJoCo twice the time of all other geoms.
    (x_m, y_m), half_m = 0.5 * (low + high), 0.5 * float((high - low).max()) + FAR_M
    horizon, lamp = _text(conditions.horizon_rgb), conditions.lamp
    view = degrees(FIELD_OF_VIEW_RAD)  # `fovy` is in degrees, independent of `compiler angle`
    ground = _text(coloured("ground", GROUND, conditions.season))
    return f"""<mujoco model="route">
  <compiler angle="radian"/>
  <statistic extent="100" center="0 0 0"/>
  <visual>
    <headlight ambient="{_text(conditions.ambient_rgb)}" diffuse="{lamp} {lamp} {lamp}"
      specular="0 0 0"/>
    <map znear="0.003" zfar="{FAR_M / 100.0}" fogstart="0"
      fogend="{conditions.visibility_m / 100.0}"/>
    <rgba fog="{horizon} 1" haze="{horizon} 1"/>
    <quality offsamples="0" shadowsize="0" numslices="8" numstacks="6" numquads="1"/>
  </visual>
  <asset>
    <texture name="sky" type="skybox" builtin="gradient" rgb1="{_text(conditions.sky_rgb)}"
      rgb2="{horizon}" width="64" height="384"/>
    <texture name="grass" type="2d" builtin="flat" rgb1="1 1 1" mark="random" markrgb=".7 .72 .66"
      random="0.12" width="128" height="128"/>
    <texture name="speckle" type="cube" builtin="flat" rgb1="1 1 1" mark="random"
      markrgb=".62 .64 .6" random="0.3" width="16" height="96"/>
    <material name="plain" specular="0"/>
    <material name="rough" specular="0" texture="speckle"/>
    <material name="ground" specular="0" texture="grass" texrepeat="0.08 0.08" texuniform="true"/>
    <material name="glow" specular="0" emission="{conditions.windows}"/>
    {"".join(meshes.values())}
  </asset>
  <default><geom contype="0" conaffinity="0" mass="0" material="plain"/></default>
  <worldbody>
    <light name="sun" directional="true" castshadow="false" dir="{_text(down)}"
      diffuse="{_text(conditions.sun_rgb)}" ambient="0 0 0" specular="0 0 0"/>
    <geom name="ground" type="plane" size="{half_m:.1f} {half_m:.1f} 20"
      pos="{x_m:.1f} {y_m:.1f} 0" material="ground" rgba="{ground} 1"/>
    {geoms}
    <body name="carrier" mocap="true">
      <camera name="front" xyaxes="0 -1 0 0 0 1" fovy="{view}"/>
      <camera name="chase" pos="-7 0 2.6" xyaxes="0 -1 0 0.3 0 1" fovy="{view}"/>
      <camera name="above" pos="12 0 40" xyaxes="0 -1 0 1 0 0.3" fovy="{view}"/>
      <geom name="box" type="box" pos="-0.8 0 -0.5" size="0.7 0.5 0.35" rgba=".8 .2 .1 1"/>
      <geom name="mast" type="box" pos="-0.4 0 -0.1" size="0.06 0.06 0.3" rgba=".1 .1 .1 1"/>
    </body>
  </worldbody>
</mujoco>
"""


def _geom(k: int, part: Part, conditions: Conditions, meshes: dict[str, str]) -> str:
    size, kind = part.size_m, f'type="{part.shape}"'
    if part.shape == "cylinder":
        size_text = f'size="{size[0]:.3f} {size[2]:.3f}"'
    elif part.shape in _MESHES:
        # Sizes are multiples of 0.2 m, so that objects share meshes.
        scale = " ".join(f"{max(round(x / 0.2), 1) * 0.2:.1f}" for x in size)
        name = f"{part.shape} {scale}".replace(" ", "_")
        corners, triangles = _MESHES[part.shape]
        meshes[name] = (
            f'<mesh name="{name}" vertex="{corners}" face="{triangles}" scale="{scale}"/>'
        )
        kind, size_text = 'type="mesh"', f'mesh="{name}"'
    else:
        size_text = f'size="{_text(size)}"'
    material = MATERIALS.get(part.surface, "plain")
    rgb: tuple[float, ...] = coloured(part.surface, part.rgb, conditions.season)
    if material == "glow":
        lit = conditions.windows
        rgb = tuple((1.0 - lit) * dark + lit * warm for dark, warm in zip(rgb, WARM, strict=True))
    return (
        f'<geom name="part_{k}" {kind} {size_text} pos="{_text(part.position_m)}" '
        f'euler="0 0 {part.yaw_rad:.4f}" material="{material}" '
        f'rgba="{_text(rgb)} 1"/>\n'
    )


def _text(values: tuple[float, ...]) -> str:
    return " ".join(f"{value:.4f}" for value in values)
