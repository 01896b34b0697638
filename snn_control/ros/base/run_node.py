"""Execution of a node as a process: signals, executor and safe end."""

from __future__ import annotations

import ctypes
import gc
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import rclpy
from rclpy.executors import Executor, MultiThreadedExecutor, SingleThreadedExecutor

from snn_control.errors import ConfigError
from snn_control.ros.base.conflicts import claim_name
from snn_control.ros.base.ending import Ending, Stop, report
from snn_control.ros.base.initialise import initialise, make_node
from snn_control.ros.base.managed_node import ManagedNode
from snn_control.ros.base.signals import ignore_signals, watch_signals
from snn_control.ros.exit_codes import BUSY_S, LEAVE_S, REFUSED, UNUSABLE

__all__ = ["CLOCK_WAIT_S", "SPIN_S", "Stop", "make_executor", "run_node"]

SPIN_S = 0.05
"""Timeout of one spin, s; without one, EventsExecutor of rclpy 7.1 calls nothing and never ends."""
CLOCK_WAIT_S = 1.0
"""Time after which a missing /clock is reported, s."""


def run_node(make: Callable[..., ManagedNode], arguments: Sequence[str] | None = None) -> int:
    """Run one node until a signal or its end; return the exit code.

    Args:
        make: called with `stop`, the request to end.
        arguments: arguments of the command line, with `--ros-args`.
    """
    stop = Stop()
    ending = Ending(stop)
    signals = watch_signals(ending.on_signal)
    try:
        initialise(sys.argv if arguments is None else arguments)
        node = make_node(make, stop=stop)
    except ConfigError as exc:
        report(f"cannot start: {exc}")
        rclpy.try_shutdown()
        return UNUSABLE
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
        _release_memory()
        gc.freeze()  # excludes long-lived objects from collections during a tick
        waiting_since = time.monotonic()
        while not stop.requested:
            executor.spin_once(timeout_sec=SPIN_S)
            waiting_since = _warn_without_clock(node, waiting_since)
    finally:
        ending.leave()
        node.end_safely()
        end_s = time.monotonic() + (BUSY_S if node.started else LEAVE_S)
        while _in_callback(executor):
            if time.monotonic() > end_s:
                ending.exit("during a callback")
            time.sleep(SPIN_S / 10)
        _end(node, executor)
        ignore_signals(signals)  # else the interpreter may exit with -2
        if claim is not None:
            claim.close()
        ending.finish()
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
        try:
            for conflict in node.conflicts.namesakes():
                node.get_logger().error(f"not started: {conflict}")
                stop(REFUSED)
        except ConfigError as exc:
            node.get_logger().warning(str(exc))
        if stop.requested or not node.get_parameter("autostart").value:
            return
        if not node.try_transition(transition):
            if node.lacks_package:
                stop(UNUSABLE)
            elif node.get_parameter("exit_if_refused").value:
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


def _release_memory() -> None:
    """Return free memory of the start to the system, where the C library can."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def _in_callback(executor: Executor) -> bool:
    """Return True while a thread of a MultiThreadedExecutor has not returned from a callback."""
    return any(not task.done() for task in getattr(executor, "_futures", ()))


def _end(node: ManagedNode, executor: Executor) -> None:
    node.try_transition("shutdown")
    executor.remove_node(node)
    executor.shutdown(timeout_sec=0.2)
    node.destroy_node()
    rclpy.try_shutdown()
