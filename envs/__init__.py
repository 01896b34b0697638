"""Gymnasium environments: one folder per body, with its MJCF file beside the code.

Importing this module registers the environments of this package and those that other packages
declare as entry points of the group `snn_control.environments` (name = id, value =
`module:Class`). It also selects MuJoCo's off-screen renderer, see `renderer.select_renderer`.
"""

from __future__ import annotations

import warnings
from importlib.metadata import entry_points
from typing import Any

import gymnasium

from snn_control.envs.renderer import select_renderer
from snn_control.errors import UnknownNameError

__all__ = ["ADAPTED", "ENTRY_POINT_GROUP", "ENVIRONMENTS", "VECTORS", "environments", "make"]

ENTRY_POINT_GROUP = "snn_control.environments"

ENVIRONMENTS: dict[str, str] = {
    "snn_control/BlimpAltitude-v0": "snn_control.envs.blimp.altitude:BlimpAltitude",
    "snn_control/BlimpAltitude-v1": "snn_control.envs.blimp.sensing.altitude:SensedAltitude",
    "snn_control/CorridorNav-v0": "snn_control.envs.corridor.navigation:CorridorNav",
    "snn_control/Route-v0": "snn_control.envs.route.route:Route",
    "snn_control/Swim-v0": "snn_control.envs.swimmer.swim:Swim",
}
"""Environments of this package: id -> entry point."""

VECTORS: dict[str, str] = {
    "snn_control/BlimpAltitude-v0": "snn_control.envs.blimp.vector:BlimpAltitudeVector",
    "snn_control/Swim-v0": "snn_control.envs.swimmer.vector:SwimVector",
}
"""Entry points of `gymnasium.make_vec(..., vectorization_mode="vector_entry_point")`."""

ADAPTED: dict[str, str] = {
    "snn_control/Swimmer-v5": "snn_control.envs.swimmer.gymnasium_swimmer:GymnasiumSwimmer",
}
"""Third-party environments, wrapped to name their observations and actions."""


def environments() -> dict[str, str]:
    """Return id -> entry point of all environments, including those of other packages."""
    others = {item.name: item.value for item in entry_points(group=ENTRY_POINT_GROUP)}
    return others | ADAPTED | ENVIRONMENTS


def make(name: str, **arguments: Any) -> gymnasium.Env:
    """Make the environment `name`; the prefix `snn_control/` is optional.

    Raises:
        UnknownNameError: the name is not registered; the message lists close names.
    """
    known = environments()
    full = name if name in known else f"snn_control/{name}"
    if full not in known:
        raise UnknownNameError("environment", name, known)
    return gymnasium.make(full, **arguments)


def _register() -> None:
    # Gymnasium calls every version but the highest out of date; v0 has one sensor, and is kept.
    warnings.filterwarnings(
        "ignore", r".*snn_control/BlimpAltitude-v0 is out of", DeprecationWarning
    )
    for name, entry_point in environments().items():
        if name not in gymnasium.registry:
            gymnasium.register(
                id=name, entry_point=entry_point, vector_entry_point=VECTORS.get(name)
            )


select_renderer()
_register()
