"""Exit codes of the nodes, and time bounds of their end.

The table for users is in `docs/reference/ros2/exit_codes.md`.
"""

from __future__ import annotations

__all__ = [
    "BUSY_S",
    "CLOSE_S",
    "INTERRUPTED",
    "LEAVE_S",
    "NO_EFFECT",
    "NO_MIDDLEWARE",
    "REFUSED",
    "UNFINISHED",
    "UNUSABLE",
    "WRITE_FAILED",
]

REFUSED = 1
"""A refused start."""
UNUSABLE = 2
"""Arguments or an environment that cannot be used."""
WRITE_FAILED = 3
"""A recorder whose bag cannot be written."""
UNFINISHED = 4
"""An end without a signal that did not complete in time."""
NO_EFFECT = 5
"""A fault relay with a fault that changed no message or reached no node."""
NO_MIDDLEWARE = 102
"""A middleware that is not installed; by rcl."""
INTERRUPTED = 128
"""Plus the number of a signal: an end by it during a callback, or that did not complete in time."""

LEAVE_S = 0.5
"""Time from a signal to the end of the callback in progress, s. Then the outputs are made safe in
spite of it; a node that was never active exits."""
BUSY_S = 2.0
"""Further time for that callback of a started node, s; then the process exits."""
CLOSE_S = 5.0
"""Time from the end of that callback to the end of the process, s; then it exits. Launch sends
SIGKILL 10 s after its first signal."""
