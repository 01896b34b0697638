"""Numba kernels with a disk cache that detects changes of all sources and constants.

Numba keys a cached kernel only by the file of that kernel, so the cache is stale after a change of
a constant or of an inlined function of another module. Here the name of the cache folder is a hash
of all modules that define kernels or import numba (for a kernel of another package also of all
sources of that package), and each entry is keyed by the constants that the kernel and its callees
read.

The cache folder is in `NUMBA_CACHE_DIR` if that is set, else in the user's cache folder, else in a
private folder below the temporary folder; a read-only install is supported. If none can be used,
every process compiles the kernels again. Corrupt cache files are replaced, and concurrent writers
wait for each other.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.util
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numba
import numpy as np
from numba.core import types
from numba.core.caching import FunctionCache, NullCache

from snn_control import resources
from snn_control.compilation import compiling

try:
    import fcntl
except ImportError:  # not a POSIX system
    fcntl = None  # type: ignore[assignment]

_KERNELS = re.compile(
    rb"^(?:from|import) (?:numba|llvmlite|snn_control\.(?:compiled|plasticity\.optional_kernel))\b",
    re.M,
)
"""Pattern in the source of each module that defines kernels or parts of kernels."""
_CONFIG: Any = numba.config
_PACKAGE = Path(__file__).resolve().parent


_real_path = functools.cache(os.path.realpath)


def _postpone_blas() -> None:
    """Make numba look for SciPy's BLAS when a kernel uses it, not when it loads its first kernel.

    The import of `scipy.linalg` takes 21 MB, and no kernel of a controller uses it.
    """
    if "numba.np.arraymath" in sys.modules or "scipy.linalg" in sys.modules:
        return
    sys.modules["scipy.linalg"] = None  # type: ignore[assignment]
    try:
        from numba.np import arraymath
    finally:
        del sys.modules["scipy.linalg"]
    if hasattr(arraymath, "_HAVE_BLAS"):
        arraymath._HAVE_BLAS = importlib.util.find_spec("scipy") is not None


_postpone_blas()


@functools.cache
def source_hash(package: str = "snn_control") -> str:
    """Return a hash of numba's version and all sources that kernels of `package` may include."""
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
    """Return the cache folder of a source hash, see `resources.cache_folder`."""
    return resources.cache_folder("NUMBA_CACHE_DIR", "kernels", digest)


class _Cache(FunctionCache):
    """Numba's cache with one writer at a time; after a file error the kernel is recompiled."""

    def _index_key(self, sig: Any, codegen: Any) -> Any:
        return (*super()._index_key(sig, codegen), _constants_hash(self._py_func))

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            loaded = super().load_overload(sig, target_context)
        except Exception:  # unpickling a damaged file raises various exceptions
            loaded = None
            with contextlib.suppress(OSError):
                self.flush()
        if loaded is None:
            compiling(self._py_func.__qualname__)
        return loaded

    def save_overload(self, sig: Any, data: Any) -> None:
        with contextlib.suppress(OSError), _exclusive(Path(self.cache_path)):
            super().save_overload(sig, data)


class _NoCache(NullCache):
    """Cache of a kernel that every process compiles again."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self._name = function.__qualname__

    def load_overload(self, sig: Any, target_context: Any) -> None:
        compiling(self._name)


def _constants_hash(function: Any) -> str:
    """Return a hash of the global constants that a kernel and its callees read."""
    digest, visited, pending = hashlib.sha256(), set(), [function]
    while pending:
        current = pending.pop()
        if current in visited:
            continue
        visited.add(current)
        for name, value in _globals_of(current):
            if hasattr(value, "py_func"):
                pending.append(value.py_func)
            elif isinstance(value, np.ndarray):
                digest.update(f"{name} {value.dtype} {value.shape}".encode() + value.tobytes())
            elif isinstance(value, int | float | complex | str | tuple | np.generic):
                digest.update(f"{name} {value!r};".encode())
    return digest.hexdigest()


def _globals_of(function: Any) -> Iterator[tuple[str, Any]]:
    """Yield the globals that a function may read, and attributes of modules among them."""
    names, scope = function.__code__.co_names, function.__globals__
    for name in names:
        value = scope.get(name)
        if isinstance(value, ModuleType):
            yield from ((f"{name}.{n}", getattr(value, n)) for n in names if hasattr(value, n))
        else:
            yield name, value


@contextlib.contextmanager
def _exclusive(folder: Path) -> Iterator[None]:
    """Hold the lock of a cache folder; concurrent writers of one index lose or swap kernels."""
    if fcntl is None:
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _call(template: Callable[..., Any], arguments: Any, named: Any) -> Any:
    """Resolve the call of a kernel by another one, with literal integers as plain integers.

    Otherwise Numba compiles a callee again for each literal argument.
    """
    plain = {name: _plain(kind) for name, kind in named.items()}
    return template(tuple(map(_plain, arguments)), plain)


def _plain(kind: Any) -> Any:
    return types.unliteral(kind) if isinstance(kind, types.IntegerLiteral) else kind


def kernel(**options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a module-level function as a cached Numba kernel.

    `fastmath` is off, so that all engines add in the same order.
    `options` are passed to `numba.njit`, for example `parallel=True` or `nogil=True`.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        # One cache entry for all paths to a file, such as the link of an editable install.
        code = function.__code__
        function.__code__ = code.replace(co_filename=_real_path(code.co_filename))
        compiled: Any = numba.njit(error_model="numpy", **options)(function)
        if compiled is function:  # NUMBA_DISABLE_JIT
            return compiled
        compiled.get_call_template = functools.partial(_call, compiled.get_call_template)
        folder = cache_folder(source_hash(function.__module__.partition(".")[0]))
        if folder is None:
            compiled._cache = _NoCache(function)
            return compiled
        before = _CONFIG.CACHE_DIR
        _CONFIG.CACHE_DIR = str(folder)
        try:
            compiled._cache = _Cache(function)
        finally:
            _CONFIG.CACHE_DIR = before
        return compiled

    return decorate
