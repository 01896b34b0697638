"""Programs of the system that exports call, each with the Debian package that has it."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from snn_control.errors import MissingToolError, ParameterError

__all__ = ["PACKAGES", "find_tool", "missing_packages", "run_tool"]

PACKAGES = {
    "arm-none-eabi-gcc": "gcc-arm-none-eabi",
    "aarch64-linux-gnu-gcc": "gcc-aarch64-linux-gnu",
    "qemu-system-arm": "qemu-system-arm",
    "qemu-aarch64": "qemu-user",
}
"""Debian package of each program."""
LAST_LINES = 20


def find_tool(name: str) -> str:
    """Return the path of a program of `PACKAGES`.

    Raises:
        MissingToolError: it is not installed; with its package.
    """
    if path := shutil.which(name):
        return path
    raise MissingToolError(
        f"no {name}: install it (Debian and Ubuntu: `apt-get install {PACKAGES[name]}`)"
    )


def missing_packages(names: Sequence[str]) -> list[str]:
    """Return the packages of the programs that are not installed."""
    return sorted({PACKAGES[name] for name in names if shutil.which(name) is None})


def run_tool(command: Sequence[str | Path]) -> str:
    """Run a compiler or a tool of its kind; return the standard output.

    Raises:
        ParameterError: it fails; with its last lines.
    """
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        last = "\n".join((done.stderr or done.stdout).splitlines()[-LAST_LINES:])
        raise ParameterError(f"{shlex.join(words)} failed:\n{last}")
    return done.stdout
