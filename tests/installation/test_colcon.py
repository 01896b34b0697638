"""Builds of the checkout by colcon in a ROS 2 workspace, and package.xml."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from snn_control.ros.launching import NODES
from tests.installation.test_packaging import ROOT, copy_checkout
from tests.ros.start_node import check_start

COLCON = [
    "colcon-core", "colcon-ros", "colcon-python-setup-py", "colcon-recursive-crawl",
    "colcon-package-selection", "colcon-library-path", "colcon-output", "catkin-pkg",
    "setuptools<80",
]  # fmt: skip
PROBE = """
import importlib.util, json
import snn_control, snn_control.envs as envs
from snn_control.controllers import load, model_names
from snn_control.engines.reference import ReferenceEngine
from snn_control.resources import configs_folder, models_folder
envs.make("BlimpAltitude-v0", duration_s=100.0).reset(seed=0)
print(json.dumps({
    "package": snn_control.__file__,
    "envs": envs.__file__,
    "models": sorted(path.stem for path in models_folder().glob("*.safetensors")),
    "configs": sorted(path.stem for path in configs_folder().glob("*.yaml")),
    "names": model_names(),
    "period_s": load("blimp-altitude", engine=ReferenceEngine).control_period_s,
    "top": importlib.util.find_spec("envs") is not None,
}))
"""

SOURCE = '. install/setup.sh; export PYTHONPATH="$PYTHONPATH:$SITE"'


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of programs with colcon: of this environment, else of one created for the test."""
    here = Path(sys.executable).parent
    if (here / "colcon").exists():
        return here
    folder = tmp_path_factory.mktemp("colcon")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *COLCON]
    done = subprocess.run(pip, capture_output=True, text=True)
    if done.returncode and "No matching distribution" in done.stderr:
        pytest.skip(f"the package index cannot be reached: pip install {' '.join(COLCON)}")
    assert done.returncode == 0, done.stderr
    return folder / "bin"


@dataclass(frozen=True)
class Workspace:
    """Colcon workspace with the built package."""

    folder: Path
    linked: bool
    environment: dict[str, str]

    @property
    def prefix(self) -> Path:
        """Install prefix of the package."""
        return self.folder / "install" / "snn_control"

    def sourced(self, program: str, **variables: str) -> str:
        """Return the output of a Python program in the sourced workspace."""
        # -S hides snn_control of this environment; its other packages are on PYTHONPATH.
        script = f'{SOURCE}; exec "$PYTHON" -S -c "$PROGRAM"'
        environment = self.environment | {"NUMBA_DISABLE_JIT": "1"} | variables
        environment["PROGRAM"] = program
        return subprocess.run(
            ["sh", "-c", script], cwd=self.folder, capture_output=True, text=True, check=True,
            env=environment,
        ).stdout  # fmt: skip


@pytest.fixture(scope="module", params=["copied", "linked"])
def workspace(
    request: pytest.FixtureRequest, tools: Path, tmp_path_factory: pytest.TempPathFactory
) -> Workspace:
    folder, linked = tmp_path_factory.mktemp(request.param), request.param == "linked"
    return build(tools, folder, linked, SNN_CONTROL_WARM="0")


