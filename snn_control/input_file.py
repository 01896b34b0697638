"""Reader of input files: regular files of bounded size, text with or without a byte-order mark."""

from __future__ import annotations

import codecs
import errno
import reprlib
import stat
from collections.abc import Callable
from pathlib import Path

from snn_control.errors import ConfigError, SnnControlError

__all__ = [
    "LARGEST",
    "decode_text",
    "is_file",
    "is_folder",
    "read_bytes",
    "read_text",
    "shortened",
    "size_of",
]

LARGEST = 100_000_000
"""Default of the largest accepted size, bytes."""
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_NO_PLACE = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP}
"""Errors of names that no file has."""
_SHORT = reprlib.Repr()
_SHORT.maxstring = 200


def shortened(name: object) -> str:
    """Return a name for a message: printable and of bounded length."""
    return _SHORT.repr(str(name)).strip("'\"")


def is_file(path: str | Path) -> bool:
    """Return True for a regular file; False also for names that no file can have.

    Raises:
        ConfigError: the path cannot be examined, for example because of its permissions.
    """
    return _is(Path.is_file, path)


def is_folder(path: str | Path) -> bool:
    """Return True for a folder; False also for names that no folder can have.

    Raises:
        ConfigError: the path cannot be examined, for example because of its permissions.
    """
    return _is(Path.is_dir, path)


def _is(kind: Callable[[Path], bool], path: str | Path) -> bool:
    try:
        return kind(Path(path))
    except ValueError:  # a NUL in the name
        return False
    except OSError as exc:
        if exc.errno in _NO_PLACE:
            return False
        raise ConfigError(f"{shortened(path)}: cannot be read: {exc.strerror}") from exc


def size_of(path: str | Path, error: type[SnnControlError] = ConfigError) -> int:
    """Return the size of a regular file, bytes.

    A folder, a pipe or a device is refused: reading it may wait or continue without end.

    Raises:
        SnnControlError: `error`, with the name of the file and the reason.
    """
    shown = shortened(path)
    try:
        status = Path(path).stat()
    except (OSError, ValueError) as exc:  # ValueError: a NUL in the name
        reason = exc.strerror if isinstance(exc, OSError) else exc
        raise error(f"{shown}: cannot be read: {reason}") from exc
    if not stat.S_ISREG(status.st_mode):
        raise error(f"{shown}: not a regular file; expected a file")
    return status.st_size


def read_bytes(
    path: str | Path, error: type[SnnControlError] = ConfigError, largest: int = LARGEST
) -> bytes:
    """Read a regular file whose size is checked before.

    Raises:
        SnnControlError: `error`: not a regular file, too large, or not readable.
    """
    size = size_of(path, error)
    if size > largest:
        raise error(f"{path}: {size} bytes; expected at most {largest}")
    try:
        return Path(path).read_bytes()
    except OSError as exc:
        raise error(f"{path}: cannot be read: {exc.strerror}") from exc


def read_text(path: str | Path, error: type[SnnControlError] = ConfigError) -> str:
    """Read a text file in UTF-8, or in UTF-16 or UTF-32 with a byte-order mark.

    Raises:
        SnnControlError: `error`: see `read_bytes` and `decode_text`.
    """
    return decode_text(read_bytes(path, error), str(path), error)


def decode_text(data: bytes, where: str, error: type[SnnControlError] = ConfigError) -> str:
    """Decode the bytes of a text file; `where` is its name for error messages.

    Raises:
        SnnControlError: `error`: undecodable bytes or a NUL byte; the message has the line.
    """
    encoding = next((name for mark, name in _MARKS.items() if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as exc:
        line = data.count(b"\n", 0, exc.start) + 1
        byte = data[exc.start]
        raise error(
            f"{where}: line {line}: not {encoding} text (byte 0x{byte:02x}); save it as UTF-8"
        ) from exc
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise error(f"{where}: line {line}: NUL byte; the file is damaged or not text")
    return text
