"""MJCF document of a swimmer of n links with the physics of the DeepMind Control Suite.

Y. Tassa et al., arXiv:1801.00690, swimmer, after P. Coulom (2002): links of 0.1 m and 10 g in a
chain along +y, head first, hinges about z, motors of 0.5 mN m, in a fluid of 3000 kg/m^3 without
viscosity. The swimmer moves by inertial drag, unlike a worm at low Reynolds number.
"""

from __future__ import annotations

import math

from snn_control.errors import ParameterError

LEAST_LINKS, MOST_LINKS = 3, 30
LINK_M = 0.1
PHYSICS_STEP_S = 0.002
FLUID_DENSITY = 3000.0
"""Density of the published fluid, kg/m^3."""

_SCENERY = """
  <visual>
    <headlight ambient=".35 .35 .35" diffuse=".35 .35 .35" specular=".1 .1 .1"/>
    <global offwidth="1280" offheight="960"/><quality shadowsize="4096"/>
  </visual>
  <asset>
    <texture name="sky" type="skybox" builtin="gradient" rgb1=".93 .97 1" rgb2=".7 .82 .9"
      width="64" height="384"/>
    <texture name="floor" type="2d" builtin="checker" rgb1=".80 .87 .91" rgb2=".76 .84 .89"
      width="256" height="256"/>
    <material name="floor" texture="floor" texrepeat="5 5" texuniform="true"/>
    <material name="skin" rgba=".86 .55 .28 1" specular=".4" shininess=".4"/>
    <material name="eye" rgba=".1 .1 .15 1"/>
  </asset>
  <worldbody>
    <light name="sun" pos="0 0 3" dir="0 .3 -1" diffuse=".35 .35 .35" castshadow="true"/>
    <geom name="floor" type="plane" size="0 0 .1" pos="0 0 0" material="floor"/>
  </worldbody>"""
_ROOT = """
      <joint name="root_x" type="slide" axis="1 0 0" pos="0 -0.05 0"/>
      <joint name="root_y" type="slide" axis="0 1 0" pos="0 -0.05 0"/>
      <joint name="root_turn" type="hinge" axis="0 0 1" pos="0 -0.05 0"/>"""
_HEAD = """
      <camera name="tracking" mode="trackcom" pos="0 {centre:g} {height:g}" euler="0 0 0"/>
      <camera name="behind" mode="trackcom" pos="0 {back:g} {low:g}" xyaxes="1 0 0 0 1 2"/>
      <geom name="nose" material="skin" type="ellipsoid" size="0.013 0.018 0.011"
        pos="0 -0.05 0"/>
      <geom name="eye_right" type="sphere" material="eye" size="0.0035"
        pos="-0.007 -0.058 0.008"/>
      <geom name="eye_left" type="sphere" material="eye" size="0.0035" pos="0.007 -0.058 0.008"/>"""


def check_links(n_links: int) -> None:
    """Raise an error if the number of links is out of range.

    Raises:
        ParameterError: below 3 or above 30.
    """
    if not LEAST_LINKS <= n_links <= MOST_LINKS:
        raise ParameterError(
            f"n_links is {n_links}; expected {LEAST_LINKS} to {MOST_LINKS} (n_links - 1 joints)"
        )


def joint_limit_rad(n_links: int) -> float:
    """Return the joint limit to either side, rad; at the limits the body bends to two circles."""
    return 2.0 * math.pi / n_links


def swimmer_mjcf(
    n_links: int,
    *,
    density_kg_m3: float = FLUID_DENSITY,
    viscosity_pa_s: float = 0.0,
    physics_only: bool = False,
) -> str:
    """Return the MJCF document with joints and motors numbered from the head: `joint_0`, `motor_0`.

    Args:
        n_links: number of links of 0.1 m each, 3 to 30.
        density_kg_m3: density of the fluid, kg/m^3.
        viscosity_pa_s: viscosity of the fluid, Pa s.
        physics_only: omit visual elements and sensors; the motion is the same, bit for bit.

    Raises:
        ParameterError: n_links out of range, or a fluid of negative density or viscosity.
    """
    check_links(n_links)
    for name, value in (("density_kg_m3", density_kg_m3), ("viscosity_pa_s", viscosity_pa_s)):
        if not (math.isfinite(value) and value >= 0.0):
            raise ParameterError(f"{name} is {value:g}; expected a number of at least 0")
    joints = range(n_links - 1)
    links = (_link(k, "" if physics_only else _visuals(k, n_links)) for k in range(n_links))
    body = "".join(links) + "</body>" * n_links
    motors = "".join(f'<motor name="motor_{k}" joint="joint_{k}"/>' for k in joints)
    sensors = "".join(
        f'<velocimeter name="velocity_{k}" site="centre_{k}"/>'
        f'<gyro name="turning_{k}" site="centre_{k}"/>'
        for k in range(n_links)
    )
    scenery, sensors = ("", "") if physics_only else (_SCENERY, f"<sensor>{sensors}</sensor>")
    return f"""<mujoco model="swimmer_{n_links}">
  <compiler angle="radian" autolimits="true"/>
  <option timestep="{PHYSICS_STEP_S}" integrator="Euler" density="{density_kg_m3!r}"
    viscosity="{viscosity_pa_s!r}"><flag contact="disable"/></option>
  <default>
    <geom type="box" mass="0"/>
    <default class="drag"><geom type="box" size="0.001 0.05 0.01" mass="0.01" rgba="0 0 0 0"
      group="4"/></default>
    <default class="bend"><joint type="hinge" axis="0 0 1" pos="0 -0.05 0"
      range="{-joint_limit_rad(n_links)!r} {joint_limit_rad(n_links)!r}" armature="1e-6"
      solreflimit="0.05 1" solimplimit="0 0.8 0.1"/></default>
    <motor gear="5e-4" ctrlrange="-1 1"/>
  </default>
  <worldbody>
    {body}
  </worldbody>
  <actuator>{motors}</actuator>
  {scenery}
  {sensors}
</mujoco>
"""


def _link(k: int, visuals: str) -> str:
    joint = f'<joint name="joint_{k - 1}" class="bend"/>' if k else _ROOT
    place = "0 0 0.05" if k == 0 else f"0 {LINK_M} 0"
    return f"""
    <body name="link_{k}" pos="{place}">{joint}
      <geom name="drag_{k}" class="drag"/>{visuals}"""


def _visuals(k: int, n_links: int) -> str:
    """Return skin and sensor site of a link; for the head also eyes, nose and cameras."""
    half_width = 0.012 * (1.0 - 0.5 * k / (n_links - 1))
    size_m = LINK_M * n_links
    head = _HEAD.format(
        centre=0.5 * (size_m - LINK_M),
        height=0.2 + 1.1 * size_m,
        back=-0.9 * size_m,
        low=0.2 + 0.6 * size_m,
    )
    return f"""
      <geom name="skin_{k}" material="skin" type="capsule" fromto="0 -0.05 0 0 0.05 0"
        size="{half_width:.5f}"/>
      <site name="centre_{k}" group="4" size="0.002"/>{head if k == 0 else ""}"""
