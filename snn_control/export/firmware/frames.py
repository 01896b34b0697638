"""Frames on a serial line: 0x00, COBS(type, sequence number, payload, CRC-32), 0x00.

Numbers are little-endian. A leading 0x00 ends bytes that noise began. Equal to `frames.c` of the
firmware.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from snn_control.errors import require

__all__ = ["LONGEST", "Frame", "FrameReader", "encode"]

LONGEST = 4096
"""Longest encoded frame that is received, B."""
_HEAD = struct.Struct("<BH")
_CRC = struct.Struct("<I")


class Frame(NamedTuple):
    """Content of a frame."""

    type: int
    """Type, 0 to 255."""
    number: int
    """Sequence number, 0 to 65535."""
    payload: bytes
    """Payload."""


def encode(frame: Frame) -> bytes:
    """Return the bytes of a frame.

    Raises:
        MissingExtraError: cobs is not installed.
    """
    content = _HEAD.pack(frame.type, frame.number) + frame.payload
    cobs = require("cobs.cobs", "serial")
    return b"\0" + bytes(cobs.encode(content + _CRC.pack(zlib.crc32(content)))) + b"\0"


class FrameReader:
    """Receiver of frames in any pieces.

    Raises:
        MissingExtraError: cobs is not installed.
    """

    def __init__(self) -> None:
        self._cobs = require("cobs.cobs", "serial")
        self._pending = bytearray()
        self._overlong = False
        self.bad = 0
        """Number of frames that were too long, or had a wrong code or CRC."""

    def feed(self, received: bytes) -> Iterator[Frame]:
        """Yield the frames that end in the received bytes."""
        *ended, rest = received.split(b"\0")
        for piece in ended:
            self._append(piece)
            if (frame := self._frame()) is not None:
                yield frame
        self._append(rest)

    def clear(self) -> None:
        """Forget the begun frame."""
        self._pending.clear()
        self._overlong = False

    def _append(self, piece: bytes) -> None:
        self._overlong |= len(self._pending) + len(piece) > LONGEST
        if not self._overlong:
            self._pending += piece

    def _frame(self) -> Frame | None:
        encoded, overlong = bytes(self._pending), self._overlong
        self.clear()
        if not encoded and not overlong:
            return None
        frame = None if overlong else self._decoded(encoded)
        self.bad += frame is None
        return frame

    def _decoded(self, encoded: bytes) -> Frame | None:
        try:
            content = bytes(self._cobs.decode(encoded))
        except self._cobs.DecodeError:
            return None
        body, crc = content[: -_CRC.size], content[-_CRC.size :]
        if len(body) < _HEAD.size or _CRC.pack(zlib.crc32(body)) != crc:
            return None
        kind, number = _HEAD.unpack_from(body)
        return Frame(kind, number, body[_HEAD.size :])
