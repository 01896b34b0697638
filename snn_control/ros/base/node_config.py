"""Parameters of all nodes."""

from __future__ import annotations

from dataclasses import dataclass

from snn_control.errors import ParameterError
from snn_control.loops.field import parameter

EXECUTORS = ("events", "single", "multi")


@dataclass(frozen=True)
class NodeConfig:
    """Parameters of every node.

    Raises:
        ParameterError: an unknown executor.
    """

    executor: str = parameter("events", read_only=True)
    """Executor: events, single or multi; events falls back to single if rclpy lacks it."""
    autostart: bool = parameter(False, read_only=True)
    """Configure and activate automatically at the start."""
    exit_if_refused: bool = parameter(False, read_only=True)
    """Exit with code 1 if the automatic start is refused."""
    hardware_id: str = parameter("none", read_only=True)
    """Name of the vehicle in diagnostics."""

    def __post_init__(self) -> None:
        if self.executor not in EXECUTORS:
            raise ParameterError(
                f"executor is {self.executor!r}; expected one of {', '.join(EXECUTORS)}"
            )
