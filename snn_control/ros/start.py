"""Start of a node as a process; a missing package has its remedy in place of a traceback."""

from __future__ import annotations

import sys
from collections.abc import Sequence
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
        with required_packages():
            kind = getattr(import_module(module), name)
            from snn_control.ros.base.run_node import run_node
    except MissingExtraError as exc:
        print(f"cannot start: {exc}", file=sys.stderr)
        return UNUSABLE
    return run_node(kind, arguments)
