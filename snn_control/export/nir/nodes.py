"""Nodes and edges of a NIR graph without subgraphs, and their order of evaluation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from snn_control.errors import ModelFileError

__all__ = ["Nodes", "evaluation_order", "flattened", "kind_of"]

Edges = list[tuple[str, str]]
PASS = ("Input", "Output")
"""Nodes of a subgraph that transmit their input."""


class Nodes(NamedTuple):
    """Graph without subgraphs."""

    nodes: dict[str, Any]
    edges: Edges
    """Edges between existing nodes, in the order of the file."""

    def sources(self, name: str) -> list[str]:
        """Return the nodes with an edge to a node, in the order of the edges."""
        return [source for source, target in self.edges if target == name]


def kind_of(node: Any) -> str:
    """Return the name of the type of a node."""
    return type(node).__name__


def flattened(graph: Any) -> Nodes:
    """Return the nodes of a graph and of its subgraphs, whose names are prefixed.

    Raises:
        ModelFileError: an edge has an end that does not exist.
    """
    nodes: dict[str, Any] = {}
    edges: Edges = []
    entries: dict[str, str] = {}
    exits: dict[str, str] = {}
    for name, node in graph.nodes.items():
        if kind_of(node) != "NIRGraph":
            nodes[name] = node
            continue
        inner = flattened(node)
        nodes |= {f"{name}.{key}": value for key, value in inner.nodes.items()}
        edges += [(f"{name}.{a}", f"{name}.{b}") for a, b in inner.edges]
        for ends, kind in ((entries, "Input"), (exits, "Output")):
            ends[name] = f"{name}.{_only(inner.nodes, kind, name)}"
    edges += [(exits.get(a, a), entries.get(b, b)) for a, b in graph.edges]
    for end in (end for edge in edges for end in edge):
        if end not in nodes:
            raise ModelFileError(f"an edge has the end {end!r}; there is no such node")
    return Nodes(nodes, edges)


def _only(nodes: dict[str, Any], kind: str, name: str) -> str:
    names = [key for key, node in nodes.items() if kind_of(node) == kind and "." not in key]
    if len(names) != 1:
        raise ModelFileError(f"subgraph {name!r}: {len(names)} nodes {kind}; expected one")
    return names[0]


def evaluation_order(graph: Nodes, stated: Iterable[str] | None) -> list[str]:
    """Return all nodes in the order of evaluation.

    Args:
        graph: nodes and edges.
        stated: order in the metadata of the file; None derives it from the edges: a node follows
            its sources, but for edges that close a loop on the way from the inputs.

    Raises:
        ModelFileError: the stated order has other nodes.
    """
    if stated is not None:
        order = list(stated)
        if sorted(order) != sorted(graph.nodes):
            raise ModelFileError("metadata `order`: expected each node once")
        return order
    inputs = [name for name, node in graph.nodes.items() if kind_of(node) == "Input"]
    targets: dict[str, list[str]] = {name: [] for name in graph.nodes}
    for source, target in graph.edges:
        targets[source].append(target)
    finished: list[str] = []
    entered: set[str] = set()
    for start in (*inputs, *graph.nodes):
        _finish(start, targets, entered, finished)
    return finished[::-1]


def _finish(
    start: str, targets: dict[str, list[str]], entered: set[str], finished: list[str]
) -> None:
    """Append the nodes that are reached from `start` in postorder."""
    if start in entered:
        return
    entered.add(start)
    stack = [(start, iter(targets[start]))]
    while stack:
        name, remaining = stack[-1]
        following = next((target for target in remaining if target not in entered), None)
        if following is None:
            finished.append(name)
            stack.pop()
        else:
            entered.add(following)
            stack.append((following, iter(targets[following])))
