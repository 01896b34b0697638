"""Bodies and tasks: each a folder with its MJCF beside it, each environment a registered name.

Importing this module registers the environments of this package and those that other packages
announce by entry points of the group `snn_control.environments` (name = id, value =
`module:Class`). On Linux without a display it chooses MuJoCo's off-screen renderer, unless
`MUJOCO_GL` says otherwise: EGL, else OSMesa, else none, because `import mujoco` fails with a
renderer whose library is not there.
"""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress
from importlib.metadata import entry_points
from typing import Any

import gymnasium

from snn_control.errors import UnknownNameError

__all__ = ["ADAPTED", "ENTRY_POINT_GROUP", "ENVIRONMENTS", "environments", "make"]

ENTRY_POINT_GROUP = "snn_control.environments"

ENVIRONMENTS: dict[str, str] = {
    "snn_control/BlimpAltitude-v0": "snn_control.envs.blimp.altitude:BlimpAltitude",
    "snn_control/Route-v0": "snn_control.envs.route.route:Route",
    "snn_control/Swim-v0": "snn_control.envs.swimmer.swim:Swim",
}
"""Bodies and tasks of this package."""

ADAPTED: dict[str, str] = {
    "snn_control/Swimmer-v5": "snn_control.envs.swimmer.gymnasium_swimmer:GymnasiumSwimmer",
}
"""Environments of others, with names for what is observed and done."""


def environments() -> dict[str, str]:
    """Return id -> entry point of every environment, those of other packages included."""
    others = {item.name: item.value for item in entry_points(group=ENTRY_POINT_GROUP)}
    return others | ADAPTED | ENVIRONMENTS


def make(name: str, **arguments: Any) -> gymnasium.Env:
    """Make the environment `name` (with or without the `snn_control/` in front).

    Raises:
        UnknownNameError: no such environment; the message proposes close names.
    """
    known = environments()
    full = name if name in known else f"snn_control/{name}"
    if full not in known:
        raise UnknownNameError("environment", name, known)
    return gymnasium.make(full, **arguments)


def _register() -> None:
    for name, entry_point in environments().items():
        if name not in gymnasium.registry:
            gymnasium.register(id=name, entry_point=entry_point)


def _choose_renderer() -> str:
    for library, renderer in (("libEGL.so.1", "egl"), ("libOSMesa.so", "osmesa")):
        with suppress(OSError):
            ctypes.CDLL(library)
            return renderer
    return "disable"


if sys.platform == "linux" and not os.environ.get("DISPLAY") and "MUJOCO_GL" not in os.environ:
    os.environ["MUJOCO_GL"] = _choose_renderer()
_register()
