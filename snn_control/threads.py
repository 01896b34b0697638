"""Limit of linear algebra to one thread, so that results do not depend on the thread count."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import threadpoolctl

_lock = threading.Lock()
_users = 0
_limits: Any = None
_libraries: tuple[int, threadpoolctl.ThreadpoolController | None] = (0, None)
"""Number of loaded modules at the last search for libraries (0.5 ms), and the result."""


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Limit BLAS to one thread in the whole process until the last user leaves the context.

    Overlapping limits of threadpoolctl from several threads would have no effect or stay set.
    """
    global _users, _limits
    with _lock:
        if not _users:
            _release()
            _limits = _controller().limit(limits=1, user_api="blas")
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if not _users:
                _release()
                _limits.restore_original_limits()
                _release()


def _controller() -> threadpoolctl.ThreadpoolController:
    global _libraries
    n, controller = _libraries
    if controller is None or n != len(sys.modules):
        controller = threadpoolctl.ThreadpoolController()
        _libraries = len(sys.modules), controller
    return controller


def _release() -> None:
    """Allow this thread to set limits; since threadpoolctl 3.8 they belong to the first one."""
    blas = getattr(threadpoolctl, "OpenBLASController", None)
    clear = getattr(blas, "clear_controlling_thread", None)
    if clear is not None:
        clear(force=True)
