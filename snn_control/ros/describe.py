"""Print the nodes, their interfaces and parameters as the tables of `docs/reference/ros2/index.md`.

With the name of a node, print its parameter file, as `configs/ros/NODE.yaml`. With `--write`, in a
checkout, write the files of all nodes to `configs/ros` and `scripts`.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml

from snn_control.errors import ConfigError, UnknownNameError
from snn_control.loops.field import field_docs
from snn_control.ros import nodes
from snn_control.ros.base.interface import Interface, Service, Topic
from snn_control.ros.base.node_config import NodeConfig
from snn_control.ros.interfaces import OWN, SHARED, class_of

SCRIPT = """\
#!/bin/sh
# Start of the node by `ros2 run` and `ros2 launch` after `pip install`, with the installed Python.
python=$(cd "$(dirname "$0")" && pwd -P)/../../bin/python3
[ -x "$python" ] || python=python3
exec "$python" -P -m "snn_control.ros.$(basename "$0")" "$@"
"""
"""Content of each file in `scripts`."""
NODES: dict[str, type[Any]] = {node.name: class_of(node).config_type for node in nodes.NODES}
"""Type of the parameters of each node, without those of every node."""


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
    return " and ".join(node.name for node in of)


CONFIGS = _configs()
"""Heading and type of each table of parameters."""


def node_table() -> list[str]:
    """Return the table of our nodes; the meaning is the docstring of each module."""
    rows = []
    for node in nodes.NODES:
        head = (sys.modules[class_of(node).__module__].__doc__ or "").splitlines()[0]
        meaning = head.removeprefix(f"The node `{node.name}`: ").rstrip(".")
        rows.append((f"`{node.name}`", node.system, node.kind, meaning))
    return list(_table(("node", "system", "kind", "meaning"), rows))


def topic_table() -> list[str]:
    """Return the table of topics, one row per topic; nodes with equal rows are joined."""
    columns = [field.name for field in dataclasses.fields(Topic) if field.name != "only"]

    def cells(interface: Interface) -> list[tuple[str, ...]]:
        rows = [dataclasses.asdict(topic) for topic in interface.topics]
        return [tuple(str(row[column]) for column in columns) for row in rows]

    rows = (("<br>".join(of), *_code(rest, 0, 2)) for rest, of in _joined(cells).items())
    return list(_table(("node", *columns), rows))


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
        shared = cells(SHARED[kind]) if kind in SHARED else ()
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
        default = list(field.default) if isinstance(field.default, tuple) else field.default
        rows.append((f"`{field.name}`", f"`{default}`", allowed, when, docs[field.name]))
    return list(_table(("parameter", "default", "range", "can change", "meaning"), rows))


def parameter_file(node: str) -> str:
    """Return a parameter file of a node with all defaults, for any name and namespace."""
    kinds = (NodeConfig, NODES[node])
    docs = field_docs(NodeConfig) | field_docs(NODES[node])
    lines = [
        f"# python -m snn_control.ros.{node} --ros-args --params-file THIS_FILE",
        f"# Parameters of {node}, each with its default; ranges are in "
        "docs/reference/ros2/parameters.md.",
        "# The keys hold in every namespace. A number with a point must keep it.",
        "/**:",
        "  ros__parameters:",
    ]
    for field in (field for kind in kinds for field in dataclasses.fields(kind)):
        default = list(field.default) if isinstance(field.default, tuple) else field.default
        value = yaml.safe_dump(default, default_flow_style=True).removesuffix("...\n").rstrip()
        lines += [f"    # {docs[field.name]}", f"    {field.name}: {value}"]
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:g}"


def _table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    columns = tuple(columns)
    yield "| " + " | ".join(columns) + " |"
    yield "|" + "---|" * len(columns)
    for row in rows:
        yield "| " + " | ".join(cell or "-" for cell in row) + " |"


def _code(cells: tuple[str, ...], *which: int) -> list[str]:
    return [f"`{cell}`" if k in which else cell for k, cell in enumerate(cells)]


def write(checkout: Path) -> None:
    """Write `configs/ros/NODE.yaml` and `scripts/NODE` of each node into a checkout.

    Raises:
        ConfigError: `checkout` is not the folder of a checkout.
    """
    for folder in ("configs/ros", "scripts"):
        if not (checkout / folder).is_dir():
            raise ConfigError(
                f"no folder {folder} in {checkout.absolute()}: run it in the checkout"
            )
    for node in NODES:
        (checkout / "configs" / "ros" / f"{node}.yaml").write_text(parameter_file(node), "utf-8")
        script = checkout / "scripts" / node
        script.write_text(SCRIPT, "utf-8")
        script.chmod(0o755)


def main(arguments: list[str]) -> None:
    """Print all tables or the parameter files of the named nodes, or write all files."""
    if arguments == ["--write"]:
        write(Path())
        return
    for name in arguments:
        if name not in NODES:
            raise UnknownNameError("node", name, NODES)
    if arguments:
        print("".join(map(parameter_file, arguments)), end="")
        return
    for table in (node_table(), topic_table(), service_table()):
        print("\n".join(table), end="\n\n")
    for of in CONFIGS:
        print(f"### {of}", "\n".join(parameter_table(of)), sep="\n", end="\n\n")


if __name__ == "__main__":
    main(sys.argv[1:])
