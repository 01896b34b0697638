"""MuJoCo's off-screen renderer: selection before mujoco is imported, and creation.

`import mujoco` fails if `MUJOCO_GL` names a renderer whose library is missing, also in programs
that draw nothing. A graphics driver does not work in a process that is forked after its first use:
drawing there would never return.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import sys
from collections.abc import MutableMapping
from typing import Any

from snn_control.errors import MissingExtraError, RunError

__all__ = ["DISABLED", "drawn", "make_renderer", "require_same_process", "select_renderer"]

DISABLED = ("disable", "disabled", "off", "false", "0")
"""Values of `MUJOCO_GL` without a renderer."""
LIBRARIES = {"egl": "libEGL.so.1", "osmesa": "libOSMesa.so"}
OTHERS = ("glfw", "glx", "enable", "enabled", "on", "true", "1", "")
"""Values of `MUJOCO_GL` that need no library at import."""
REMEDY = (
    "install EGL (Debian: apt install libegl1 libgl1-mesa-dri) and leave MUJOCO_GL unset, or set "
    "MUJOCO_GL=osmesa if OSMesa is installed"
)
_refused: list[str] = []
"""Reason to refuse the renderer that the environment requested, at most one."""
_drawn_by: list[int] = []
"""Process that made the first renderer, at most one."""


def select_renderer(environment: MutableMapping[str, str] = os.environ) -> None:
    """Set `MUJOCO_GL`, on Linux, to a renderer that can be loaded: EGL, else OSMesa, else none.

    A requested renderer is kept if it can be loaded; else there is none. With a display and no
    request nothing is set.
    """
    if sys.platform != "linux":
        return
    requested = environment.get("MUJOCO_GL", "").lower().strip()
    if requested in (*DISABLED, *OTHERS):
        if not requested and not environment.get("DISPLAY"):
            environment["MUJOCO_GL"] = next(filter(_loads, LIBRARIES), DISABLED[0])
    elif requested not in LIBRARIES:
        _refuse(environment, f"{requested!r}, expected {', '.join(LIBRARIES)}, glfw or disable")
    elif not _loads(requested):
        _refuse(environment, f"{requested!r}, but {LIBRARIES[requested]} cannot be loaded")


def make_renderer(model: Any, width: int, height: int) -> Any:
    """Return a `mujoco.Renderer` of a model, sizes in pixels.

    Raises:
        MissingExtraError: no renderer is available.
        RunError: see `require_same_process`.
    """
    import mujoco

    require_same_process()
    try:
        renderer = mujoco.Renderer(model, height, width)
    except Exception as exc:  # drivers raise exceptions of any type
        raise no_renderer(exc) from exc
    drawn()
    return renderer


def drawn() -> None:
    """Record that this process draws."""
    _drawn_by[:] = [os.getpid()]


def require_same_process() -> None:
    """Refuse to draw in a process that was forked after its parent had drawn.

    Raises:
        RunError: the process is such a child.
    """
    if _drawn_by and _drawn_by[0] != os.getpid():
        raise RunError(
            "this process was forked from one that had drawn, where graphics drivers hang: start "
            "workers with the context `spawn`, for example gymnasium.make_vec(..., "
            "vectorization_mode='async', vector_kwargs={'context': 'spawn'})"
        )


def no_renderer(error: Exception) -> MissingExtraError:
    """Return the error of a failed drawing, with its remedy."""
    reasons = "; ".join((*_refused, str(error)))
    return MissingExtraError(f"no off-screen renderer is available ({reasons}): {REMEDY}")


def _refuse(environment: MutableMapping[str, str], reason: str) -> None:
    _refused[:] = [f"MUJOCO_GL is {reason}"]
    environment["MUJOCO_GL"] = DISABLED[0]


def _loads(renderer: str) -> bool:
    library = LIBRARIES[renderer]
    for name in (library, ctypes.util.find_library(library[3:].partition(".")[0])):
        try:
            if name:
                ctypes.CDLL(name)
                return True
        except OSError:
            continue
    return False
