"""metrics.jsonl: one JSON object per line, appended and flushed.

A last line without an end is the torn write of a killed process: it is ignored, and a writer
removes it. Any other line that is not a JSON object is an error with its number. The file is read
line by line: its size has no limit.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from snn_control.copies import NotCopied
from snn_control.errors import RunError
from snn_control.input_file import LARGEST, size_of
from snn_control.runs import atomic

_BLOCK_BYTES = 1 << 20


class MetricsFile(NotCopied):
    """Append-only file of records; a failed write leaves the file at its last complete record."""

    instead = "open the run again with Run.open"

    def __init__(self, path: Path) -> None:
        self._path = path
        with atomic.writing(path):
            self._file = path.open("ab", buffering=0)
        self._digest, self._hashed = hashlib.sha256(), 0
        for line in lines(path):
            self._digest.update(line)
            self._hashed += len(line)
        truncate(path, self._hashed)

    def append(self, record: Mapping[str, Any]) -> None:
        """Write one line; non-finite numbers become null.

        Raises:
            RunError: the disk is full or the file cannot be written.
        """
        line = json.dumps(plain(record), allow_nan=False).encode() + b"\n"
        before = self._size()
        with atomic.writing(self._path):
            try:
                if self._file.write(line) != len(line):
                    raise OSError(28, "No space left on device")
            except BaseException:  # also an interrupt
                if self._path.is_file():
                    os.truncate(self._path, before)
                raise

    def sync(self) -> tuple[int, str]:
        """Sync all lines to the disk; return the length of the file, bytes, and its SHA-256.

        Raises:
            RunError: the file cannot be written.
        """
        with atomic.writing(self._path):
            os.fsync(self._file.fileno())
            with self._path.open("rb") as file:  # an interrupt may lie between write and checksum
                file.seek(self._hashed)
                while block := file.read(_BLOCK_BYTES):
                    self._digest.update(block)
                    self._hashed += len(block)
        return self._hashed, self._digest.hexdigest()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _size(self) -> int:
        return os.fstat(self._file.fileno()).st_size


def read(path: Path, length: int = 0, sha256: str = "") -> list[dict[str, Any]]:
    """Return all complete records; none if the file is missing. Arguments: see `lines`.

    Raises:
        RunError: not readable, lines are lost, or a line is not a JSON object; the message has file
            and line.
    """
    return [
        _record(path, k, line)
        for k, line in enumerate(lines(path, length, sha256), 1)
        if line.strip(b" \r\n")
    ]


def _record(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line.decode("utf-8"), parse_constant=_refuse)
        if not isinstance(record, dict):
            raise ValueError(f"expected a JSON object, got {type(record).__name__}")
    except (ValueError, RecursionError) as exc:
        raise RunError(
            f"{path}: line {number} is damaged ({exc}); resume the run to compute the lines after "
            "its last whole checkpoint again, or remove the line"
        ) from exc
    return record


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def lines(path: Path, length: int = 0, sha256: str = "") -> Iterator[bytes]:
    """Yield the lines up to the last line end, one at a time; none if the file is missing.

    Args:
        path: path of the file.
        length: bytes of the lines that must be there.
        sha256: SHA-256 of these bytes; empty: not compared.

    Raises:
        RunError: not a regular file, not readable, a line of more than `LARGEST` bytes, or the
            first `length` bytes are missing or differ.
    """
    n_bytes, digest = 0, hashlib.sha256()
    for line in _whole_lines(path) if path.exists() else ():
        yield line
        before, n_bytes = n_bytes, n_bytes + len(line)
        if n_bytes <= length:
            digest.update(line)
        if before < length <= n_bytes and sha256 and digest.hexdigest() != sha256:
            raise RunError(f"{path}: the first {length} bytes differ from their checksum")
    if n_bytes < length:
        raise RunError(
            f"{path} has {n_bytes} bytes of whole lines; expected at least {length}: lines are lost"
        )


def _whole_lines(path: Path) -> Iterator[bytes]:
    size_of(path, RunError)
    try:
        with path.open("rb") as file:
            while (line := file.readline(LARGEST)).endswith(b"\n"):
                yield line
    except OSError as exc:
        raise RunError(f"{path}: cannot be read: {exc.strerror}") from exc
    if len(line) == LARGEST:
        raise RunError(f"{path}: a line of more than {LARGEST} bytes; the file is damaged")


def require_prefix(path: Path, length: int, sha256: str) -> None:
    """Refuse a file whose first `length` bytes are missing or differ from their checksum.

    Raises:
        RunError: see `lines`.
    """
    for _ in lines(path, length, sha256):
        pass


def truncate(path: Path, length: int) -> None:
    """Truncate the file to `length` bytes if it is longer."""
    if path.is_file() and path.stat().st_size > length:
        with atomic.writing(path):
            os.truncate(path, length)
            atomic.sync(path)


def plain(value: Any) -> Any:
    """Convert NumPy values, tuples and paths to JSON types, and non-finite numbers to None."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value
