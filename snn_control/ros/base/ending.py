"""End of the process of a node: requested, within its bounds, also if the main thread hangs."""

from __future__ import annotations

import os
import select
import threading
from contextlib import suppress
from typing import NoReturn

from snn_control.ros.base.managed_node import ManagedNode
from snn_control.ros.exit_codes import BUSY_S, CLOSE_S, INTERRUPTED, LEAVE_S, UNFINISHED

__all__ = ["Ending", "Stop", "report"]

_STDERR = 2


class Stop:
    """Request to end, set by signals and nodes that are finished."""

    def __init__(self) -> None:
        self.requested = False
        self.code = 0

    def __call__(self, code: int = 0) -> None:
        """Request the end, with an exit code; the first that is not 0 remains."""
        self.requested, self.code = True, self.code or code


class Ending:
    """Supervision of the end of a process: it exits if a step exceeds its bound.

    Args:
        stop: request to end.

    Attributes:
        node: node of the process, once it exists.
    """

    def __init__(self, stop: Stop) -> None:
        self.node: ManagedNode | None = None
        self._stop = stop
        self._number = 0
        self._left, self._done = threading.Event(), threading.Event()

    def on_signal(self, number: int) -> None:
        """End the process; called by another thread than the main thread."""
        self._number = number
        try:
            self._stop()
            self._limit(LEAVE_S + BUSY_S + CLOSE_S)
            if not self._left.wait(LEAVE_S) and self.node is not None and self.node.started:
                self.node.end_safely()
                self._left.wait(BUSY_S)
        finally:
            if not self._left.is_set():
                self.exit("during a callback or the start")

    def leave(self) -> None:
        """Begin the end in the main thread, which has returned from its callbacks."""
        self._left.set()
        self._limit(CLOSE_S)

    def finish(self) -> None:
        """Lift the bounds: the end is complete."""
        self._done.set()

    def exit(self, when: str) -> NoReturn:
        """Exit at once, without the end of any other thread."""
        try:
            cause = f"ended by signal {self._number}" if self._number else "ended"
            report(f"{cause} {when}")
        finally:
            interrupted = INTERRUPTED + self._number if self._number else UNFINISHED
            os._exit(self._stop.code or interrupted)

    def _limit(self, duration_s: float) -> None:
        def expire() -> None:
            if not self._done.wait(duration_s):
                self.exit("before the end was complete")

        threading.Thread(target=expire, name="end", daemon=True).start()


def report(line: str) -> None:
    """Write a line to standard error, if that accepts it: a terminal may be gone or stopped."""
    with suppress(OSError, ValueError):
        if select.select((), (_STDERR,), (), 0.0)[1]:
            os.write(_STDERR, f"{line}\n".encode(errors="replace"))
