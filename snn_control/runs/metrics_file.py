"""metrics.jsonl: one JSON object per line, appended and flushed; a partial last line is ignored."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from snn_control.copies import NotCopied
from snn_control.runs import atomic


class MetricsFile(NotCopied):
    """Append-only file of records; a failed write leaves the file at its last complete record."""

    instead = "open the run again with Run.open"

    def __init__(self, path: Path) -> None:
        self._path = path
        with atomic.writing(path):
            self._file = path.open("ab", buffering=0)
        truncate(path, whole_bytes(path))

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

    def sync(self) -> int:
        """Sync all lines to the disk; return the length of the file, bytes."""
        with atomic.writing(self._path):
            os.fsync(self._file.fileno())
        return self._size()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _size(self) -> int:
        return os.fstat(self._file.fileno()).st_size


def read(path: Path) -> list[dict[str, Any]]:
    """Return all complete records; none if the file is missing."""
    if not path.exists():
        return []
    lines = path.read_bytes()[: whole_bytes(path)].splitlines()
    return [json.loads(line) for line in lines if line.strip()]


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
