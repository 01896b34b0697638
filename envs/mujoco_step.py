"""MuJoCo for compiled kernels: `mj_step(model._address, data._address)`, `mj_resetData` alike.

A control tick is many physics steps with forces that change in each; stepping them inside one
kernel costs nothing beside `mj_step` itself. The functions are linked by their names, so kernels
that call them can be cached on disk; importing this module makes the name known.
"""

from __future__ import annotations

import ctypes
import functools
from pathlib import Path

import mujoco
from llvmlite import binding
from numba import types

from snn_control.errors import MissingExtraError


@functools.cache
def _library() -> ctypes.CDLL:
    folder = Path(mujoco.__file__).parent
    for pattern in ("libmujoco*.so*", "libmujoco*.dylib", "mujoco*.dll"):
        for path in sorted(folder.glob(pattern)):
            return ctypes.CDLL(str(path))
    raise MissingExtraError(
        f"no MuJoCo library in {folder}; install the wheel: pip install --force-reinstall mujoco"
    )


def _linked(name: str) -> types.ExternalFunction:
    binding.add_symbol(name, ctypes.cast(getattr(_library(), name), ctypes.c_void_p).value)
    return types.ExternalFunction(name, types.void(types.intp, types.intp))


mj_step = _linked("mj_step")
mj_resetData = _linked("mj_resetData")  # noqa: N816
