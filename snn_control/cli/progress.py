"""Progress of a long job on stderr: a live line on a terminal, plain lines otherwise."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, TextIO

PLAIN_PERIOD_S = 5.0


def steps(*, quiet: bool = False) -> Callable[[str], None]:
    """Return a function that prints a line to stderr for each step of a job."""
    if quiet:
        return lambda _: None
    return lambda text: print(text, file=sys.stderr, flush=True)


def frames(duration_s: float, frames_per_s: float, *, quiet: bool = False) -> Callable[[int], None]:
    """Return a function of the number of frames of a film that prints a line every 5 s.

    Args:
        duration_s: duration of the film, s; infinite if it is unknown.
        frames_per_s: frames of the film per second.
        quiet: no output.
    """
    total = duration_s * frames_per_s
    printed_s = time.monotonic()

    def report(frame: int) -> None:
        nonlocal printed_s
        if not quiet and time.monotonic() - printed_s >= PLAIN_PERIOD_S:
            printed_s = time.monotonic()
            share = f", {min(frame / total, 1.0):.0%}" if 0.0 < total < math.inf else ""
            print(f"filming, frame {frame}{share}", file=sys.stderr, flush=True)

    return report


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
        self._first: tuple[float, float] | None = None
        """Time and fraction of the first update."""
        self._last_plain = -PLAIN_PERIOD_S
        self._line = ""
        self._live: Any = None

    def __enter__(self) -> Progress:
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

        The ETA counts only the progress since the first update, without the compilation of kernels
        and what a resumed job did before.
        """
        now_s = self._clock()
        first_s, first_fraction = self._first = self._first or (now_s, fraction)
        elapsed_s = now_s - first_s
        self._line = (
            f"{self._unit} {generation}  best {best:.4g}  median {median:.4g}  "
            f"{100 * fraction:.0f} %  ETA {_eta(elapsed_s, fraction, first_fraction)}"
        )
        if self._quiet:
            return
        if self._live is not None:
            self._live.update(self._line)
        elif elapsed_s - self._last_plain >= PLAIN_PERIOD_S:
            self._last_plain = elapsed_s
            print(self._line, file=self._stream, flush=True)
            self._line = ""


def _eta(elapsed_s: float, fraction: float, first_fraction: float) -> str:
    done = fraction - first_fraction
    if done <= 0:
        return "?"
    left_s = round(elapsed_s * (1 - fraction) / done)
    return f"{left_s // 60}:{left_s % 60:02d}"
