"""The systems by name: of this package, and of others by entry points."""

from __future__ import annotations

import importlib
from functools import cache
from importlib.metadata import entry_points

from snn_control.controllers.controller import Controller
from snn_control.errors import ConfigError, InterfaceMismatchError, UnknownNameError
from snn_control.training.system import System

__all__ = [
    "ENTRY_POINT_GROUP",
    "SYSTEMS",
    "compared_in",
    "find_system",
    "system",
    "system_names",
    "system_of",
]

ENTRY_POINT_GROUP = "snn_control.systems"

SYSTEMS: dict[str, str] = {
    "blimp": "snn_control.training.blimp.system:Blimp",
    "swimmer": "snn_control.training.swimmer.system:Swimmer",
}
"""Systems of this package: `module:Class`, imported when they are needed."""


def system_names() -> list[str]:
    """Return the names of all systems, those of other packages last."""
    others = sorted({point.name for point in entry_points(group=ENTRY_POINT_GROUP)})
    return [*SYSTEMS, *(name for name in others if name not in SYSTEMS)]


@cache
def system(name: str) -> System:
    """Return the system of a name.

    Raises:
        UnknownNameError: no such system; with the closest names.
        ConfigError: another package registers something that is no `System`.
    """
    if name in SYSTEMS:
        module, _, attribute = SYSTEMS[name].partition(":")
        kind = getattr(importlib.import_module(module), attribute)
        made: System = kind()
        return made
    for point in entry_points(group=ENTRY_POINT_GROUP, name=name):
        kind = point.load()
        if not (isinstance(kind, type) and issubclass(kind, System)):
            raise ConfigError(
                f"entry point {point.value!r} of system {name!r} is no subclass of System"
            )
        return kind()
    raise UnknownNameError("system", name, system_names())


def compared_in(environment: str) -> tuple[str, ...]:
    """Return the metrics that the systems of an environment compare; none: all."""
    systems = map(system, system_names())
    return tuple(name for s in systems if s.environment == environment for name in s.compared)


def find_system(controller: Controller) -> System | None:
    """Return the first system that accepts a controller; None where none does."""
    return next((s for s in map(system, system_names()) if s.accepts(controller)), None)


def system_of(controller: Controller) -> System:
    """Return the system that a controller is made for.

    Raises:
        InterfaceMismatchError: none accepts it; lists its names and the systems.
    """
    found = find_system(controller)
    if found is None:
        raise InterfaceMismatchError(
            f"controller takes {controller.observation_names} and gives "
            f"{controller.action_names}; no system accepts it: {', '.join(system_names())}. Name "
            f"the environment, or add a system (entry points of the group {ENTRY_POINT_GROUP})"
        )
    return found
