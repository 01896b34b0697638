"""Folders of the files that ship with the package, and of those that it keeps between processes.

`setup.py` installs the checkout's `models/` and `configs/` as data folders of the package.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

__all__ = ["cache_folder", "configs_folder", "models_folder"]

_PACKAGE = Path(__file__).resolve().parent


def models_folder() -> Path:
    """Return the folder of the trained controllers (`NAME.json` beside `NAME.safetensors`)."""
    return _folder("models")


def configs_folder() -> Path:
    """Return the folder of the shipped configurations (`NAME.yaml`)."""
    return _folder("configs")


def _folder(name: str) -> Path:
    installed = _PACKAGE / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


def cache_folder(variable: str, *parts: str) -> Path | None:
    """Return a folder for compiled code, made if it is missing; None if none can be used.

    It is the first one that can be written and that no other user can: in the folder named by the
    variable, in that of `XDG_CACHE_HOME`, in `~/.cache`, in a private one below the temporary one.

    Args:
        variable: environment variable that may name a folder.
        parts: path below `snn_control` in that folder.
    """
    with contextlib.suppress(OSError):
        for base in _cache_bases(variable):
            folder = base.joinpath("snn_control", *parts)
            with contextlib.suppress(OSError):
                folder.mkdir(parents=True, exist_ok=True)
                _require_private(folder, stat.S_IWOTH)
                with tempfile.TemporaryFile(dir=folder):
                    return folder
    return None


def _cache_bases(variable: str) -> Iterator[Path]:
    for name in (variable, "XDG_CACHE_HOME"):
        if os.environ.get(name):
            yield Path(os.environ[name])
    with contextlib.suppress(RuntimeError):  # no home folder
        yield Path.home() / ".cache"
    user = os.getuid() if hasattr(os, "getuid") else "user"
    folder = Path(tempfile.gettempdir()) / f"snn_control-{user}"
    folder.mkdir(mode=0o700, exist_ok=True)
    _require_private(folder, stat.S_IWGRP | stat.S_IWOTH)
    yield folder


def _require_private(folder: Path, forbidden: int) -> None:
    """Refuse a folder of another user, or with one of these permissions: its code is executed.

    Raises:
        OSError: see above.
    """
    status = folder.lstat()
    if not hasattr(os, "getuid"):
        return
    if not stat.S_ISDIR(status.st_mode) or status.st_mode & forbidden:
        raise OSError(f"{folder} is a link, or others can write to it")
    if status.st_uid != os.getuid():
        raise OSError(f"{folder} belongs to another user")
