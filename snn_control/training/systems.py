"""The systems by name: of this package, and of others by entry points."""

from __future__ import annotations

import importlib
from dataclasses import is_dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from snn_control.controllers.controller import Controller
from snn_control.errors import ConfigError, InterfaceMismatchError, UnknownNameError
from snn_control.training.environment import environment_id
from snn_control.training.system import System

__all__ = [
    "ENTRY_POINT_GROUP",
    "SYSTEMS",
    "environment_of",
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
        return _other(point)
    raise UnknownNameError("system", name, system_names())


def _other(point: EntryPoint) -> System:
    """Return the system of another package."""
    where = f"entry point {point.value!r} of system {point.name!r}"
    try:
        kind = point.load()
        made = kind() if isinstance(kind, type) and issubclass(kind, System) else None
    except Exception as exc:  # the module of another package may fail with anything
        raise ConfigError(f"{where} cannot be used ({exc!r}); mend or uninstall it") from exc
    if made is None:
        raise ConfigError(f"{where} is no subclass of System")
    for attribute in ("name", "environment"):
        if attribute not in dir(made):
            raise ConfigError(f"{where} has no `{attribute}`")
    if made.name != point.name:
        raise ConfigError(f"{where} is called {made.name!r}; give both one name")
    if not is_dataclass(made.task_type):
        raise ConfigError(f"{where}: decorate its task with @dataclass(frozen=True)")
    return made


def environment_of(
    controller: Controller, own: System | None, named: str | None = None
) -> tuple[str, dict[str, Any]]:
    """Return the id of an environment for a controller, and the options that suit it.

    Args:
        controller: to act in it.
        own: system of the controller; None: it has none.
        named: id of an environment; None: that of the system.

    Raises:
        UnknownNameError, ConfigError: of `environment_id`.
        InterfaceMismatchError: neither a system nor an environment.
    """
    if named is None:
        own = own or system_of(controller)
        return own.environment, own.environment_options(controller)
    name = environment_id(named)
    if own is None or name != own.environment:
        return name, {}
    return name, own.environment_options(controller)


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
