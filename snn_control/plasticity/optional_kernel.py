"""Kernels that run as plain Python where numba is not installed, with equal results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["is_compiled", "kernel", "plain"]

try:
    from snn_control.compiled import kernel
except ModuleNotFoundError as exc:
    if exc.name not in ("numba", "llvmlite"):
        raise

    def kernel(**options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Leave a function as it is."""
        return lambda function: function


def is_compiled(function: Callable[..., Any]) -> bool:
    """Return True if a kernel is compiled at its first call."""
    return hasattr(function, "py_func")


def plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the Python function of a kernel; kernels that it calls stay compiled."""
    python: Callable[..., Any] = getattr(function, "py_func", function)
    return python
