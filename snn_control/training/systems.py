"""Registry of systems: those of this package, and entry points of others."""

from __future__ import annotations

import importlib
from dataclasses import is_dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from snn_control.controllers.controller import Controller
from snn_control.errors import ConfigError, InterfaceMismatchError, UnknownNameError
from snn_control.training.environment import environment_id
from snn_control.training.system import ENVIRONMENT, System

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
    "blimp_adaptive": "snn_control.training.blimp.adaptive.system:AdaptiveBlimp",
    "corridor": "snn_control.training.corridor.system:Corridor",
    "swimmer": "snn_control.training.swimmer.system:Swimmer",
}
"""Systems of this package: `module:Class`, imported on first use."""


def system_names() -> list[str]:
    """Return the names of all systems, those of other packages last."""
    others = sorted({point.name for point in entry_points(group=ENTRY_POINT_GROUP)})
    return [*SYSTEMS, *(name for name in others if name not in SYSTEMS)]


@cache
def system(name: str) -> System:
    """Return the system of a name.

    Raises:
        UnknownNameError: no such system; with the closest names.
        ConfigError: another package registers an object that is not a `System`.
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
    """Load and check the system of an entry point."""
    where = f"entry point {point.value!r} of system {point.name!r}"
    try:
        kind = point.load()
        made = kind() if isinstance(kind, type) and issubclass(kind, System) else None
    except Exception as exc:  # modules of other packages raise exceptions of any type
        raise ConfigError(f"{where} cannot be used ({exc!r}); fix or uninstall it") from exc
    if made is None:
        raise ConfigError(f"{where} is not a subclass of System")
    for attribute in ("name", "environment"):
        if attribute not in dir(made):
            raise ConfigError(f"{where} has no `{attribute}`")
    if made.name != point.name:
        raise ConfigError(f"{where} has the name {made.name!r}; use the same name for both")
    if not is_dataclass(made.task_type):
        raise ConfigError(f"{where}: decorate its task with @dataclass(frozen=True)")
    return made


def environment_of(
    controller: Controller, own: System | None, named: str | None = None
) -> tuple[str, dict[str, Any]]:
    """Return the id of the environment for a controller, and the options that suit it.

    Args:
        controller: controller that acts in the environment.
        own: system of the controller, or None.
        named: id of an environment; None: that of the system.

    Raises:
        UnknownNameError, ConfigError: see `environment_id`.
        InterfaceMismatchError: no environment is named and no system accepts the controller.
    """
    if named is None:
        own = own or system_of(controller)
        return own.environment, own.environment_options(controller)
    name = environment_id(named)
    if own is None or name != own.environment:
        return name, {}
    return name, own.environment_options(controller)


def find_system(controller: Controller) -> System | None:
    """Return the system that the file of a controller names, or the first that accepts it, or None.

    Raises:
        UnknownNameError, ConfigError: the environment of its file cannot be made.
    """
    if ENVIRONMENT in controller.about:
        from snn_control.training.any_environment.system import EnvironmentSystem

        if own := EnvironmentSystem.of_document(controller.about):
            return own
    return next((s for s in map(system, system_names()) if s.accepts(controller)), None)


def system_of(controller: Controller) -> System:
    """Return the system of a controller.

    Raises:
        InterfaceMismatchError: no system accepts it; lists its names and the systems.
    """
    accepting = find_system(controller)
    if accepting is None:
        raise InterfaceMismatchError(
            f"controller takes {controller.observation_names} and gives "
            f"{controller.action_names}; no system accepts it: {', '.join(system_names())}. Name "
            f"the environment, or add a system (entry points of the group {ENTRY_POINT_GROUP})"
        )
    return accepting