def build(tools: Path, folder: Path, linked: bool, **variables: str) -> Workspace:
    """Build a copy of the checkout, with more environment variables."""
    copy_checkout(folder / "src" / "snn_control")
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "COLCON"))}
    inherited |= variables
    done = subprocess.run(
        [tools / "colcon", "build", *(["--symlink-install"] if linked else [])],
        cwd=folder, env=inherited | {"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    here = {
        "SITE": sysconfig.get_path("purelib"), "PYTHON": sys.executable,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }  # fmt: skip
    return Workspace(folder, linked, inherited | here)


@pytest.mark.slow
def test_colcon_builds_a_workspace(workspace: Workspace) -> None:
    report = json.loads(workspace.sourced(PROBE))
    tmp_path = workspace.folder
    source = tmp_path / "src" / "snn_control"
    package = Path(report["package"])
    assert package.is_relative_to(tmp_path)
    assert package.resolve().is_relative_to(source) == workspace.linked
    assert Path(report["envs"]).is_relative_to(tmp_path)
    assert not report["top"]
    assert report["models"] == sorted(p.stem for p in (ROOT / "models").glob("*.safetensors"))
    assert report["configs"] == sorted(p.stem for p in (ROOT / "configs").glob("*.yaml"))
    assert {"pid", *report["models"]} <= set(report["names"])
    assert report["period_s"] == 0.1
    share = workspace.prefix / "share"
    assert (share / "ament_index" / "resource_index" / "packages" / "snn_control").exists()
    assert (share / "snn_control" / "package.xml").exists()
    configs = share / "snn_control" / "configs"
    assert {p.stem for p in configs.glob("*.yaml")} == set(report["configs"])
    assert {p.stem for p in (configs / "ros").iterdir()} == set(NODES)
    launch = {p.name for p in (share / "snn_control" / "launch").glob("*.launch.py")}
    assert launch == {p.name for p in (ROOT / "launch").glob("*.launch.py")}
    assert os.access(workspace.prefix / "lib" / "snn_control" / "snn-control", os.X_OK)


COMPILED = """
import numpy as np
from snn_control.compilation import on_compilation
from snn_control.controllers import load, model_names
compiled = []
with on_compilation(compiled.append):
    for name in model_names():
        controller = load(name)
        controller.step(np.zeros(len(controller.observation_names)))
print(compiled)
"""
"""Program that prints the kernels that are compiled for the shipped models."""


@pytest.mark.slow
@pytest.mark.parametrize("linked", [False, True], ids=["copied", "linked"])
def test_a_build_compiles_the_kernels(linked: bool, tools: Path, tmp_path: Path) -> None:
    cache, site = str(tmp_path / "cache"), sysconfig.get_path("purelib")
    workspace = build(tools, tmp_path, linked, NUMBA_CACHE_DIR=cache, PYTHONPATH=site)
    assert [*(tmp_path / "cache").rglob("*.nbc")]
    assert workspace.sourced(COMPILED, NUMBA_DISABLE_JIT="0").strip() == "[]"


@pytest.mark.slow
def test_launch_uses_the_executables_of_the_workspace(workspace: Workspace) -> None:
    program = (
        "import json; from snn_control.ros.launching import NODES, how_to_start, parameters_of;"
        "print(json.dumps({n: [how_to_start(n), str(parameters_of(n))] for n in NODES}))"
    )
    report = json.loads(workspace.sourced(program))
    for node in NODES:
        start, parameters = report[node]
        assert start == {"package": "snn_control", "executable": node}
        assert Path(parameters).is_relative_to(workspace.folder)
        assert os.access(workspace.prefix / "lib" / "snn_control" / node, os.X_OK)


@pytest.mark.slow
def test_executable_of_the_workspace_starts(workspace: Workspace) -> None:
    executable = workspace.prefix / "lib" / "snn_control" / "altitude_controller"
    script = f'{SOURCE}; exec "{executable}" "$@"'
    check_start(["sh", "-c", script, "sh"], workspace.environment, workspace.folder)


@pytest.mark.slow
def test_package_xml_follows_the_schema(tools: Path) -> None:
    """Parsed with catkin_pkg, as ROS 2 tools do; warnings are errors."""
    program = (
        "import sys; from catkin_pkg.package import parse_package; warnings = []\n"
        "package = parse_package(sys.argv[1], warnings=warnings)\n"
        "package.validate(warnings=warnings)\n"
        "assert not warnings, warnings\n"
        "print(package.get_build_type(), package.package_format)\n"
    )
    done = subprocess.run(
        [tools / "python", "-c", program, str(ROOT / "package.xml")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["ament_python", "3"]


def test_fields_of_package_xml_follow_format_3() -> None:
    """Required fields appear once, in the order of the schema; dependencies are unique."""
    package = ElementTree.parse(ROOT / "package.xml").getroot()
    tags = [child.tag for child in package if isinstance(child.tag, str)]
    order = ["name", "version", "description", "maintainer", "license", "exec_depend",
             "test_depend", "export"]  # fmt: skip
    assert sorted(tags, key=order.index) == tags
    for tag in ("name", "version", "description", "export"):
        assert tags.count(tag) == 1
    for tag in ("exec_depend", "test_depend"):
        names = [child.text for child in package.findall(tag)]
        assert names == sorted(set(names), key=str)
    maintainer = package.find("maintainer")
    assert maintainer is not None
    assert "@" in maintainer.attrib["email"]
    license_ = package.find("license")
    assert license_ is not None
    assert (ROOT / license_.attrib["file"]).is_file()
