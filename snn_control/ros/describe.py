"""Prints the interfaces and parameters of the nodes as the tables of `docs/ros2.md`.

With the name of a node: its file of parameters, as `configs/ros/NODE.yaml`.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import yaml

from snn_control.loops.blimp.config import AltitudeNodeConfig
from snn_control.loops.config import ControllerConfig
from snn_control.loops.field import field_docs
from snn_control.loops.place.config import PlaceNodeConfig
from snn_control.loops.swimmer.config import SwimmerConfig
from snn_control.ros import (
    altitude_controller,
    blimp_simulator,
    launching,
    pid_controller,
    recorder,
    swimmer_simulator,
)
from snn_control.ros.base.node_config import NodeConfig
from snn_control.ros.base.simulator_node import SimulatorConfig
from snn_control.ros.interfaces import SERVICES, TOPICS

CONFIGS: dict[str, type[Any]] = {
    "every node": NodeConfig,
    "every controller": ControllerConfig,
    "altitude_controller and pid_controller": AltitudeNodeConfig,
    "altitude_controller": altitude_controller.Config,
    "pid_controller": pid_controller.Config,
    "swimmer_controller": SwimmerConfig,
    "every simulator": SimulatorConfig,
    "blimp_simulator": blimp_simulator.Config,
    "swimmer_simulator": swimmer_simulator.Config,
    "place_recognizer": PlaceNodeConfig,
    "recorder": recorder.Config,
}
NODES: dict[str, type[Any]] = {name: CONFIGS[name] for name in launching.NODES}
_COLUMNS = ("node", "name", "direction", "type", "unit", "frame", "quality", "rate", "meaning")


def topic_table() -> list[str]:
    """Return the table of topics, one row a topic, nodes with equal rows joined."""
    joined: dict[tuple[str, ...], list[str]] = {}
    for topic in TOPICS:
        rest = tuple(str(getattr(topic, column)) for column in _COLUMNS[1:])
        joined.setdefault(rest, []).append(topic.node)
    rows = (("<br>".join(nodes), *_code(rest, 0, 2)) for rest, nodes in joined.items())
    return list(_table(_COLUMNS, rows))


def service_table() -> list[str]:
    """Return the table of services."""
    joined: dict[tuple[str, ...], list[str]] = {}
    for service in SERVICES:
        key = (service.name, service.type, service.meaning)
        joined.setdefault(key, []).append(service.node)
    rows = (("<br>".join(nodes), *_code(rest, 0, 1)) for rest, nodes in joined.items())
    return list(_table(("node", "name", "type", "meaning"), rows))


def parameter_table(of: str) -> list[str]:
    """Return the parameters of `of`, one of `CONFIGS`, without those that its base class has."""
    kind = CONFIGS[of]
    docs = field_docs(kind)
    inherited = {(f.name, f.default) for base in kind.__mro__[1:]
                 if dataclasses.is_dataclass(base) for f in dataclasses.fields(base)}  # fmt: skip
    rows = []
    for field in dataclasses.fields(kind):
        if (field.name, field.default) in inherited:
            continue
        limits = field.metadata.get("range")
        allowed = "" if limits is None else " to ".join(map(_number, limits))
        when = "start" if field.metadata.get("read_only") else "unconfigured"
        when = "in flight" if field.metadata.get("live") else when
        default = list(field.default) if isinstance(field.default, tuple) else field.default
        rows.append((f"`{field.name}`", f"`{default}`", allowed, when, docs[field.name]))
    return list(_table(("parameter", "default", "range", "can change", "meaning"), rows))


def parameter_file(node: str) -> str:
    """Return a file of all parameters of a node with their defaults, for any name and namespace."""
    kinds = (NodeConfig, NODES[node])
    docs = field_docs(NodeConfig) | field_docs(NODES[node])
    lines = [
        f"# Parameters of {node}, each with its default; ranges are in docs/ros2.md.",
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


def main(arguments: list[str]) -> None:
    """Print all tables, or the file of parameters of each node that is named."""
    if arguments:
        print("".join(map(parameter_file, arguments)), end="")
        return
    for table in (topic_table(), service_table()):
        print("\n".join(table), end="\n\n")
    for of in CONFIGS:
        print(f"### {of}", "\n".join(parameter_table(of)), sep="\n", end="\n\n")


if __name__ == "__main__":
    main(sys.argv[1:])
