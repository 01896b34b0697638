"""Reader of text files: a byte-order mark is accepted, undecodable bytes are named by line."""

from __future__ import annotations

import codecs
from pathlib import Path

from snn_control.errors import ConfigError

__all__ = ["decode_text", "read_text"]

LARGEST = 100_000_000
"""Largest size of a text file, bytes."""
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def read_text(path: str | Path) -> str:
    """Read a text file in UTF-8, or in UTF-16 or UTF-32 with a byte-order mark.

    Raises:
        ConfigError: no regular file, too large, not readable, or not text; the message names it.
    """
    path = Path(path)
    try:
        if not path.is_file():
            raise ConfigError(f"{path}: no such file; expected a text file")
        size = path.stat().st_size
        if size > LARGEST:
            raise ConfigError(f"{path}: {size} bytes; expected a text file of at most {LARGEST}")
        return decode_text(path.read_bytes(), str(path))
    except (OSError, ValueError) as exc:
        if isinstance(exc, ConfigError):
            raise
        raise ConfigError(f"{path}: cannot be read ({getattr(exc, 'strerror', exc)})") from exc


def decode_text(data: bytes, where: str) -> str:
    """Decode the bytes of a text file; `where` is its name for error messages.

    Raises:
        ConfigError: undecodable bytes or a NUL byte; the message has the line.
    """
    encoding = next((name for mark, name in _MARKS.items() if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as exc:
        line = data.count(b"\n", 0, exc.start) + 1
        raise ConfigError(
            f"{where}: line {line}: not {encoding} text (byte 0x{data[exc.start]:02x}); "
            "save the file as UTF-8"
        ) from exc
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise ConfigError(f"{where}: line {line}: NUL byte; the file is damaged or not text")
    return text
