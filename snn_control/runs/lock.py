"""Lock that limits a run to one writer; it ends with its process, also if killed."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from warnings import warn

from snn_control.copies import NotCopied
from snn_control.errors import DataWarning, RunError
from snn_control.runs import atomic

try:
    import fcntl
except ImportError:  # not a POSIX system
    fcntl = None  # type: ignore[assignment]


HELD = (errno.EACCES, errno.EAGAIN)
"""Errors of a lock that another process holds."""


class WriterLock(NotCopied):
    """Lock of the process that writes a run; worker processes do not inherit it."""

    instead = "open the run again with Run.open"

    def __init__(self, path: Path) -> None:
        """Acquire the lock.

        Raises:
            RunError: another process holds it.
        """
        with atomic.writing(path):
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        if fcntl is None:
            return
        try:
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            if exc.errno not in HELD:
                warn(
                    f"the file system of {path.parent} has no locks ({exc.strerror}): do not write "
                    "the run from a second process",
                    DataWarning,
                    stacklevel=3,
                )
                return
            os.close(self._descriptor)
            raise RunError(
                f"another process is writing {path.parent}; wait for it, or choose another --out"
            ) from exc

    def release(self) -> None:
        """Release the lock."""
        os.close(self._descriptor)
