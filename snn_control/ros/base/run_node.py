"""Execution of a node as a process: signals, executor and safe end."""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import rclpy
from rclpy.executors import Executor, MultiThreadedExecutor, SingleThreadedExecutor

from snn_control.errors import ConfigError
from snn_control.ros.base.initialise import initialise, make_node
from snn_control.ros.base.managed_node import ManagedNode
from snn_control.ros.base.peers import claim_name
from snn_control.ros.base.signals import ignore_signals, watch_signals

__all__ = [
    "BUSY_S",
    "CLOCK_WAIT_S",
    "INTERRUPTED",
    "LEAVE_S",
    "REFUSED",
    "SPIN_S",
    "UNREADABLE",
    "Stop",
    "make_executor",
    "run_node",
]

SPIN_S = 0.05
"""Timeout of one spin, s; without one, EventsExecutor of rclpy 7.1 calls nothing and never ends."""
CLOCK_WAIT_S = 1.0
"""Time after which a missing /clock is reported, s."""
LEAVE_S = 0.5
"""Time from a signal to the end of the callback in progress, s. Then the outputs are made safe in
spite of it; a node that was never active exits."""
BUSY_S = 2.0
"""Further time for that callback of a started node, s; then the process exits."""
REFUSED = 1
"""Exit code of a refused start."""
UNREADABLE = 2
"""Exit code of arguments or an environment that cannot be used."""
INTERRUPTED = 128
"""Exit code, plus the number of the signal, of a process that ended during a callback."""


class Stop:
    """Request to end, set by signals and nodes that are finished."""

    def __init__(self) -> None:
        self.requested = False
        self.code = 0

    def __call__(self, code: int = 0) -> None:
        """Request the end, with an exit code; the first that is not 0 remains."""
        self.requested, self.code = True, self.code or code


class _Ending:
    """End of the process after a signal, also if the main thread does not return."""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop
        self.node: ManagedNode | None = None
        self.orderly = threading.Event()
        """Set when all callbacks have returned and the main thread ends the node."""

    def __call__(self, number: int) -> None:
        self._stop()
        if self.orderly.wait(LEAVE_S):
            return
        if self.node is not None and self.node.started:
            self.node.secure()
            if self.orderly.wait(BUSY_S):
                return
        print(f"ended by signal {number} during a callback or the start", file=sys.stderr)
        sys.stderr.flush()
        os._exit(INTERRUPTED + number)


def run_node(make: Callable[..., ManagedNode], arguments: Sequence[str] | None = None) -> int:
    """Run one node until a signal or its end; return the exit code.

    Args:
        make: called with `stop`, the request to end.
        arguments: arguments of the command line, with `--ros-args`.
    """
    stop = Stop()
    ending = _Ending(stop)
    signals = watch_signals(ending)
    try:
        initialise(sys.argv if arguments is None else arguments)
        node = make_node(make, stop=stop)
    except ConfigError as exc:
        print(f"cannot start: {exc}", file=sys.stderr)
        rclpy.try_shutdown()
        return UNREADABLE
    try:
        claim = claim_name(node)
    except ConfigError as exc:
        node.get_logger().error(f"not started: {exc}")
        node.destroy_node()
        rclpy.try_shutdown()
        return REFUSED
    ending.node = node
    executor = make_executor(node.get_parameter("executor").value)
    executor.add_node(node)
    try:
        _start(node, stop)
        gc.collect()
        gc.freeze()  # excludes long-lived objects from collections during a tick
        waiting_since = time.monotonic()
        while not stop.requested:
            executor.spin_once(timeout_sec=SPIN_S)
            waiting_since = _warn_without_clock(node, waiting_since)
    finally:
        node.secure()
        while _in_callback(executor):
            time.sleep(SPIN_S / 10)
        ending.orderly.set()
        _end(node, executor)
        ignore_signals(signals)  # else the interpreter may exit with -2
        if claim is not None:
            claim.close()
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


def _start(node: ManagedNode, stop: Stop) -> None:
    """Refuse a second node of the name; configure and activate the node if that is requested."""
    for transition in ("configure", "activate"):
        for conflict in node.peers.namesakes():
            node.get_logger().error(f"not started: {conflict}")
            stop(REFUSED)
        if stop.requested or not node.get_parameter("autostart").value:
            return
        if not node.try_transition(transition):
            if node.get_parameter("exit_if_refused").value:
                stop(REFUSED)
            return


def _warn_without_clock(node: Any, since_s: float) -> float:
    """Warn once if simulated time stands still: without /clock its timers never fire."""
    if since_s == float("inf") or time.monotonic() - since_s < CLOCK_WAIT_S:
        return since_s
    if node.get_parameter("use_sim_time").value and not node.get_clock().now().nanoseconds:
        node.get_logger().warning(
            "use_sim_time is set, but no node publishes /clock: simulated time stands still"
        )
    return float("inf")


def _in_callback(executor: Executor) -> bool:
    """Return True while a thread of a MultiThreadedExecutor has not returned from a callback."""
    return any(not task.done() for task in getattr(executor, "_futures", ()))


def _end(node: ManagedNode, executor: Executor) -> None:
    node.try_transition("shutdown")
    executor.remove_node(node)
    executor.shutdown(timeout_sec=0.2)
    node.destroy_node()
    rclpy.try_shutdown()
