"""List of the nodes, and its consistency with setup, files, docs and classes."""

from __future__ import annotations

import ast
import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest

from snn_control.errors import UnknownNameError
from snn_control.ros import launching
from snn_control.ros.nodes import NODES, SYSTEMS
from tests.paths import ROOT
from tests.ros.conftest import NEEDS_ROS

NAMES = [node.name for node in NODES]
SETUP = """
import json, runpy, setuptools, sys
options = {}
setuptools.setup = options.update
runpy.run_path("setup.py")
ours = [name for name in sys.modules if name.startswith("snn_control")]
print(json.dumps([options["entry_points"]["console_scripts"], dict(options["data_files"]), ours]))
"""


def test_names_are_unique_and_simulators_exist() -> None:
    kinds = {node.name: node.kind for node in NODES}
    assert len(kinds) == len(NODES)
    for node in NODES:
        assert bool(node.simulator) == (node.kind == "controller")
        assert not node.simulator or kinds[node.simulator] == "simulator"


def test_nodes_are_listed_by_kind() -> None:
    """The tables join the rows of adjacent nodes."""
    kinds = [node.kind for node in NODES]
    assert sorted(kinds, key=kinds.index) == kinds


def test_every_module_that_runs_a_node_is_listed() -> None:
    def has_main(path: Path) -> bool:
        body = ast.parse(path.read_text("utf-8")).body
        names = {node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        return "main" in names and path.stem != "describe"

    modules = (ROOT / "snn_control" / "ros").glob("*.py")
    assert {path.stem for path in modules if has_main(path)} == set(NAMES)


@pytest.mark.parametrize("system", [system.name for system in SYSTEMS if system.name])
def test_a_system_has_its_folder(system: str) -> None:
    assert (ROOT / "snn_control" / "ros" / system / "interfaces.py").is_file()


def test_the_list_does_not_import_the_package() -> None:
    tree = ast.parse((ROOT / "snn_control" / "ros" / "nodes.py").read_text("utf-8"))
    imported = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert imported == {"__future__", "typing"}
    assert not [n for n in ast.walk(tree) if isinstance(n, ast.Import)]


def test_setup_has_a_command_and_an_executable_for_each_node() -> None:
    import json

    done = subprocess.run(
        [sys.executable, "-P", "-c", SETUP], cwd=ROOT, capture_output=True, text=True, check=True
    )
    commands, files, ours = json.loads(done.stdout)
    assert commands[0].startswith("snn-control = ")
    assert commands[1:] == [f"{name} = snn_control.ros.{name}:main" for name in NAMES]
    assert sorted(files["lib/snn_control"]) == sorted(f"scripts/{name}" for name in NAMES)
    parameters = sorted(f"configs/ros/{name}.yaml" for name in NAMES)
    assert sorted(files["share/snn_control/configs/ros"]) == parameters
    assert not ours


def test_each_node_has_a_script_and_a_parameter_file() -> None:
    assert {path.name for path in (ROOT / "scripts").iterdir()} == set(NAMES)
    assert {path.name for path in (ROOT / "configs" / "ros").iterdir()} == {
        f"{name}.yaml" for name in NAMES
    }
    assert all(os.access(ROOT / "scripts" / name, os.X_OK) for name in NAMES)


def test_the_guide_lists_the_nodes() -> None:
    text = (ROOT / "docs" / "reference" / "ros2" / "index.md").read_text("utf-8")
    rows = [f"| `{node.name}` | {node.system or '-'} | {node.kind} | " for node in NODES]
    assert all(row in text for row in rows)


def test_launching_contains_the_nodes() -> None:
    assert list(launching.NODES.values()) == list(NODES)
    assert launching.module_of("recorder") == "snn_control.ros.recorder"
    assert launching.module_of("cart_package.cart_controller") == "cart_package.cart_controller"
    with pytest.raises(UnknownNameError, match="Did you mean: `recorder`"):
        launching.module_of("recoder")


@pytest.mark.parametrize("node", NODES, ids=NAMES)
def test_the_class_of_a_node_matches_the_list(node: launching.nodes.Node) -> None:
    pytest.importorskip("rclpy", reason=NEEDS_ROS)
    from snn_control.ros import interfaces, tables
    from snn_control.ros.base.controller_node import ControllerNode
    from snn_control.ros.base.simulator_node import SimulatorNode

    kind = interfaces.class_of(node)
    assert issubclass(kind, ControllerNode) == (node.kind == "controller")
    assert issubclass(kind, SimulatorNode) == (node.kind == "simulator")
    names = {field.name for field in dataclasses.fields(kind.config_type)}
    assert ("model" in names) == node.takes_model
    assert interfaces.OWN[node.name] is kind.interface
    assert tables.NODES[node.name] is kind.config_type
    assert tables.CONFIGS[node.name] is kind.config_type


def test_the_files_of_the_nodes_equal_those_of_the_command(tmp_path: Path) -> None:
    pytest.importorskip("rclpy", reason=NEEDS_ROS)
    from snn_control.ros import describe

    (tmp_path / "configs" / "ros").mkdir(parents=True)
    (tmp_path / "scripts").mkdir()
    describe.write(tmp_path)
    written = {p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file()}
    assert len(written) == 2 * len(NODES)
    for path in written:
        assert (tmp_path / path).read_bytes() == (ROOT / path).read_bytes()
        assert (tmp_path / path).stat().st_mode & 0o111 == (ROOT / path).stat().st_mode & 0o111
