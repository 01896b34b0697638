"""Listeners to the compilation of kernels; does not import numba."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

__all__ = ["NOTICE", "compiling", "on_compilation", "on_first_compilation"]

NOTICE = "compiling kernels, once for this version; `snn-control warm` does so at install time"

_listeners: list[Callable[[str], None]] = []


@contextmanager
def on_compilation(listener: Callable[[str], None]) -> Iterator[None]:
    """Call `listener` with the name of each kernel that is about to be compiled.

    It is called by the thread that compiles. Kernels in the disk cache are loaded without a call.
    """
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def on_first_compilation(report: Callable[[str], None]) -> AbstractContextManager[None]:
    """Call `report` with `NOTICE` before the first compilation."""
    reported: list[str] = []

    def listen(kernel: str) -> None:
        if not reported:
            reported.append(kernel)
            report(NOTICE)

    return on_compilation(listen)


def compiling(kernel: str) -> None:
    """Report the start of a compilation to all listeners."""
    for listener in tuple(_listeners):
        listener(kernel)
