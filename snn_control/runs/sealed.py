"""Files with a checksum over their whole content: JSON documents and archives of arrays.

A JSON document has its SHA-256 in the key `sha256`: that of its canonical text without this key. An
npz archive has that of all bytes before its ZIP comment in this comment. Both are ordinary JSON and
npz files for other readers. Files without a checksum, of earlier versions, are read as well; the
CRC-32 of every member of an archive is always checked.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from snn_control.errors import RunError, SnnControlError
from snn_control.input_file import LARGEST, decode_text, read_bytes, size_of

__all__ = ["SEAL", "check_seal", "pack_arrays", "read_arrays", "read_json", "sealed", "to_json"]

SEAL = "sha256"
_PREFIX = b"sha256:"
_COMMENT = len(_PREFIX) + 64


def sealed(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a JSON document with its checksum."""
    content = _without(document, SEAL)
    return content | {SEAL: _digest(content)}


def check_seal(
    document: Mapping[str, Any], where: str, error: type[SnnControlError] = RunError
) -> None:
    """Refuse a document that differs from its checksum; one without a checksum is accepted.

    Raises:
        SnnControlError: `error`.
    """
    if SEAL in document:
        damaged = document[SEAL] != _digest(_without(document, SEAL))
    else:  # a checksum under another key is one whose name is damaged
        damaged = any(
            isinstance(value, str)
            and len(value) == 64
            and value == _digest(_without(document, key))
            for key, value in document.items()
        )
    if damaged:
        raise error(
            f"{where}: the content differs from its checksum {SEAL}; the file is damaged or was "
            f"edited; restore it, or remove {SEAL} after an edit"
        )


def to_json(document: Mapping[str, Any], **options: Any) -> bytes:
    """Return the text of a JSON document with its checksum; options of `json.dumps`."""
    return (json.dumps(sealed(document), **options) + "\n").encode()


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object without its checksum, which is checked.

    Raises:
        RunError: not readable, not a JSON object, or damaged; the message names the file.
    """
    text = decode_text(read_bytes(path, RunError), str(path), RunError)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise RunError(f"{path}: not a JSON document ({exc})") from exc
    if not isinstance(document, dict):
        raise RunError(f"{path}: expected a JSON object, got {type(document).__name__}")
    check_seal(document, str(path))
    document.pop(SEAL, None)
    return document


def pack_arrays(arrays: Mapping[str, Any], *, compress: bool = False) -> bytes:
    """Return arrays as the bytes of an npz archive with a checksum."""
    buffer = io.BytesIO()
    write = np.savez_compressed if compress else np.savez
    write(buffer, allow_pickle=False, **arrays)  # type: ignore[arg-type]
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.comment = bytes(_COMMENT)
    content = buffer.getvalue()[:-_COMMENT]
    return content + _PREFIX + hashlib.sha256(content).hexdigest().encode()


def read_arrays(path: Path, error: type[SnnControlError] = RunError) -> dict[str, np.ndarray]:
    """Read all arrays of an npz archive after its checksum and those of its members.

    Raises:
        SnnControlError: `error`: not readable, not an archive of arrays, or damaged.
    """
    size_of(path, error)
    try:
        with zipfile.ZipFile(path) as archive:
            _check_archive(path, archive)
        with np.load(path, allow_pickle=False) as loaded:
            return {name: loaded[name] for name in loaded.files}
    except Exception as exc:  # decoders of damaged bytes may raise anything
        reason = str(exc) or type(exc).__name__
        raise error(f"{path}: a damaged file, or none of arrays ({reason})") from exc


def _check_archive(path: Path, archive: zipfile.ZipFile) -> None:
    packed = sum(member.compress_size for member in archive.infolist())
    unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > 2000 * packed + LARGEST:
        raise ValueError(f"{unpacked} bytes in {packed} packed ones")
    damaged = archive.testzip()
    if damaged is not None:
        raise ValueError(f"checksum of {damaged}")
    if archive.comment:
        with path.open("rb") as file:
            left, digest = path.stat().st_size - len(archive.comment), hashlib.sha256()
            while left > 0 and (block := file.read(min(left, 1 << 20))):
                digest.update(block)
                left -= len(block)
        if archive.comment != _PREFIX + digest.hexdigest().encode():
            raise ValueError("checksum of the archive")


def _without(document: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != key}


def _digest(content: Mapping[str, Any]) -> str:
    try:
        plain = json.loads(json.dumps(content))  # keys become texts
    except RecursionError:  # deeper than any document of this package
        return ""
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
