"""Numba kernels with a disk cache that notices every change of source.

Numba keys a cached kernel by the file of that kernel alone, so a kernel stays stale when a function
it inlines from another module changes. Here the cache folder is named after a hash over all kernel
sources. A read-only install is fine: the cache lies in the user's cache folder (or in
`NUMBA_CACHE_DIR` where that is set, else in the temporary folder).
"""

from __future__ import annotations

import functools
import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

_MARK = b"snn_control.compiled import"
_CONFIG: Any = numba.config
_PACKAGE = Path(__file__).resolve().parent


def _source_folders() -> list[Path]:
    envs = _PACKAGE / "envs"
    return [_PACKAGE, envs if envs.is_dir() else _PACKAGE.parent / "envs"]


@functools.cache
def source_hash() -> str:
    """Hash over numba's version and the text of every module that defines a kernel."""
    digest = hashlib.sha256(numba.__version__.encode())
    files = {path for folder in _source_folders() for path in folder.rglob("*.py")}
    for path in sorted(files):
        text = path.read_bytes()
        if _MARK in text:
            digest.update(path.name.encode() + b"\0" + text)
    return digest.hexdigest()[:16]


@functools.cache
def cache_folder() -> Path:
    """Folder of the compiled kernels; made on first use, the first writable candidate wins."""
    candidates = [
        os.environ.get("NUMBA_CACHE_DIR"),
        os.environ.get("XDG_CACHE_HOME"),
        str(Path.home() / ".cache"),
        tempfile.gettempdir(),
    ]
    for base in filter(None, candidates):
        folder = Path(base) / "snn_control" / "kernels" / source_hash()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError:
            continue
    return Path(tempfile.mkdtemp(prefix="snn_control-kernels-"))


def kernel(**options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a module-level function as a cached Numba kernel.

    Floating point stays exact (`fastmath` off), so that every engine adds in the same order.
    `options` go to `numba.njit`, for example `parallel=True` or `nogil=True`.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        before = _CONFIG.CACHE_DIR
        _CONFIG.CACHE_DIR = str(cache_folder())
        try:
            return numba.njit(cache=True, error_model="numpy", **options)(function)
        finally:
            _CONFIG.CACHE_DIR = before

    return decorate
