"""The one list of systems on the bus: setup.py, launch files, tables and tests follow from it.

setup.py runs this file by its path, before the package can be imported: it imports nothing of the
package. A new system is an entry of `SYSTEMS`, a new node a `Node` in the entry of its system; each
node is a module here, with the files that `python -m snn_control.ros.describe --write` makes.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["controller", "simulator", "recogniser", "recorder"]


class Node(NamedTuple):
    """One node: a module `snn_control.ros.NAME` with a class and a function `main`."""

    name: str
    """Name of the node, its module, its command and its file of parameters."""
    node_class: str
    """Name of its class, which declares `config_type` and `interface`."""
    kind: Kind
    simulator: str = ""
    """Node that simulates the vehicle of a controller."""
    takes_model: bool = False
    """Whether it has the parameter `model`."""


class System(NamedTuple):
    """Nodes of one system, or nodes that serve all."""

    name: str
    """Stem of its folder, `snn_control/ros/NAME`; empty: all systems."""
    nodes: tuple[Node, ...]
    vehicle: str = ""
    """Class in `snn_control.ros.NAME.vehicle`; empty: it is not run by `snn-control fly`."""


SYSTEMS = (
    System("blimp", (
        Node("altitude_controller", "AltitudeController", "controller", "blimp_simulator", True),
        Node("pid_controller", "PidController", "controller", "blimp_simulator"),
        Node("blimp_simulator", "BlimpSimulator", "simulator"),
    ), "BlimpVehicle"),
    System("swimmer", (
        Node("swimmer_controller", "SwimmerController", "controller", "swimmer_simulator", True),
        Node("swimmer_simulator", "SwimmerSimulator", "simulator"),
    ), "SwimmerVehicle"),
    System("place", (Node("place_recognizer", "PlaceRecognizerNode", "recogniser"),)),
    System("", (Node("recorder", "Recorder", "recorder"),)),
)  # fmt: skip

KINDS: tuple[Kind, ...] = ("controller", "simulator", "recogniser", "recorder")
NODES = tuple(
    node for kind in KINDS for system in SYSTEMS for node in system.nodes if node.kind == kind
)
"""All nodes, controllers first."""
SYSTEM_OF = {node.name: system.name for system in SYSTEMS for node in system.nodes}
"""Name of the system of each node; empty: all systems."""
