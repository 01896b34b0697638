"""The one list of our nodes, from which setup.py, launch files, tables and tests follow.

setup.py runs this file by its path, before the package can be imported: it imports nothing of the
package. A new node is a module here, a line in `NODES`, and the files that
`python -m snn_control.ros.describe --write` makes.
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
    system: str
    """System it belongs to; empty: all."""
    simulator: str = ""
    """Node that simulates the vehicle of a controller."""
    takes_model: bool = False
    """Whether it has the parameter `model`."""


NODES = (
    Node("altitude_controller", "AltitudeController", "controller", "blimp",
         "blimp_simulator", takes_model=True),
    Node("pid_controller", "PidController", "controller", "blimp",
         "blimp_simulator"),
    Node("swimmer_controller", "SwimmerController", "controller", "swimmer",
         "swimmer_simulator", takes_model=True),
    Node("blimp_simulator", "BlimpSimulator", "simulator", "blimp"),
    Node("swimmer_simulator", "SwimmerSimulator", "simulator", "swimmer"),
    Node("place_recognizer", "PlaceRecognizerNode", "recogniser", "place"),
    Node("recorder", "Recorder", "recorder", ""),
)  # fmt: skip
