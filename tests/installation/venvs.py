"""Virtual environments with the package installed from a copy of the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

from tests.installation.test_packaging import copy_checkout


def install(venv: Path, checkout: Path, *options: str) -> None:
    """Copy the checkout and install the copy in a new virtual environment, without network.

    Dependencies, pip and setuptools come from the environment of the tests; a plain path file
    excludes its editable snn_control.
    """
    copy_checkout(checkout)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    base = {"base": str(venv), "platbase": str(venv)}
    site = Path(sysconfig.get_path("purelib", vars=base))
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    subprocess.run(
        [venv / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-deps", "--no-index",
         "--no-build-isolation", *options, checkout],
        check=True, env=variables(venv),
    )  # fmt: skip


def variables(venv: Path) -> dict[str, str]:
    """Return the environment variables of a process in a virtual environment."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    return kept | {
        "AMENT_PREFIX_PATH": str(venv),
        "PATH": f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}",
    }
