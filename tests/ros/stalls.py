"""Stalls of the machine during a test: intervals in which this process did not run."""

from __future__ import annotations

import threading
import time
from typing import Self

INTERVAL_S = 0.002


class Stalls:
    """Longest stall while the context is open."""

    def __enter__(self) -> Self:
        self.longest_s, self._stop = 0.0, threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        before = time.monotonic()
        while not self._stop.wait(INTERVAL_S):
            now = time.monotonic()
            self.longest_s, before = max(self.longest_s, now - before - INTERVAL_S), now
