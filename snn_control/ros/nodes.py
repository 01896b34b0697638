"""List of the systems on the bus, the source of setup.py, launch files, tables and tests.

setup.py runs this file by its path before the package can be imported, so that it imports nothing
of the package. A new system is a line in `SYSTEMS`, a new node a name in the line of its system;
each node is a module here, with files written by `python -m snn_control.ros.describe --write`.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = ["NODES", "SYSTEMS", "WITHOUT_MODEL", "Kind", "Node", "System"]

Kind = Literal["controller", "simulator", "recogniser", "recorder", "relay"]


class System(NamedTuple):
    """Nodes of one system, or nodes for all systems."""

    name: str
    """Stem of its folder, `snn_control/ros/NAME`; empty: all systems."""
    vehicle: str = ""
    """Class in `snn_control.ros.NAME.vehicle`; empty if `snn-control fly` does not run it."""
    controllers: tuple[str, ...] = ()
    """Nodes that run a control loop."""
    simulator: str = ""
    """Node that simulates the vehicle; empty if there is none."""
    recognisers: tuple[str, ...] = ()
    recorders: tuple[str, ...] = ()
    relays: tuple[str, ...] = ()
    """Nodes that stand between the nodes of a system."""


SYSTEMS = (
    System(
        "blimp",
        "BlimpVehicle",
        ("altitude_controller", "pid_controller", "serial_controller"),
        "blimp_simulator",
    ),
    System("swimmer", "SwimmerVehicle", ("swimmer_controller",), "swimmer_simulator"),
    System("corridor", "CorridorVehicle", ("corridor_controller",), "corridor_simulator"),
    System("place", recognisers=("place_recognizer",)),
    System("", recorders=("recorder",), relays=("fault_relay",)),
)
WITHOUT_MODEL = ("pid_controller",)
"""Controllers without the parameter `model`."""


class Node(NamedTuple):
    """One node: a module `snn_control.ros.NAME` with a function `main`.

    Its class is defined there, or named by its constant `NODE` as `MODULE:CLASS`.
    """

    name: str
    """Name of the node, its module, its command and its file of parameters."""
    kind: Kind
    system: str
    """Name of its system; empty: all systems."""
    simulator: str = ""
    """Node that simulates the vehicle of a controller."""
    takes_model: bool = False
    """True if it has the parameter `model`."""


NODES = (
    *(
        Node(name, "controller", system.name, system.simulator, name not in WITHOUT_MODEL)
        for system in SYSTEMS
        for name in system.controllers
    ),
    *(Node(s.simulator, "simulator", s.name) for s in SYSTEMS if s.simulator),
    *(Node(name, "recogniser", s.name) for s in SYSTEMS for name in s.recognisers),
    *(Node(name, "recorder", s.name) for s in SYSTEMS for name in s.recorders),
    *(Node(name, "relay", s.name) for s in SYSTEMS for name in s.relays),
)
"""All nodes, by kind."""
