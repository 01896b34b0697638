"""Execution of a node as a process: signals, executor and safe end."""

from __future__ import annotations

import gc
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import rclpy
from rclpy.executors import Executor, MultiThreadedExecutor, SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions

from snn_control.ros.base.managed_node import ManagedNode

__all__ = ["CLOCK_WAIT_S", "REFUSED", "SPIN_S", "UNREADABLE", "Stop", "make_executor", "run_node"]

SPIN_S = 0.05
"""Timeout of one spin, s; without one, EventsExecutor of rclpy 7.1 calls nothing and never ends."""
CLOCK_WAIT_S = 1.0
"""Time after which a missing /clock is reported, s."""
REFUSED = 1
"""Exit code of a refused start."""
UNREADABLE = 2
"""Exit code of arguments that cannot be parsed."""


class Stop:
    """Request to end, set by SIGINT, SIGTERM and nodes that are finished."""

    def __init__(self) -> None:
        self.requested = False
        self.code = 0

    def __call__(self, code: int = 0) -> None:
        """Request the end, with an exit code; the first that is not 0 remains."""
        self.requested, self.code = True, self.code or code


def run_node(make: Callable[..., ManagedNode], arguments: Sequence[str] | None = None) -> int:
    """Run one node until SIGINT, SIGTERM or its end; return the exit code.

    Args:
        make: called with `problem` (fault of the arguments, or an empty string) and `stop`.
        arguments: arguments of the command line, with `--ros-args`.
    """
    stop = Stop()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop())
    problem = _initialise(list(sys.argv if arguments is None else arguments))
    if problem is None:
        return UNREADABLE
    node = make(problem=problem, stop=stop)
    executor = make_executor(node.get_parameter("executor").value)
    executor.add_node(node)
    if node.get_parameter("autostart").value:
        started = node.try_transition("configure") and node.try_transition("activate")
        if not started and node.get_parameter("exit_if_refused").value:
            stop(REFUSED)
    gc.collect()
    gc.freeze()  # excludes long-lived objects from collections during a tick
    waiting_since = time.monotonic()
    try:
        while not stop.requested:
            executor.spin_once(timeout_sec=SPIN_S)
            waiting_since = _warn_without_clock(node, waiting_since)
    finally:
        _end(node, executor)
    return stop.code


def make_executor(kind: str) -> Executor:
    """Return an executor: `single`, `multi`, or `events` if rclpy has it."""
    if kind == "multi":
        return MultiThreadedExecutor()
    if kind == "events":
        try:
            from rclpy.experimental import EventsExecutor
        except ImportError:
            return SingleThreadedExecutor()
        return EventsExecutor()
    return SingleThreadedExecutor()


def _initialise(arguments: list[str]) -> str | None:
    """Initialise rclpy; return the fault of a parameter file (empty: none), or None on failure."""
    handlers = SignalHandlerOptions.NO
    try:
        rclpy.init(args=arguments, signal_handler_options=handlers)
        return ""
    except Exception as exc:
        problem, without = str(exc).split(", at ")[0], _without_files(arguments)
        if without == arguments:
            print(f"arguments cannot be parsed: {problem}", file=sys.stderr)
            return None
    files = [name for name in arguments if name not in without and Path(name).suffix]
    rclpy.try_shutdown()
    rclpy.init(args=without, signal_handler_options=handlers)
    return f"parameter file {', '.join(files)} cannot be read: {problem}"


def _without_files(arguments: list[str]) -> list[str]:
    kept, rest = [], iter(arguments)
    for argument in rest:
        if argument == "--params-file":
            next(rest, None)
        else:
            kept.append(argument)
    return kept


def _warn_without_clock(node: Any, since_s: float) -> float:
    """Warn once if simulated time stands still: without /clock its timers never fire."""
    if since_s == float("inf") or time.monotonic() - since_s < CLOCK_WAIT_S:
        return since_s
    if node.get_parameter("use_sim_time").value and not node.get_clock().now().nanoseconds:
        node.get_logger().warning(
            "use_sim_time is set, but no node publishes /clock: simulated time stands still"
        )
    return float("inf")


def _end(node: ManagedNode, executor: Executor) -> None:
    node.try_transition("shutdown")
    executor.remove_node(node)
    executor.shutdown(timeout_sec=0.2)
    node.destroy_node()
    rclpy.try_shutdown()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # else the interpreter may exit with -2
