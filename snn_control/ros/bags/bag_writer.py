"""Writer of bags (MCAP) that a kill, a crash or a full disk cuts, but does not empty.

rosbags keeps messages in memory until a chunk holds 1 MiB and writes no checksums. Here a chunk
also ends at each `flush`, and has its CRC-32, by which `read_bag` detects damaged bytes.
"""

from __future__ import annotations

import errno
import os
from binascii import crc32
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.rosbag2.storage_mcap import McapWriter

__all__ = ["BagWriter"]

_CHUNK_CRC = 9 + 24
"""Offset of the checksum in a chunk record, after its head, two times and the size, bytes."""


class _ChunkWriter(McapWriter):
    """Writer of an MCAP file whose chunks have a checksum and leave the process when they end."""

    def close_chunk(self) -> None:
        """Write the present chunk with its checksum."""
        start, crc = self.bio.tell(), crc32(self.chunk.bio.getvalue())
        super().close_chunk()
        end = self.bio.tell()
        self.bio.seek(start + _CHUNK_CRC)
        self.bio.write(crc.to_bytes(4, "little"))
        self.bio.seek(end)
        self.bio.flush()

    def flush(self) -> None:
        """Write all messages.

        Raises:
            OSError: the file cannot be written or was removed.
        """
        if self.chunk.msgs:
            self.close_chunk()
        self.bio.flush()
        if not os.fstat(self.bio.fileno()).st_nlink:
            raise FileNotFoundError(errno.ENOENT, "the file was removed", str(self.path))


class BagWriter(Writer):
    """Writer of a bag in one MCAP file.

    Its methods raise `OSError` if the file cannot be written; `abort` then keeps what was written.
    """

    STORAGE_PLUGINS: Mapping[StoragePlugin, Any] = {StoragePlugin.MCAP: _ChunkWriter}
    storage: Any

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, version=Writer.VERSION_LATEST, storage_plugin=StoragePlugin.MCAP)

    def open(self) -> None:
        """Create the folder and the file."""
        super().open()
        self.flush()

    def flush(self) -> None:
        """Write all messages to the file: a killed process then loses none of them."""
        self.storage.flush()

    def abort(self) -> None:
        """Close the file without index and metadata after an error."""
        with suppress(OSError):
            super().abort()
