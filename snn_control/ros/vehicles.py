"""Vehicles for runs of controllers over the bus.

Another package adds a vehicle by an entry point of the group `snn_control.vehicles`, with the name
of the vehicle and a subclass of `Vehicle` as its object.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import entry_points

from snn_control.controllers import Controller
from snn_control.errors import ConfigError, InterfaceMismatchError
from snn_control.ros.base.vehicle import Vehicle
from snn_control.ros.nodes import SYSTEMS

__all__ = ["ENTRY_POINT_GROUP", "VEHICLES", "vehicle_names", "vehicle_of"]

ENTRY_POINT_GROUP = "snn_control.vehicles"

VEHICLES: dict[str, type[Vehicle]] = {
    system.name: vars(import_module(f"snn_control.ros.{system.name}.vehicle"))[system.vehicle]
    for system in SYSTEMS
    if system.vehicle
}
"""Vehicles of this package, as `nodes.SYSTEMS` names them."""


def vehicle_names() -> list[str]:
    """Return the names of our own vehicles and of those that other packages register."""
    return sorted(VEHICLES.keys() | {point.name for point in entry_points(group=ENTRY_POINT_GROUP)})


def vehicle_of(controller: Controller) -> Vehicle:
    """Return the vehicle of a controller; ours take precedence over those of other packages.

    Raises:
        InterfaceMismatchError: no vehicle accepts it; lists the names of all vehicles.
        ConfigError: an entry point cannot be loaded or is not a `Vehicle`.
    """
    for kind in _types():
        if kind.accepts(controller):
            return kind(controller)
    raise InterfaceMismatchError(
        f"no vehicle accepts a controller with inputs {controller.observation_names} and outputs "
        f"{controller.action_names}: name a controller of {', '.join(vehicle_names())}, or "
        f"register your vehicle as an entry point of the group {ENTRY_POINT_GROUP}"
    )


def _types() -> Iterator[type[Vehicle]]:
    yield from VEHICLES.values()
    for point in entry_points(group=ENTRY_POINT_GROUP):
        if point.name in VEHICLES:
            continue
        try:
            vehicle = point.load()
        except Exception as exc:  # modules of other packages may raise anything
            raise ConfigError(
                f"entry point {point.value!r} of vehicle {point.name!r} cannot be used ({exc!r}); "
                "fix or uninstall it"
            ) from exc
        if not (isinstance(vehicle, type) and issubclass(vehicle, Vehicle)):
            raise ConfigError(
                f"entry point {point.value!r} of vehicle {point.name!r} is not a subclass of "
                "Vehicle"
            )
        yield vehicle
