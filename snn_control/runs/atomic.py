"""Atomic writes: a reader gets the old or the new content, never a partial one."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from snn_control.errors import RunError
from snn_control.runs.checksums import pack_arrays

__all__ = [
    "PARTIAL",
    "point",
    "remove_partials",
    "sync",
    "write_arrays",
    "write_bytes",
    "write_folder",
    "writing",
]

PARTIAL = ".partial-"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_UNSUPPORTED = {errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF, errno.EACCES, errno.EPERM}


def write_bytes(path: Path, data: bytes) -> None:
    """Replace the content of the file `path` by `data`.

    Raises:
        RunError: the disk is full or the folder cannot be written; the old file is kept.
    """
    partial = path.with_name(f"{PARTIAL}{os.getpid()}-{path.name}")
    with writing(path):
        try:
            partial.write_bytes(data)
            sync(partial)
            os.replace(partial, path)
            sync(path.parent)
        finally:
            partial.unlink(missing_ok=True)


def write_arrays(path: Path, arrays: Mapping[str, Any]) -> None:
    """Replace the file `path` (npz, compressed, with a checksum) by `arrays`.

    Raises:
        RunError: see `write_bytes`.
    """
    write_bytes(path, pack_arrays(arrays, compress=True))


def write_folder(path: Path, fill: Callable[[Path], None]) -> None:
    """Create the folder `path` with the files written by `fill(temporary_folder)`.

    An existing folder is renamed to `path~` and removed once the new one is in place.

    Raises:
        RunError: the disk is full or the folder cannot be written; the old folder is kept.
    """
    partial = path.with_name(f"{PARTIAL}{os.getpid()}-{path.name}")
    with writing(path):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            fill(partial)
            for file in partial.rglob("*"):
                sync(file)
            sync(partial)
            aside = path.with_name(path.name + "~")
            if path.exists():
                shutil.rmtree(aside, ignore_errors=True)
                os.rename(path, aside)
            os.rename(partial, path)
            sync(path.parent)
            shutil.rmtree(aside, ignore_errors=True)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def point(link: Path, target: str) -> None:
    """Point the symbolic link `link` to `target`, a folder relative to its own.

    On a file system without links it becomes a copy.
    """
    partial = link.with_name(f"{PARTIAL}{os.getpid()}-{link.name}")
    with writing(link):
        partial.unlink(missing_ok=True)
        try:
            os.symlink(target, partial)
        except OSError as exc:
            if exc.errno not in _UNSUPPORTED:
                raise
            write_folder(link, lambda copy: _copy(link.with_name(target), copy))
            return
        copied = link.is_dir() and not link.is_symlink()
        aside = link.with_name(link.name + "~")
        if copied:
            shutil.rmtree(aside, ignore_errors=True)
            os.rename(link, aside)
        os.replace(partial, link)
        sync(link.parent)
        if copied:
            shutil.rmtree(aside, ignore_errors=True)


def _copy(source: Path, folder: Path) -> None:
    shutil.copytree(source, folder, dirs_exist_ok=True, copy_function=shutil.copyfile)


def remove_partials(folder: Path) -> None:
    """Remove temporary files of killed writers from `folder`."""
    for partial in folder.glob(f"{PARTIAL}*"):
        if partial.is_dir() and not partial.is_symlink():
            shutil.rmtree(partial, ignore_errors=True)
        else:
            partial.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Wait until a file or folder is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as exc:
        # Many network and FUSE file systems cannot flush a folder.
        if not (path.is_dir() and exc.errno in _UNSUPPORTED):
            raise
    finally:
        os.close(descriptor)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Convert an `OSError` to a `RunError` with a remedy."""
    try:
        yield
    except OSError as exc:
        if exc.errno in _FULL:
            remedy = "the disk is full; free some space, earlier files are intact"
        elif isinstance(exc, PermissionError) or exc.errno == errno.EROFS:
            remedy = "the folder cannot be written; choose another with --out"
        else:
            remedy = "check the path, or choose another with --out"
        raise RunError(f"cannot write {path}: {exc.strerror or exc}; {remedy}") from exc
