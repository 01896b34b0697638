"""Signals that end a process: handled also while the main thread is in a call of compiled code."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["ending_signals", "ignore_signals", "interrupted_once", "watch_signals"]

_HARMLESS = ("SIGCHLD", "SIGCONT", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGWINCH")
"""Signals that stop, continue or inform a process by default."""
_FAULTS = ("SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGSYS", "SIGTRAP")
"""Signals of a faulty instruction: a handler would return to it."""
_UNCATCHABLE = ("SIGKILL", "SIGSTOP")
_ALWAYS = (signal.SIGINT, signal.SIGTERM)
"""Signals that end a process even if it was started with them ignored, as in the background of a
script: launch and `snn-control fly` end their nodes by them."""


def ending_signals() -> tuple[int, ...]:
    """Return the signals that end this process by default and can be caught.

    A signal that is ignored at the start stays ignored, such as SIGHUP under `nohup`, and one that
    has a handler keeps it.
    """
    excluded = {getattr(signal, n, None) for n in (*_HARMLESS, *_FAULTS, *_UNCATCHABLE)}
    return tuple(
        sorted(
            number
            for number in signal.valid_signals() - excluded
            if number in _ALWAYS or signal.getsignal(number) == signal.SIG_DFL
        )
    )


def watch_signals(on_signal: Callable[[int], None]) -> tuple[int, ...]:
    """Call `on_signal` with the number of the first signal that ends the process; return all.

    The call is made in a separate thread. A handler of Python only runs when the main thread
    returns from compiled code, which may take seconds while kernels are compiled.
    """
    numbers = ending_signals()
    reader, writer = os.pipe()
    os.set_blocking(writer, False)

    def watch() -> None:
        while (number := os.read(reader, 1)[0]) not in numbers:
            pass
        on_signal(number)

    threading.Thread(target=watch, name="signals", daemon=True).start()
    for number in numbers:
        signal.signal(number, lambda *_: None)  # the wakeup file receives those with a handler
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    return numbers


def ignore_signals(numbers: tuple[int, ...]) -> None:
    """Ignore signals from now on."""
    for number in numbers:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def interrupted_once() -> Iterator[None]:
    """Raise KeyboardInterrupt at the first signal that ends the process; ignore further ones."""

    def interrupt(*_: object) -> None:
        ignore_signals(tuple(before))
        raise KeyboardInterrupt

    handlers = {number: signal.getsignal(number) for number in signal.valid_signals()}
    before = {
        number: handler
        for number, handler in handlers.items()
        if number in ending_signals() or handler == signal.default_int_handler
    }
    for number in before:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
