"""Files with a checksum over their whole content: JSON documents and archives of arrays.

A JSON document has its SHA-256 in the key `sha256`: that of its canonical text without this key. An
npz archive has that of all bytes before its ZIP comment in this comment. Both are ordinary JSON and
npz files for other readers. Files without a checksum, of earlier versions, are read as well; the
CRC-32 of every member of an archive is always checked.

A ZIP comment that does not begin with `sha256:` is that of another program and no checksum: an
archive cut within these last 71 bytes, before the colon, is read. All its arrays are whole.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from snn_control.array_file import pack_npz, read_npz
from snn_control.errors import RunError, SnnControlError
from snn_control.input_file import decode_text, read_bytes

__all__ = [
    "CHECKSUM",
    "check_checksum",
    "pack_arrays",
    "read_arrays",
    "read_json",
    "to_json",
    "with_checksum",
]

CHECKSUM = "sha256"
"""Key of the checksum in a JSON document."""
_PREFIX = b"sha256:"
_COMMENT_BYTES = len(_PREFIX) + 64


def with_checksum(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a JSON document with its checksum."""
    content = _without(document, CHECKSUM)
    return content | {CHECKSUM: _digest(content)}


def check_checksum(
    document: Mapping[str, Any], where: str, error: type[SnnControlError] = RunError
) -> None:
    """Refuse a document that differs from its checksum; one without a checksum is accepted.

    Raises:
        SnnControlError: `error`.
    """
    if CHECKSUM in document:
        damaged = document[CHECKSUM] != _digest(_without(document, CHECKSUM))
    else:  # a checksum under another key is one whose name is damaged
        damaged = any(
            isinstance(value, str)
            and len(value) == 64
            and value == _digest(_without(document, key))
            for key, value in document.items()
        )
    if damaged:
        raise error(
            f"{where}: the content differs from its checksum {CHECKSUM}; the file is damaged or "
            f"was edited; restore it, or remove {CHECKSUM} after an edit"
        )


def to_json(document: Mapping[str, Any], **options: Any) -> bytes:
    """Return the text of a JSON document with its checksum; options of `json.dumps`."""
    return (json.dumps(with_checksum(document), **options) + "\n").encode()


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
    check_checksum(document, str(path))
    document.pop(CHECKSUM, None)
    return document


def pack_arrays(arrays: Mapping[str, Any], *, compress: bool = False) -> bytes:
    """Return arrays as the bytes of an npz archive with a checksum.

    Raises:
        ParameterError: an array contains Python objects.
    """
    packed = pack_npz(arrays, compress=compress, comment=bytes(_COMMENT_BYTES))
    content = packed[:-_COMMENT_BYTES]
    return content + _PREFIX + hashlib.sha256(content).hexdigest().encode()


def read_arrays(path: Path, error: type[SnnControlError] = RunError) -> dict[str, np.ndarray]:
    """Read all arrays of an npz archive after its checksum and those of its members.

    Raises:
        SnnControlError: `error`: not readable, not an archive of arrays, or damaged.
    """
    arrays = read_npz(path, error)
    with zipfile.ZipFile(path) as archive:
        comment = archive.comment
    if comment.startswith(_PREFIX):
        with path.open("rb") as file:
            left, digest = path.stat().st_size - len(comment), hashlib.sha256()
            while left > 0 and (block := file.read(min(left, 1 << 20))):
                digest.update(block)
                left -= len(block)
        if comment != _PREFIX + digest.hexdigest().encode():
            raise error(f"{path}: damaged: it differs from the checksum in its ZIP comment")
    return arrays


def _without(document: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != key}


def _digest(content: Mapping[str, Any]) -> str:
    try:
        plain = json.loads(json.dumps(content))  # keys become texts
    except RecursionError:  # deeper than any document of this package
        return ""
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
