"""Tables of the nodes, their interfaces and their parameters, in Markdown."""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from snn_control.config import flow_yaml
from snn_control.loops.field import field_docs
from snn_control.ros import nodes
from snn_control.ros.base.interface import Interface, Service, Topic
from snn_control.ros.base.node_config import NodeConfig
from snn_control.ros.interfaces import OWN, SHARED, class_of

NODES: dict[str, type[Any]] = {node.name: class_of(node).config_type for node in nodes.NODES}
"""Type of the parameters of each node, without those of every node."""


def _series(names: list[str]) -> str:
    """Join names as `a, b and c`."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _configs() -> dict[str, type[Any]]:
    """Return each table of parameters: of every node, of shared base classes, of each node."""
    users: dict[type[Any], list[nodes.Node]] = {}
    for node in nodes.NODES:
        for kind in reversed(NODES[node.name].__mro__):
            if dataclasses.is_dataclass(kind):
                users.setdefault(kind, []).append(node)
    named = {_heading(of): kind for kind, of in users.items() if len(of) > 1}
    ordered: dict[str, type[Any]] = {"every node": NodeConfig}
    for node in nodes.NODES:
        ordered |= {head: kind for head, kind in named.items() if node in users[kind]}
        ordered[node.name] = NODES[node.name]
    return ordered


def _heading(of: list[nodes.Node]) -> str:
    kind = of[0].kind
    if of == [node for node in nodes.NODES if node.kind == kind]:
        return f"every {kind}"
    return _series([node.name for node in of])


CONFIGS = _configs()
"""Heading and type of each table of parameters."""


def node_table() -> list[str]:
    """Return the table of our nodes; the meaning is the docstring of each module."""
    rows = []
    for node in nodes.NODES:
        head = (sys.modules[f"snn_control.ros.{node.name}"].__doc__ or "").splitlines()[0]
        meaning = head.removeprefix(f"The node `{node.name}`: ").rstrip(".")
        rows.append((f"`{node.name}`", node.system, node.kind, meaning))
    return list(_table(("node", "system", "kind", "meaning"), rows))


def topic_tables() -> list[str]:
    """Return a table of topics for each node or group of nodes that share them."""
    columns = [field.name for field in dataclasses.fields(Topic) if field.name != "only"]

    def cells(interface: Interface) -> list[tuple[str, ...]]:
        rows = [dataclasses.asdict(topic) for topic in interface.topics]
        return [tuple(str(row[column]) for column in columns) for row in rows]

    groups: dict[str, list[list[str]]] = {}
    for row, of in _joined(cells).items():
        groups.setdefault(_series(of), []).append(_code(row, 0, 2))
    return _titled({of: _table(columns, rows) for of, rows in groups.items()})


def service_table() -> list[str]:
    """Return the table of services; nodes with equal rows are joined."""
    columns = [field.name for field in dataclasses.fields(Service)]
    rows = _joined(lambda interface: [dataclasses.astuple(s) for s in interface.services])
    cells = (("<br>".join(of), *_code(rest, 0, 1)) for rest, of in rows.items())
    return list(_table(("node", *columns), cells))


def _joined(
    cells: Callable[[Interface], Sequence[tuple[str, ...]]],
) -> dict[tuple[str, ...], list[str]]:
    """Return rows with their nodes; of each kind the rows of single nodes, then the shared ones."""
    joined: dict[tuple[str, ...], list[str]] = {}
    for kind, group in groupby(nodes.NODES, lambda node: node.kind):
        names = [node.name for node in group]
        rows = [(row, name) for name in names for row in cells(OWN[name])]
        shared = cells(SHARED[kind])
        for row, name in (*rows, *((row, name) for row in shared for name in names)):
            joined.setdefault(row, []).append(name)
    return joined


def parameter_table(of: str) -> list[str]:
    """Return the parameters of a heading of `CONFIGS`, without those shared with other nodes."""
    kind, docs = CONFIGS[of], field_docs(CONFIGS[of])
    shared = [base for base in CONFIGS.values() if base in kind.__mro__[1:]]
    inherited = {(f.name, f.default) for base in shared for f in dataclasses.fields(base)}
    rows = []
    for field in dataclasses.fields(kind):
        if (field.name, field.default) in inherited:
            continue
        limits = field.metadata.get("range")
        allowed = "" if limits is None else " to ".join(map(_number, limits))
        when = "start" if field.metadata.get("read_only") else "unconfigured"
        when = "in operation" if field.metadata.get("live") else when
        default = f"`{default_text(field)}`"
        rows.append((f"`{field.name}`", default, allowed, when, docs[field.name]))
    return list(_table(("parameter", "default", "range", "can change", "meaning"), rows))


def default_text(field: dataclasses.Field[Any]) -> str:
    """Return the default of a parameter as YAML."""
    default = list(field.default) if isinstance(field.default, tuple) else field.default
    return flow_yaml(default)


def parameter_tables() -> list[str]:
    """Return a table of parameters for each heading of `CONFIGS`."""
    return _titled({of: parameter_table(of) for of in CONFIGS})


def _titled(tables: Mapping[str, Iterable[str]]) -> list[str]:
    """Return tables one after the other, each below its heading."""
    lines = [line for head, table in tables.items() for line in (f"### {head}", *table, "")]
    return lines[:-1]


TABLES: dict[str, Callable[[], list[str]]] = {
    "nodes": node_table,
    "topics": topic_tables,
    "services": service_table,
    "parameters": parameter_tables,
}
"""Tables of the pages in `docs/reference/ros2`, by name."""
_MARKED = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.S)


def with_tables(page: str) -> str:
    """Return the text of a page with its marked tables up to date."""

    def filled(match: re.Match[str]) -> str:
        return match[1] + "\n".join(TABLES[match[2]]()) + "\n" + match[3]

    return _MARKED.sub(filled, page)


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:g}"


def _table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    columns = tuple(columns)
    yield "| " + " | ".join(columns) + " |"
    yield "|" + "---|" * len(columns)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") or "-" for cell in row) + " |"


def _code(cells: tuple[str, ...], *which: int) -> list[str]:
    return [f"`{cell}`" if k in which else cell for k, cell in enumerate(cells)]
