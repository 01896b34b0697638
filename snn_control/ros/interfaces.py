"""Every topic and service of our nodes: the contract that docs and tests are compared with.

Joined from what the class of each node in `nodes.NODES` declares.
"""

from __future__ import annotations

from importlib import import_module

from snn_control.ros.base.interface import EVERY_CONTROLLER, EVERY_SIMULATOR, Interface
from snn_control.ros.base.managed_node import ManagedNode
from snn_control.ros.nodes import NODES, Kind, Node

SHARED: dict[Kind, Interface] = {
    "controller": EVERY_CONTROLLER,
    "simulator": EVERY_SIMULATOR,
}
"""Topics and services that all nodes of a kind have beside their own."""


def class_of(node: Node) -> type[ManagedNode]:
    """Return the class of a node: the one that its module defines."""
    module = import_module(f"snn_control.ros.{node.name}")
    (found,) = (
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, ManagedNode)
        and value.__module__ == module.__name__
    )
    return found


OWN: dict[str, Interface] = {node.name: class_of(node).interface for node in NODES}
"""Interface of each node beside that of its kind."""


def interface(node: Node) -> Interface:
    """Return all topics and services of a node."""
    own, shared = OWN[node.name], SHARED.get(node.kind, Interface())
    return Interface(own.topics + shared.topics, own.services + shared.services)


INTERFACES: dict[str, Interface] = {node.name: interface(node) for node in NODES}
"""All topics and services of each node."""
