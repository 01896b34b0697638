"""MJCF document of the corridor with the obstacles of a scenario."""

from __future__ import annotations

from math import cos, sin

from snn_control.envs.corridor.worlds import HALF_WIDTH_M, LENGTH_M, Obstacles

ROBOT_RADIUS_M = 0.2
LIDAR_HEIGHT_M = 0.15
HEIGHT_M = 0.4
"""Height of walls and obstacles, m."""
WALL_HALF_M = 0.05
BEYOND_M = 8.0
"""Length of the walls before the start and behind the goal line, m."""
ROBOT_GROUP, SCENERY_GROUP = 2, 0
"""Groups of the geoms; the lidar measures the scenery only."""


def corridor_mjcf(obstacles: Obstacles) -> str:
    """Return the MJCF document; `robot` and the movers `mover_0` ... are mocap bodies.

    Obstacles that stand still are geoms `obstacle_0`, `obstacle_1`, ... in their order.
    """
    length_m = LENGTH_M + 2.0 * BEYOND_M
    wall_y_m = HALF_WIDTH_M + WALL_HALF_M
    walls = "".join(
        f'<geom name="wall_{name}" type="box" material="wall" '
        f'size="{0.5 * length_m} {WALL_HALF_M} {0.5 * HEIGHT_M}" '
        f'pos="{0.5 * LENGTH_M} {sign * wall_y_m} {0.5 * HEIGHT_M}"/>'
        for name, sign in (("left", 1.0), ("right", -1.0))
    )
    standing = "".join(_geom(k, obstacles) for k in range(obstacles.n_standing))
    movers = "".join(
        f'<body name="mover_{k}" mocap="true"><geom name="mover_{k}" type="cylinder" '
        f'material="mover" size="{float(radius_m)!r} {0.5 * HEIGHT_M}" '
        f'pos="0 0 {0.5 * HEIGHT_M}"/></body>'
        for k, radius_m in enumerate(obstacles.radius_m[obstacles.n_standing :])
    )
    return f"""<mujoco model="corridor">
  <compiler angle="radian"/>
  <visual>
    <headlight ambient=".45 .45 .45" diffuse=".4 .4 .4" specular=".1 .1 .1"/>
    <global offwidth="1280" offheight="960"/>
  </visual>
  <asset>
    <texture name="floor" type="2d" builtin="checker" rgb1=".86 .88 .9" rgb2=".8 .83 .86"
      width="64" height="64"/>
    <material name="floor" texture="floor" texrepeat="2 2" texuniform="true"/>
    <material name="wall" rgba=".55 .6 .68 1"/>
    <material name="obstacle" rgba=".8 .45 .2 1"/>
    <material name="mover" rgba=".75 .15 .2 1"/>
    <material name="goal" rgba=".2 .65 .35 1"/>
    <material name="robot" rgba=".15 .35 .75 1"/>
    <material name="nose" rgba=".95 .95 1 1"/>
  </asset>
  <default><geom contype="0" conaffinity="0" mass="0" group="{SCENERY_GROUP}"/></default>
  <worldbody>
    <light name="lamp" pos="{0.5 * LENGTH_M} 0 8" dir="0 0 -1" directional="true"
      diffuse=".35 .35 .35" castshadow="false"/>
    <camera name="whole" pos="{0.5 * LENGTH_M} 0 19" xyaxes="1 0 0 0 1 0" fovy="50"/>
    <geom name="floor" type="plane" size="{0.5 * length_m} {HALF_WIDTH_M} .1"
      pos="{0.5 * LENGTH_M} 0 0" material="floor"/>
    <geom name="goal" type="box" size=".05 {HALF_WIDTH_M} .002" pos="{LENGTH_M} 0 .002"
      material="goal"/>
    {walls}
    {standing}
    {movers}
    <body name="robot" mocap="true">
      <camera name="above" mode="track" pos="1 0 6.5" xyaxes="1 0 0 0 1 0" fovy="45"/>
      <camera name="chase" pos="-1.6 0 1.2" xyaxes="0 -1 0 .5 0 1" fovy="60"/>
      <geom name="base" type="cylinder" size="{ROBOT_RADIUS_M} .06" pos="0 0 .07"
        material="robot" group="{ROBOT_GROUP}"/>
      <geom name="nose" type="box" size=".06 .015 .01" pos=".12 0 .13" material="nose"
        group="{ROBOT_GROUP}"/>
      <geom name="lidar" type="cylinder" size=".04 .02" pos="0 0 {LIDAR_HEIGHT_M}"
        material="nose" group="{ROBOT_GROUP}"/>
    </body>
  </worldbody>
</mujoco>
"""


def _geom(k: int, obstacles: Obstacles) -> str:
    (x_m, y_m), (a_m, b_m) = obstacles.position_m[k].tolist(), obstacles.half_m[k].tolist()
    radius_m, half_turn = float(obstacles.radius_m[k]), 0.5 * float(obstacles.yaw_rad[k])
    if radius_m > 0.0:
        shape = f'type="cylinder" size="{radius_m!r} {0.5 * HEIGHT_M}"'
    else:
        shape = f'type="box" size="{a_m!r} {b_m!r} {0.5 * HEIGHT_M}"'
    return (
        f'<geom name="obstacle_{k}" {shape} pos="{x_m!r} {y_m!r} {0.5 * HEIGHT_M}" '
        f'quat="{cos(half_turn)!r} 0 0 {sin(half_turn)!r}" material="obstacle"/>'
    )
