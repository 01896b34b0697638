"""Progress of a long job on stderr: a live line on a terminal, plain lines otherwise."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, TextIO

PLAIN_PERIOD_S = 5.0


class Progress:
    """Display of generation, best, median and remaining time; a context manager.

    Args:
        quiet: no output.
        unit: name of the counted unit.
        stream: output; default: stderr, because stdout is for results.
        clock: time source, s.
    """

    def __init__(
        self,
        *,
        quiet: bool = False,
        unit: str = "generation",
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream or sys.stderr
        self._quiet = quiet
        self._unit = unit
        self._clock = clock
        self._started = clock()
        self._start_fraction: float | None = None
        self._last_plain = -PLAIN_PERIOD_S
        self._line = ""
        self._live: Any = None

    def __enter__(self) -> Progress:
        self._started = self._clock()
        if not self._quiet and self._stream.isatty():
            from rich.console import Console
            from rich.live import Live

            self._live = Live("", console=Console(file=self._stream), refresh_per_second=8)
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()
        elif self._line and not self._quiet:
            print(self._line, file=self._stream, flush=True)

    def update(self, generation: int, best: float, median: float, fraction: float) -> None:
        """Report a generation; `fraction` of the budget is used, in [0, 1].

        For a resumed job, the ETA counts only the progress since the first update.
        """
        if self._start_fraction is None:
            self._start_fraction = fraction if generation else 0.0
        elapsed_s = self._clock() - self._started
        self._line = (
            f"{self._unit} {generation}  best {best:.4g}  median {median:.4g}  "
            f"{100 * fraction:.0f} %  ETA {self._eta(elapsed_s, fraction)}"
        )
        if self._quiet:
            return
        if self._live is not None:
            self._live.update(self._line)
        elif elapsed_s - self._last_plain >= PLAIN_PERIOD_S:
            self._last_plain = elapsed_s
            print(self._line, file=self._stream, flush=True)
            self._line = ""

    def _eta(self, elapsed_s: float, fraction: float) -> str:
        done = fraction - (self._start_fraction or 0.0)
        if done <= 0:
            return "?"
        left_s = round(elapsed_s * (1 - fraction) / done)
        return f"{left_s // 60}:{left_s % 60:02d}"
