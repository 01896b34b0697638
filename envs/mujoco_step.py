"""`mj_step` and `mj_resetData` of MuJoCo for compiled kernels.

Call them as `mj_step(model._address, data._address)`. A control tick consists of many physics
steps, each with its own forces; stepping inside one kernel adds no cost to `mj_step` itself. The
functions are linked by name, so kernels that call them can be cached on disk; importing this module
registers the names.
"""

from __future__ import annotations

import ctypes
import functools
from pathlib import Path

import mujoco
from llvmlite import binding
from numba import types

from snn_control.envs.mujoco_log import log_warnings
from snn_control.errors import MissingExtraError

log_warnings()


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
