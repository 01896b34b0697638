"""Topics and services that our nodes declare: contract for docs and tests.

Combined from the declarations of the classes of `nodes.NODES` and of their kinds.
"""

from __future__ import annotations

from importlib import import_module

from snn_control.ros.base.interface import Interface
from snn_control.ros.base.managed_node import ManagedNode
from snn_control.ros.nodes import NODES, Kind, Node


def class_of(node: Node) -> type[ManagedNode]:
    """Return the class of a node: `NODE` of its module, or the only class that it defines."""
    module = import_module(f"snn_control.ros.{node.name}")
    if place := getattr(module, "NODE", ""):
        defining, _, name = place.partition(":")
        kind: type[ManagedNode] = getattr(import_module(defining), name)
        return kind
    (node_class,) = (
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, ManagedNode)
        and value.__module__ == module.__name__
    )
    return node_class


SHARED: dict[Kind, Interface] = {node.kind: class_of(node).shared for node in NODES}
"""Topics and services shared by all nodes of a kind."""
OWN: dict[str, Interface] = {node.name: class_of(node).interface for node in NODES}
"""Interface of each node, without that of its kind."""


def interface(node: Node) -> Interface:
    """Return all topics and services of a node."""
    own, shared = OWN[node.name], SHARED[node.kind]
    return Interface(own.topics + shared.topics, own.services + shared.services)


INTERFACES: dict[str, Interface] = {node.name: interface(node) for node in NODES}
"""All topics and services of each node."""
