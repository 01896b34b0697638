"""One thread for linear algebra, so that results do not depend on how many there are."""

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
"""Modules that were loaded when libraries were looked for, which takes half a millisecond."""


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep BLAS at one thread, in the whole process, until the last that asked for it is done.

    Of limits of threadpoolctl that overlap in time, those of a second thread would do nothing, and
    might not be lifted.
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
    """Let this thread set limits: from threadpoolctl 3.8 on they belong to the first that did."""
    blas = getattr(threadpoolctl, "OpenBLASController", None)
    clear = getattr(blas, "clear_controlling_thread", None)
    if clear is not None:
        clear(force=True)
