"""Reading of NIR files as data alone: bounded size, no links to other files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from snn_control.errors import ModelFileError, require
from snn_control.export.nir.graph import nir_package
from snn_control.input_file import LARGEST, size_of

__all__ = ["read_graph"]

DEEPEST = 32
"""Largest number of nested groups."""


def read_graph(path: Path) -> Any:
    """Read the graph of a NIR file, a `nir.NIRGraph`.

    Raises:
        ModelFileError: the file is missing, damaged, too large or refers to other files.
        MissingExtraError: the package `nir` is not installed.
    """
    nir, h5py = nir_package(), require("h5py", "nir")
    if size_of(path, ModelFileError) > LARGEST:
        raise ModelFileError(f"{path}: expected at most {LARGEST} bytes")
    try:
        with h5py.File(path, "r") as file:
            _content_bytes(file, h5py, DEEPEST)
        graph = nir.read(path, type_check=False)
    except ModelFileError as exc:
        raise ModelFileError(f"{path}: {exc}") from exc
    except MemoryError:
        raise
    except Exception as exc:  # a damaged file may raise anything
        raise ModelFileError(f"{path}: not a NIR file ({type(exc).__name__}: {exc})") from exc
    if not isinstance(graph, nir.NIRGraph):
        raise ModelFileError(f"{path}: a single {type(graph).__name__}; expected a NIRGraph")
    return graph


def _content_bytes(group: Any, h5py: Any, depth: int) -> int:
    """Return the size of all arrays below a group, bytes."""
    if not depth:
        raise ModelFileError(f"more than {DEEPEST} nested groups")
    total = 0
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise ModelFileError(f"{name!r} is a link; expected the content")
        item = group[name]
        if isinstance(item, h5py.Group):
            total += _content_bytes(item, h5py, depth - 1)
        elif item.external or item.is_virtual:
            raise ModelFileError(f"{name!r} lies in another file")
        else:
            total += item.nbytes
        if total > LARGEST:
            raise ModelFileError(f"arrays of more than {LARGEST} bytes")
    return total
