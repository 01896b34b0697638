"""Onboard installation: its packages, and processes in which all others are hidden."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from importlib.metadata import requires
from pathlib import Path

from tests.paths import ROOT

REQUIREMENTS = ROOT / "requirements" / "onboard.txt"
HIDDEN_MODULES = {"cobs", "llvmlite", "norse", "PIL", "serial", "torchvision"}
"""Modules to hide that are not named like a requirement."""
_HIDE = """
import sys
HIDDEN = {hidden!r}
class Without:
    def __init__(self, finder):
        self.finder = finder
    def __getattr__(self, name):
        return getattr(self.finder, name)
    def find_spec(self, name, path=None, target=None):
        hidden = name.partition(".")[0] in HIDDEN or name in HIDDEN
        return None if hidden else self.finder.find_spec(name, path, target)
sys.meta_path[:] = map(Without, sys.meta_path)
"""


def names(lines: list[str]) -> set[str]:
    """Return the distributions that lines of requirements name, in lower case."""
    return {re.split(r"[^\w-]", line)[0].lower() for line in lines if line[0] != "#"}


def onboard() -> set[str]:
    """Return the distributions of the onboard installation."""
    return names(REQUIREMENTS.read_text("utf-8").splitlines())


def hidden() -> set[str]:
    """Return the modules of all requirements, extras included, that are not onboard.

    Modules of ROS stay: the node runs beside one.
    """
    lines = requires("snn_control") or []
    missing = names(lines) - onboard()
    return HIDDEN_MODULES | {name.replace("-", "_") for name in missing}


def environment(
    folder: Path, base: Mapping[str, str] = os.environ, without: set[str] | None = None
) -> dict[str, str]:
    """Return the environment variables of a process without some modules, by default `hidden`."""
    folder.mkdir(parents=True, exist_ok=True)
    modules = hidden() if without is None else without
    (folder / "sitecustomize.py").write_text(_HIDE.format(hidden=modules), "utf-8")
    path = os.pathsep.join(filter(None, (str(folder), str(ROOT), base.get("PYTHONPATH", ""))))
    return {**base, "PYTHONPATH": path}
