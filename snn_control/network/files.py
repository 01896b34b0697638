"""Network files: a JSON document and a safetensors file, byte-stable and without code.

The document holds all names and single numbers; arrays are stored in the safetensors file under
keys that the document refers to. An infinite time constant or limit is `null`. The document holds
the schema version, the SHA-256 of the array file and its own (`sha256`, see `runs.checksums`),
which files of earlier versions lack. Neither file contains a time or a path.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy

from snn_control.errors import ModelFileError, ParameterError
from snn_control.input_file import LARGEST, read_bytes, size_of
from snn_control.network.document import (
    Document,
    Tensors,
    network_document,
    network_from_document,
)
from snn_control.network.fields import Field, parse
from snn_control.network.network import Network
from snn_control.runs import atomic
from snn_control.runs.checksums import CHECKSUM, check_checksum, to_json

__all__ = [
    "SCHEMA_VERSION",
    "Document",
    "Tensors",
    "load_network",
    "network_document",
    "network_from_document",
    "read_pair",
    "reading",
    "save_network",
    "write_pair",
]

SCHEMA_VERSION = 1


def save_network(network: Network, path: str | Path) -> Path:
    """Write `<path>.json` and `<path>.safetensors`; return the path of the document.

    Raises:
        RunError: the disk is full or the folder is not writable; an existing model is kept.
    """
    tensors: Tensors = {}
    document = {"kind": "network", "network": network_document(network, tensors)}
    return write_pair(path, document, tensors)


def load_network(path: str | Path) -> Network:
    """Read a network written by `save_network`.

    Raises:
        ModelFileError: the file is missing, corrupt, truncated, of another version or holds
            numbers that are not finite; the message names the field.
    """
    document, tensors = read_pair(path, "network")
    with reading(path):
        root = Field(document).only((*_HEAD, "network"))
        return network_from_document(root["network"].value, tensors)


def write_pair(path: str | Path, document: Document, tensors: Tensors) -> Path:
    """Write a document and its arrays.

    Both are written completely under temporary names before either replaces an existing file.

    Raises:
        RunError: the disk is full or the folder is not writable; an existing model is kept.
    """
    stem = _stem(path)
    arrays = safetensors.numpy.save({k: np.ascontiguousarray(v) for k, v in tensors.items()})
    document = document | {
        "schema_version": SCHEMA_VERSION,
        "arrays_sha256": hashlib.sha256(arrays).hexdigest(),
    }
    text = to_json(document, indent=1, sort_keys=True, allow_nan=False)
    target = stem.with_name(stem.name + ".json")
    contents = {stem.with_name(stem.name + ".safetensors"): arrays, target: text}
    partials = {
        place: place.with_name(f"{atomic.PARTIAL}{os.getpid()}-{place.name}") for place in contents
    }
    with atomic.writing(target):
        try:
            stem.parent.mkdir(parents=True, exist_ok=True)
            for place, content in contents.items():
                partials[place].write_bytes(content)
                atomic.sync(partials[place])
            for place in contents:
                partials[place].replace(place)
            atomic.sync(stem.parent)
        finally:
            for partial in partials.values():
                partial.unlink(missing_ok=True)
    return target


_HEAD = ("schema_version", "arrays_sha256", "kind")


def read_pair(path: str | Path, kind: str) -> tuple[Document, Tensors]:
    """Read a document and its arrays; check version, kind, checksum and finiteness.

    Raises:
        ModelFileError: a check fails; the message names the file and the field.
    """
    stem = _stem(path)
    json_path = stem.with_name(stem.name + ".json")
    array_path = stem.with_name(stem.name + ".safetensors")
    try:
        root = Field(parse(read_bytes(json_path, ModelFileError)))
    except ModelFileError:
        raise
    except ValueError as exc:
        raise ModelFileError(f"{json_path}: not a JSON document ({exc})") from exc
    arrays = _array_bytes(array_path)
    with reading(json_path):
        version = root["schema_version"].value
        if type(version) is not int or version != SCHEMA_VERSION:
            raise ModelFileError(
                f"schema_version is {version!r}, this version of snn_control reads "
                f"{SCHEMA_VERSION}; save the model again with a matching version"
            )
        if root["kind"].value != kind:
            raise ModelFileError(f"kind is {root['kind'].value!r}, expected {kind!r}")
    check_checksum(root.value, str(json_path), ModelFileError)
    root.value.pop(CHECKSUM, None)
    if root.value.get("arrays_sha256") != hashlib.sha256(arrays).hexdigest():
        raise ModelFileError(
            f"{array_path}: arrays_sha256 does not match the document; the file is truncated, "
            "corrupt or belongs to another model"
        )
    return root.value, _tensors(array_path, arrays)


def _array_bytes(path: Path) -> bytes:
    """Read a safetensors file whose header states its size.

    Raises:
        ModelFileError: the file cannot be read, or has another size than its header.
    """
    size = size_of(path, ModelFileError)
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= min(size - 8, LARGEST):
                raise ModelFileError(f"{path}: not a safetensors file: header of {length} bytes")
            header = json.loads(file.read(length))
            header.pop("__metadata__", None)
            ends = [item["data_offsets"][1] for item in header.values()]
            expected = 8 + length + max(ends, default=0)
            if expected != size:
                raise ModelFileError(
                    f"{path}: {size} bytes; its header states {expected}: truncated or extended"
                )
            file.seek(0)
            return file.read()
    except (ModelFileError, MemoryError):
        raise
    except OSError as exc:
        raise ModelFileError(f"{path}: cannot be read: {exc.strerror}") from exc
    except Exception as exc:  # a damaged header may raise anything
        raise ModelFileError(f"{path}: not a safetensors file ({exc!r})") from exc


def _tensors(path: Path, content: bytes) -> Tensors:
    """Decode arrays; any error of the decoder becomes a `ModelFileError`."""
    try:
        tensors = safetensors.numpy.load(content)
    except MemoryError:
        raise
    except Exception as exc:
        raise ModelFileError(
            f"{path}: not a safetensors file of NumPy arrays ({type(exc).__name__}: {exc})"
        ) from exc
    for key, value in tensors.items():
        if value.dtype.kind == "f" and np.any(np.isnan(value)):
            raise ModelFileError(f"{path}: {key} holds NaN")
    return tensors


class reading:  # noqa: N801 - reads as a statement
    """Context manager that adds the name of the model file to errors."""

    def __init__(self, path: str | Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, (ModelFileError, ParameterError)):
            raise ModelFileError(f"{self.path}: {error}") from error


def _stem(path: str | Path) -> Path:
    path = Path(path)
    if not path.name:
        raise ModelFileError(f"{str(path)!r} names no file; expected the path of a model")
    return path.with_suffix("") if path.suffix in (".json", ".safetensors") else path
