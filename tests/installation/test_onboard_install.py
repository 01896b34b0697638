"""Onboard installation by the lines of the guide, in an empty environment beside ROS 2."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, blocks
from tests.installation import onboard
from tests.installation.test_packaging import copy_checkout
from tests.paths import ROOT
from tests.ros.start_node import check_start

SIZE_MB = 110


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Virtual environment that was made by the lines of the guide."""
    folder = tmp_path_factory.mktemp("onboard")
    copy_checkout(folder)
    (folder / "requirements").symlink_to(ROOT / "requirements")
    (lines,) = (b for b in blocks(DOCS / "how-to" / "install.md", "sh") if "onboard.txt" in b)
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    done = subprocess.run(
        ["sh", "-ec", f". venv/bin/activate\n{lines}"], cwd=folder, capture_output=True, text=True
    )
    if done.returncode and "No matching distribution" in done.stderr:
        pytest.skip("the package index cannot be reached")
    assert done.returncode == 0, done.stderr
    return folder / "venv"


@pytest.mark.slow
def test_the_node_of_the_pid_starts_and_it_is_small(installed: Path, tmp_path: Path) -> None:
    ros = tmp_path / "ros"
    ros.mkdir()
    others = {*onboard.hidden(), *onboard.onboard(), "numpy.libs", "snn_control", "llvmlite.libs"}
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if not path.name.lower().startswith((*others, "__editable__")):
            (ros / path.name).symlink_to(path)
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    python = installed / "bin" / "python"
    command: list[str | Path] = [python, "-m", "snn_control.ros.pid_controller"]
    check_start(command, kept | {"PYTHONPATH": str(ros)}, tmp_path, "pid_controller")
    size = subprocess.run(["du", "-sm", installed], capture_output=True, text=True, check=True)
    assert int(size.stdout.split()[0]) <= SIZE_MB
