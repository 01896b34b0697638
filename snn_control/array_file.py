"""Archives of arrays (npz): packed, and read member by member after their checksums.

Only the chosen members are read, each after its CRC-32; the others may be large or damaged.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from snn_control.errors import ParameterError, SnnControlError, UnknownNameError
from snn_control.input_file import LARGEST, size_of

__all__ = ["pack_npz", "read_npz"]

_END = ".npy"
_BARE = b"\x93NUMPY"
_BLOCK_BYTES = 1 << 20


def pack_npz(arrays: Mapping[str, Any], *, compress: bool = False, comment: bytes = b"") -> bytes:
    """Return arrays as the bytes of an npz archive with a ZIP comment.

    Raises:
        ParameterError: an array contains Python objects.
    """
    buffer = io.BytesIO()
    compression = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        archive.comment = comment
        for name, value in arrays.items():
            array = np.asarray(value)
            if array.dtype.hasobject:
                raise ParameterError(
                    f"array {name!r} has Python objects; expected numbers or strings"
                )
            with archive.open(name + _END, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
    return buffer.getvalue()


def read_npz(
    path: str | Path, error: type[SnnControlError], names: Iterable[str] | None = None
) -> dict[str, np.ndarray]:
    """Read arrays of an npz archive; `names`: those to read, None: all.

    Raises:
        SnnControlError: `error`: not readable, not an archive of arrays, or a damaged member.
        UnknownNameError: no array of such a name; the message lists close ones.
    """
    size_of(path, error)
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename.removesuffix(_END): info for info in archive.infolist()}
            chosen = list(members if names is None else names)
            for name in chosen:
                if name not in members:
                    raise UnknownNameError(f"array of {path}:", name, members)
            _require_bounded([members[name] for name in chosen])
            return {name: _array(archive, members[name]) for name in chosen}
    except (UnknownNameError, MemoryError):
        raise
    except Exception as exc:  # decoders of damaged bytes may raise anything
        raise error(f"{path}: cannot be read as an npz file: {_reason(path, exc)}") from exc


def _require_bounded(members: list[zipfile.ZipInfo]) -> None:
    packed = sum(member.compress_size for member in members)
    unpacked = sum(member.file_size for member in members)
    if unpacked > 2000 * packed + LARGEST:
        raise ValueError(f"{unpacked} bytes in {packed} packed ones")


def _array(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(info) as member:  # its end has the checksum: the array is built afterwards
        while member.read(_BLOCK_BYTES):
            pass
    with archive.open(info) as member:
        return np.asarray(np.lib.format.read_array(member, allow_pickle=False))


def _reason(path: str | Path, exc: Exception) -> str:
    if isinstance(exc, zipfile.BadZipFile):
        with Path(path).open("rb") as file:
            if file.read(len(_BARE)) == _BARE:
                return "it contains one bare array"
    return str(exc) or type(exc).__name__
