"""Bodies and tasks: each a folder with its MJCF beside it, each environment a registered name.

Importing this module registers the environments of this package and those that other packages
announce by entry points of the group `snn_control.environments` (name = id, value =
`module:Class`). On Linux without a display it chooses MuJoCo's off-screen renderer (EGL), unless
`MUJOCO_GL` says otherwise.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import entry_points
from typing import Any

import gymnasium

from snn_control.errors import UnknownNameError

ENTRY_POINT_GROUP = "snn_control.environments"

ENVIRONMENTS: dict[str, str] = {
    "snn_control/BlimpAltitude-v0": "snn_control.envs.blimp.altitude:BlimpAltitude",
}


def environments() -> dict[str, str]:
    """Return id -> entry point of every environment, those of other packages included."""
    others = {item.name: item.value for item in entry_points(group=ENTRY_POINT_GROUP)}
    return others | ENVIRONMENTS


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


if sys.platform == "linux" and not os.environ.get("DISPLAY"):
    os.environ.setdefault("MUJOCO_GL", "egl")
_register()
