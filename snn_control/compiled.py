"""Numba kernels with a disk cache that notices every change.

Numba keys a cached kernel by the file of that kernel alone, so a kernel stays stale when a function
that it inlines from another module changes, or a constant. Here the cache folder is named after a
hash over all modules that define kernels or import numba, for a kernel of another package over all
sources of that package too, and each entry is keyed by the constants that the kernel and its
callees read.

The cache lies in `NUMBA_CACHE_DIR` where that is set, else in the user's cache folder, else in a
private folder below the temporary one, so a read-only install is fine. Where nothing can be
written, kernels are compiled anew in every process. Broken cache files are replaced, and processes
that fill the cache at the same time take turns.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import re
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numba
import numpy as np
from numba.core import types
from numba.core.caching import FunctionCache

try:
    import fcntl
except ImportError:  # not a POSIX system
    fcntl = None  # type: ignore[assignment]

_KERNELS = re.compile(rb"^(?:from|import) (?:numba|llvmlite|snn_control\.compiled)\b", re.M)
"""What a module with kernels, or with parts of kernels, has in its source."""
_CONFIG: Any = numba.config
_PACKAGE = Path(__file__).resolve().parent


@functools.cache
def source_hash(package: str = "snn_control") -> str:
    """Hash over numba's version and every source that a kernel of `package` may be made of."""
    digest = hashlib.sha256(numba.__version__.encode())
    for path in (*_kernel_sources(), *_foreign_sources(package)):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _kernel_sources() -> list[Path]:
    envs = _PACKAGE / "envs"
    folders = (_PACKAGE, envs if envs.is_dir() else _PACKAGE.parent / "envs")
    every = {path for folder in folders for path in folder.rglob("*.py")}
    return sorted(path for path in every if _KERNELS.search(path.read_bytes()))


def _foreign_sources(package: str) -> list[Path]:
    if package == "snn_control":
        return []
    folders = getattr(sys.modules.get(package), "__path__", ())
    return sorted({path for folder in folders for path in Path(folder).rglob("*.py")})


@functools.cache
def cache_folder(digest: str) -> Path | None:
    """Folder of the kernels of one source hash, the first writable candidate; None without one."""
    with contextlib.suppress(OSError):
        for base in _candidates():
            folder = base / "snn_control" / "kernels" / digest
            with contextlib.suppress(OSError):
                folder.mkdir(parents=True, exist_ok=True)
                with tempfile.TemporaryFile(dir=folder):
                    return folder
    return None


def _candidates() -> Iterator[Path]:
    for name in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME"):
        if os.environ.get(name):
            yield Path(os.environ[name])
    with contextlib.suppress(RuntimeError):  # no home
        yield Path.home() / ".cache"
    yield _private_temporary()


def _private_temporary() -> Path:
    """A folder below the temporary one that is ours alone: cached kernels are executable code."""
    user = os.getuid() if hasattr(os, "getuid") else "user"
    folder = Path(tempfile.gettempdir()) / f"snn_control-{user}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if hasattr(os, "getuid"):
        status = folder.lstat()
        private = stat.S_ISDIR(status.st_mode) and not status.st_mode & 0o022
        if not private or status.st_uid != user:
            raise OSError(f"{folder} is not ours alone")
    return folder


class _Cache(FunctionCache):
    """Numba's cache, one writer at a time; trouble with its files means to compile again."""

    def _index_key(self, sig: Any, codegen: Any) -> Any:
        return (*super()._index_key(sig, codegen), _constants_hash(self._py_func))

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # whatever unpickling a damaged file raises
            with contextlib.suppress(OSError):
                self.flush()
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        with contextlib.suppress(OSError), _alone(Path(self.cache_path)):
            super().save_overload(sig, data)


def _constants_hash(function: Any) -> str:
    """Hash over the global constants that a kernel reads, its callees included."""
    digest, seen, ahead = hashlib.sha256(), set(), [function]
    while ahead:
        found = ahead.pop()
        if found in seen:
            continue
        seen.add(found)
        for name, value in _globals_of(found):
            if hasattr(value, "py_func"):
                ahead.append(value.py_func)
            elif isinstance(value, np.ndarray):
                digest.update(f"{name} {value.dtype} {value.shape}".encode() + value.tobytes())
            elif isinstance(value, int | float | complex | str | tuple | np.generic):
                digest.update(f"{name} {value!r};".encode())
    return digest.hexdigest()


def _globals_of(function: Any) -> Iterator[tuple[str, Any]]:
    """Globals that a function may read by name, and attributes of the modules among them."""
    names, scope = function.__code__.co_names, function.__globals__
    for name in names:
        value = scope.get(name)
        if isinstance(value, ModuleType):
            yield from ((f"{name}.{n}", getattr(value, n)) for n in names if hasattr(value, n))
        else:
            yield name, value


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the lock of a cache folder; two writers of one index would lose or mix up kernels."""
    if fcntl is None:
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _call(template: Callable[..., Any], arguments: Any, named: Any) -> Any:
    """How Numba calls a kernel from another one; a literal integer is an integer like any other.

    Otherwise a callee is compiled once more for each literal that it is called with.
    """
    plain = {name: _plain(kind) for name, kind in named.items()}
    return template(tuple(map(_plain, arguments)), plain)


def _plain(kind: Any) -> Any:
    return types.unliteral(kind) if isinstance(kind, types.IntegerLiteral) else kind


def kernel(**options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a module-level function as a cached Numba kernel.

    Floating point stays exact (`fastmath` off), so that every engine adds in the same order.
    `options` go to `numba.njit`, for example `parallel=True` or `nogil=True`.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        compiled: Any = numba.njit(error_model="numpy", **options)(function)
        if compiled is function:  # NUMBA_DISABLE_JIT
            return compiled
        compiled.get_call_template = functools.partial(_call, compiled.get_call_template)
        folder = cache_folder(source_hash(function.__module__.partition(".")[0]))
        if folder is None:
            return compiled
        before = _CONFIG.CACHE_DIR
        _CONFIG.CACHE_DIR = str(folder)
        try:
            compiled._cache = _Cache(function)
        finally:
            _CONFIG.CACHE_DIR = before
        return compiled

    return decorate
