"""Start of a node as a process; a missing package has its remedy in place of a traceback."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module

from snn_control.errors import MissingExtraError
from snn_control.packages import required_packages
from snn_control.ros.exit_codes import UNUSABLE

__all__ = ["start"]


def start(node: str, arguments: Sequence[str] | None = None) -> int:
    """Import and run a node, see `run_node`; return the exit code.

    Args:
        node: class of the node, as `MODULE:CLASS`.
        arguments: arguments of the command line, with `--ros-args`.
    """
    module, _, name = node.partition(":")
    try:
        with required_packages(), _ended_by_interrupts():
            kind = getattr(import_module(module), name)
            from snn_control.ros.base.run_node import run_node
    except MissingExtraError as exc:
        print(f"cannot start: {exc}", file=sys.stderr)
        return UNUSABLE
    return run_node(kind, arguments)


@contextmanager
def _ended_by_interrupts() -> Iterator[None]:
    """End the process at once by SIGINT.

    KeyboardInterrupt in the import of an extension module would become an ImportError.
    """
    ends = threading.current_thread() is threading.main_thread()
    ends = ends and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if ends:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        if ends:
            signal.signal(signal.SIGINT, signal.default_int_handler)
