"""Print the nodes, their interfaces and parameters as the tables of `docs/reference/ros2`.

With the name of a node, print its parameter file, as `configs/ros/NODE.yaml`. With `--write`, in a
checkout, write the files of all nodes to `configs/ros` and `scripts`, and update the tables.
"""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

from snn_control.errors import ConfigError, UnknownNameError
from snn_control.loops.field import field_docs
from snn_control.ros.base.node_config import NodeConfig
from snn_control.ros.tables import NODES, TABLES, default_text, with_tables

SCRIPT = """\
#!/bin/sh
# Start of the node by `ros2 run` and `ros2 launch` after `pip install`, with the installed Python.
python=$(cd "$(dirname "$0")" && pwd -P)/../../bin/python3
[ -x "$python" ] || python=python3
exec "$python" -P -m "snn_control.ros.$(basename "$0")" "$@"
"""
"""Content of each file in `scripts`."""
PAGES = Path("docs", "reference", "ros2")
"""Folder of the pages with tables."""


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
        lines += [f"    # {docs[field.name]}", f"    {field.name}: {default_text(field)}"]
    return "\n".join(lines) + "\n"


def write(checkout: Path) -> None:
    """Write `configs/ros/NODE.yaml` and `scripts/NODE` of each node; update tables of the pages.

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
    for page in (checkout / PAGES).glob("*.md"):
        page.write_text(with_tables(page.read_text("utf-8")), "utf-8")


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
    for table in TABLES.values():
        print("\n".join(table()), end="\n\n")


if __name__ == "__main__":
    main(sys.argv[1:])
