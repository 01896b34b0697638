"""Manifest of an export, and the folder that it lies in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import snn_control
from snn_control.errors import ModelFileError, ParameterError
from snn_control.input_file import read_bytes
from snn_control.network.fields import Field, parse
from snn_control.network.program import Program
from snn_control.runs.atomic import write_folder

__all__ = [
    "MANIFEST",
    "common_entries",
    "listed_file",
    "read_manifest",
    "require_empty",
    "write_export",
]

MANIFEST = "manifest.json"


def common_entries(
    program: Program, name: str, precision: str, model_sha256: str
) -> dict[str, Any]:
    """Return the entries of every manifest."""
    return {
        "name": name,
        "made_by": f"snn_control {snn_control.__version__}",
        "precision": precision,
        "model_sha256": model_sha256,
        "control_period_s": program.control_period_s,
        "inputs": list(program.observation_names),
        "outputs": list(program.action_names),
        "spiking_neurons": program.n_spiking,
    }


def require_empty(folder: Path) -> None:
    """Refuse a folder with files.

    Raises:
        ParameterError: it has some.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ParameterError(f"{folder} is not empty; name another folder")


def write_export(folder: Path, fill: Callable[[Path], dict[str, Any]]) -> dict[str, Any]:
    """Write the files of an export and its manifest; all of them or none.

    Args:
        folder: folder that does not exist or is empty.
        fill: function that writes all other files to a temporary folder, and returns the manifest.

    Raises:
        ParameterError: the folder has files.
        RunError: the disk is full or the folder cannot be written.
    """
    require_empty(folder)
    manifest: dict[str, Any] = {}

    def write(partial: Path) -> None:
        manifest.update(fill(partial))
        text = json.dumps(manifest, indent=1, allow_nan=False) + "\n"
        (partial / MANIFEST).write_text(text, "utf-8")

    write_folder(folder, write)
    return manifest


def read_manifest(folder: str | Path) -> Field:
    """Read the manifest of an export.

    Raises:
        ModelFileError: it is missing or damaged.
    """
    path = Path(folder) / MANIFEST
    try:
        return Field(parse(read_bytes(path, ModelFileError)), str(path))
    except ModelFileError:
        raise
    except ValueError as exc:
        raise ModelFileError(f"{path}: not a JSON document ({exc})") from exc


def listed_file(folder: str | Path, field: Field) -> Path:
    """Return the path of a file that a manifest lists.

    Raises:
        ModelFileError: the name leads out of the folder.
    """
    name = field.text()
    if Path(name).name != name:
        raise field.fail("a name of a file in this folder")
    return Path(folder) / name
