"""Publisher of `/diagnostics` in the format of diagnostic_updater, without its package.

Status names are `node: task`; the parameters are `diagnostic_updater.period` and
`diagnostic_updater.use_fqn`. Keys are a contract: see `docs/reference/ros2/index.md`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rcl_interfaces.msg import FloatingPointRange, ParameterDescriptor
from rclpy.duration import Duration
from rclpy.node import Node

from snn_control.ros.base.interface import qos

OK, WARN, ERROR, STALE = (
    DiagnosticStatus.OK,
    DiagnosticStatus.WARN,
    DiagnosticStatus.ERROR,
    DiagnosticStatus.STALE,
)
LAST_S = 0.5
"""Maximum time until the subscribers have the last message, s."""


@dataclass
class Status:
    """One status, with the level and message of its most severe problem."""

    level: bytes = OK
    message: str = "ok"
    values: dict[str, Any] = field(default_factory=dict)

    def escalate(self, level: bytes, message: str) -> None:
        """Set level and message if the level is more severe than the present one."""
        if level > self.level:
            self.level, self.message = level, message

    def say(self, level: bytes, message: str) -> None:
        """Raise the level; a deprecated name of `escalate`."""
        warnings.warn("use escalate()", DeprecationWarning, stacklevel=2)
        self.escalate(level, message)


Task = Callable[[], Status]


class Diagnostics:
    """Publisher of the status of each task, once per period of wall time in any node state."""

    def __init__(self, node: Node, hardware_id: str) -> None:
        period = ParameterDescriptor(
            description="Period of the messages on /diagnostics, s.",
            floating_point_range=[FloatingPointRange(from_value=0.01, to_value=60.0)],
            read_only=True,
        )
        fqn = ParameterDescriptor(
            description="Status names with the full name of the node.", read_only=True
        )
        node.declare_parameter("diagnostic_updater.period", 1.0, period)
        node.declare_parameter("diagnostic_updater.use_fqn", False, fqn)
        full = node.get_parameter("diagnostic_updater.use_fqn").value
        self._name = node.get_fully_qualified_name() if full else node.get_name()
        self._node, self.hardware_id = node, hardware_id or "none"
        self._tasks: dict[str, Task] = {}
        self._publisher = Node.create_publisher(node, DiagnosticArray, "/diagnostics", qos("event"))
        self.period_s = float(node.get_parameter("diagnostic_updater.period").value)

    def add(self, task: str, status: Task) -> None:
        """Add a task, or replace that of the same name."""
        self._tasks[task] = status

    def publish(self, *tasks: str) -> None:
        """Publish the status of tasks, by default of all; a failure of one is its ERROR."""
        message = DiagnosticArray()
        message.header.stamp = self._node.get_clock().now().to_msg()
        for task in tasks or self._tasks:
            try:
                status = self._tasks[task]()
            except Exception as exc:
                self._node.get_logger().error(f"diagnostics of {task}: {exc!r}")
                status = Status(ERROR, f"no status available: {exc!r}")
            message.status.append(self.to_message(task, status))
        self._publisher.publish(message)

    def publish_last(self) -> None:
        """Publish before the process ends, and wait until the subscribers have the message."""
        self.publish()
        self._publisher.wait_for_all_acked(Duration(seconds=LAST_S))

    def to_message(self, task: str, status: Status) -> DiagnosticStatus:
        """Return the message of one status."""
        return DiagnosticStatus(
            level=status.level,
            name=f"{self._name}: {task}",
            message=status.message,
            hardware_id=self.hardware_id,
            values=[KeyValue(key=key, value=_text(value)) for key, value in status.values.items()],
        )


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
