"""manifest.json: command, seed, versions and status of a run."""

from __future__ import annotations

import platform
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import snn_control
from snn_control.errors import RunError
from snn_control.input_file import is_file, shortened
from snn_control.runs import atomic
from snn_control.runs.checksums import read_json, to_json

SCHEMA = 1
STATUSES = ("running", "finished", "stopped", "crashed")
_LIBRARIES = ("numpy", "numba", "torch", "norse", "mujoco", "gymnasium", "deap")


def make(command: str, seed: int, budget: str = "") -> dict[str, Any]:
    """Return the manifest of a run that starts now, without machine, user or folder names."""
    return {
        "schema": SCHEMA,
        "status": "running",
        "command": command,
        "seed": seed,
        "budget": budget,
        "versions": versions(),
        "commit": commit(),
        "platform": f"{platform.system()} {platform.machine()}",
        "started": now(),
        "ended": None,
    }


def write(path: Path, manifest: dict[str, Any]) -> None:
    """Replace the manifest on the disk."""
    atomic.write_bytes(path, to_json(manifest, indent=2))


def read(path: Path) -> dict[str, Any]:
    """Read a manifest.

    Raises:
        RunError: the file does not exist, is damaged or has another schema.
    """
    if not is_file(path):
        raise RunError(
            f"{shortened(path.parent)} is not a run folder: it has no manifest.json; "
            "pass the folder written by `snn-control evolve` or `train`"
        )
    manifest = read_json(path)
    if manifest.get("schema") != SCHEMA:
        raise RunError(
            f"{path} has schema {manifest.get('schema')}, "
            f"this version reads {SCHEMA}; install the version of snn_control that wrote it"
        )
    return manifest


def versions() -> dict[str, str]:
    """Return the versions of Python, this package and the libraries that affect results."""
    installed = {"snn_control": snn_control.__version__, "python": platform.python_version()}
    for library in _LIBRARIES:
        try:
            installed[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            continue
    return installed


def commit() -> str | None:
    """Return the commit of the checkout, with `+` for local changes; None outside of a checkout."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    try:
        head = _git(root, "rev-parse", "HEAD")
        return head + ("+" if _git(root, "status", "--porcelain", "-uno") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def now() -> str:
    """Return the current time in UTC, ISO 8601, in seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    return done.stdout.strip()
