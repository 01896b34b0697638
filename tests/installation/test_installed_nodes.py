"""Nodes after `pip install .` and `pip install -e .`: started by launch and as commands."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from snn_control.ros.launching import NODES
from tests.installation.venvs import install, variables
from tests.ros.start_node import check_start

PROBE = """
import json, snn_control
from snn_control.ros.launching import NODES, how_to_start, parameters_of
print(json.dumps({
    "package": snn_control.__file__,
    "start": {node: how_to_start(node) for node in NODES},
    "parameters": {node: str(parameters_of(node)) for node in NODES},
}))
"""


@pytest.fixture(scope="module", params=["installed", "editable"])
def environment(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path, bool]:
    """Virtual environment with the package, its checkout, and True for an editable install."""
    folder, editable = tmp_path_factory.mktemp(request.param), request.param == "editable"
    venv = folder / "venv"
    install(venv, folder / "checkout", *(["-e"] if editable else []))
    return venv, folder / "checkout", editable


@pytest.mark.slow
def test_launch_starts_a_node_of_the_environment(
    environment: tuple[Path, Path, bool], tmp_path: Path
) -> None:
    """Executable of a normal install, module of an editable install."""
    venv, checkout, editable = environment
    done = subprocess.run(
        [venv / "bin" / "python", "-c", PROBE], cwd=tmp_path, env=variables(venv),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    report = json.loads(done.stdout)
    assert Path(report["package"]).is_relative_to(checkout if editable else venv)
    assert all(Path(path).is_file() for path in report["parameters"].values())
    for node in NODES:
        start = report["start"][node]
        if editable:
            assert start["executable"] == str(venv / "bin" / "python")
        else:
            assert start == {"package": "snn_control", "executable": node}
            assert os.access(venv / "lib" / "snn_control" / node, os.X_OK)
    start = report["start"]["altitude_controller"]
    command = [start["executable"], *start.get("arguments", [])]
    if not editable:
        command = [str(venv / "lib" / "snn_control" / "altitude_controller")]
    outside = variables(venv) | {"PATH": os.environ["PATH"]}
    check_start(command, outside, tmp_path)


@pytest.mark.slow
def test_node_is_a_command_of_the_environment(
    environment: tuple[Path, Path, bool], tmp_path: Path
) -> None:
    venv, _, _ = environment
    check_start([venv / "bin" / "pid_controller"], variables(venv), tmp_path, "pid_controller")
