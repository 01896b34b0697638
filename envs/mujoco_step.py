"""MuJoCo's `mj_step` for compiled kernels: `mj_step(model._address, data._address)`.

A control tick is many physics steps with forces that change in each; stepping them inside one
kernel costs nothing beside `mj_step` itself. The function is linked by its name, so kernels that
call it can be cached on disk; importing this module makes the name known.
"""

from __future__ import annotations

import ctypes
from pathlib import Path

import mujoco
from llvmlite import binding
from numba import types

from snn_control.errors import MissingExtraError


def _library() -> ctypes.CDLL:
    folder = Path(mujoco.__file__).parent
    for pattern in ("libmujoco*.so*", "libmujoco*.dylib", "mujoco*.dll"):
        for path in sorted(folder.glob(pattern)):
            return ctypes.CDLL(str(path))
    raise MissingExtraError(
        f"no MuJoCo library in {folder}; install the wheel: pip install --force-reinstall mujoco"
    )


binding.add_symbol("mj_step", ctypes.cast(_library().mj_step, ctypes.c_void_p).value)
mj_step = types.ExternalFunction("mj_step", types.void(types.intp, types.intp))
