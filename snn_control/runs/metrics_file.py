"""metrics.jsonl: one JSON object per line, appended and flushed.

A last line without an end is the torn write of a killed process: it is ignored, and a writer
removes it. Any other line that is not a JSON object is an error with its number.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from snn_control.copies import NotCopied
from snn_control.errors import RunError
from snn_control.input_file import read_bytes
from snn_control.runs import atomic

LARGEST_FILE = 1_000_000_000
"""Largest accepted size of metrics.jsonl, bytes."""


class MetricsFile(NotCopied):
    """Append-only file of records; a failed write leaves the file at its last complete record."""

    instead = "open the run again with Run.open"

    def __init__(self, path: Path) -> None:
        self._path = path
        with atomic.writing(path):
            self._file = path.open("ab", buffering=0)
        truncate(path, whole_bytes(path))
        self._digest = hashlib.sha256(path.read_bytes())

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
            except OSError:
                if self._path.is_file():
                    os.truncate(self._path, before)
                raise
        self._digest.update(line)

    def sync(self) -> tuple[int, str]:
        """Sync all lines to the disk; return the length of the file, bytes, and its SHA-256.

        Raises:
            RunError: the file cannot be written.
        """
        with atomic.writing(self._path):
            os.fsync(self._file.fileno())
        return self._size(), self._digest.hexdigest()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _size(self) -> int:
        return os.fstat(self._file.fileno()).st_size


def read(path: Path) -> list[dict[str, Any]]:
    """Return all complete records; none if the file is missing.

    Raises:
        RunError: not readable, or a line is not a JSON object; the message has file and line.
    """
    if not path.exists():
        return []
    data = read_bytes(path, RunError, largest=LARGEST_FILE)
    lines = data[: data.rfind(b"\n") + 1].split(b"\n")
    return [_record(path, k, line) for k, line in enumerate(lines, 1) if line.strip(b" \r")]


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


def require_prefix(path: Path, length: int, sha256: str) -> None:
    """Refuse a file whose first `length` bytes are missing or differ from their checksum.

    Raises:
        RunError: names the file; an empty checksum is not compared.
    """
    data = read_bytes(path, RunError, largest=LARGEST_FILE) if path.exists() else b""
    if len(data) < length:
        raise RunError(f"{path} has {len(data)} bytes; expected at least {length}: lines are lost")
    if sha256 and hashlib.sha256(data[:length]).hexdigest() != sha256:
        raise RunError(f"{path}: the first {length} bytes differ from their checksum")


def truncate(path: Path, length: int) -> None:
    """Truncate the file to `length` bytes if it is longer."""
    if path.is_file() and path.stat().st_size > length:
        with atomic.writing(path):
            os.truncate(path, length)
            atomic.sync(path)


def whole_bytes(path: Path) -> int:
    """Return the length of the file up to its last line end, bytes."""
    return path.read_bytes().rfind(b"\n") + 1 if path.is_file() else 0


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
