"""Linters of ROS 2, if they are installed; `make check` runs ruff in any case.

The rules on single quotes, import order and a line length of 99 are disabled; ruff has its own.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest

from tests.paths import ROOT

SOURCES = ["snn_control", "envs", "launch", "setup.py"]


@pytest.mark.parametrize(
    ("linter", "options"),
    [
        ("ament_flake8", ["--config", "setup.cfg", *SOURCES]),
        ("ament_pep257", ["--convention", "google", "--add-ignore", "D105", "D107", "D401", "--",
                          *SOURCES[:-1]]),
    ],
)  # fmt: skip
def test_linter_passes(linter: str, options: list[str]) -> None:
    if find_spec(linter) is None:
        pytest.skip(f"needs {linter}: source ROS 2 Jazzy")
    command = [sys.executable, "-m", f"{linter}.main", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
