"""Peer on a real bus, which feeds a node in another process and records its outputs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.msg import State
from lifecycle_msgs.srv import ChangeState, GetState
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from rclpy.client import Client
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import QoSProfile
from sensor_msgs.msg import BatteryState, Range
from std_msgs.msg import Float64
from std_srvs.srv import SetBool, Trigger

from snn_control.ros.base.interface import qos

PERIOD_S = 0.1
TIMEOUT_S = 20.0
UNCONFIGURED = State.PRIMARY_STATE_UNCONFIGURED
INACTIVE = State.PRIMARY_STATE_INACTIVE
ACTIVE = State.PRIMARY_STATE_ACTIVE


class Peer:
    """Publisher of range, setpoint and battery; records commands, modes and diagnostics."""

    def __init__(
        self,
        domain: int,
        node: str = "altitude_controller",
        namespace: str = "",
        topics: bool = True,
    ) -> None:
        self.context = Context()
        rclpy.init(context=self.context, domain_id=domain)
        self.node = rclpy.create_node("peer", context=self.context, namespace=namespace)
        self._executor = SingleThreadedExecutor(context=self.context)
        self._executor.add_node(self.node)
        self.target = node
        self._clients: dict[str, Client] = {}
        self.commands: list[tuple[float, float]] = []
        """Monotonic time, s, and command."""
        self.modes: list[tuple[float, str, str]] = []
        """Monotonic time, s, mode and reason."""
        self.diagnostics: list[tuple[float, DiagnosticArray]] = []
        many = QoSProfile(depth=1000)
        self.listen(
            DiagnosticArray, "/diagnostics", many, lambda m: self._keep(self.diagnostics, m)
        )
        self.listen(DiagnosticStatus, f"{node}/mode", qos("latched"), self._on_mode)
        if not topics:
            return
        create = self.node.create_publisher
        self._range = create(Range, "range", qos("sensor"))
        self._set_point = create(Float64, "height_set_point", qos("latched"))
        self._battery = create(BatteryState, "battery", qos("sensor"))
        self._manual = create(Float64, "manual_command", qos("command"))
        self.listen(Float64, "motor_command", many, lambda m: self._keep(self.commands, m.data))

    def listen(self, kind: Any, name: str, profile: QoSProfile, callback: Callable) -> None:
        self.node.create_subscription(kind, name, callback, profile)

    def _keep(self, records: list[Any], content: Any) -> None:
        records.append((time.monotonic(), content))

    def _on_mode(self, message: DiagnosticStatus) -> None:
        reason = {v.key: v.value for v in message.values}["reason"]
        self.modes.append((time.monotonic(), message.message, reason))

    def spin(self, seconds: float) -> None:
        """Process messages for a duration."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._executor.spin_once(timeout_sec=min(left, 0.05))

    def until(self, condition: Callable[[], Any], timeout_s: float = TIMEOUT_S) -> None:
        """Process messages until the condition holds, or fail."""
        end = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < end, "timeout"
            self._executor.spin_once(timeout_sec=0.02)

    def measure(self, range_m: float = 1.0, stamp: Any = None) -> float:
        """Send one measurement; return the monotonic time."""
        message = Range(range=float(range_m), max_range=12.0)
        message.header.stamp = stamp or self.node.get_clock().now().to_msg()
        self._range.publish(message)
        return time.monotonic()

    def relay(self, message: Range) -> None:
        """Send a measurement of another publisher."""
        self._range.publish(message)

    def feed(self, seconds: float, range_m: float = 1.0) -> float:
        """Send a measurement every period; return the monotonic time of the last one."""
        last = time.monotonic()
        for _ in range(round(seconds / PERIOD_S)):
            last = self.measure(range_m)
            self.spin(PERIOD_S)
        return last

    def set_point(self, height_m: float) -> None:
        self._set_point.publish(Float64(data=float(height_m)))

    def battery(self, voltage: float) -> None:
        self._battery.publish(BatteryState(voltage=float(voltage)))

    def manual(self, command: float) -> None:
        self._manual.publish(Float64(data=float(command)))

    def connected(self) -> None:
        """Wait until the node subscribes its inputs and publishes commands."""
        self.until(
            lambda: (
                self._range.get_subscription_count()
                and self._set_point.get_subscription_count()
                and self.node.count_publishers("motor_command")
            )
        )

    def call(self, kind: Any, name: str, request: Any, timeout_s: float = TIMEOUT_S) -> Any:
        """Call a service of the node."""
        client = self.client(kind, name)
        future = client.call_async(request)
        self.until(future.done, timeout_s)
        return future.result()

    def client(self, kind: Any, name: str) -> Client:
        """Return a client of a service of the node, once the service is available."""
        full = f"{self.target}/{name}"
        if full not in self._clients:
            self._clients[full] = self.node.create_client(kind, full)
        self.until(self._clients[full].service_is_ready)
        return self._clients[full]

    def trigger(self, name: str) -> Trigger.Response:
        return self.call(Trigger, name, Trigger.Request())

    def switch(self, name: str, on: bool) -> SetBool.Response:
        return self.call(SetBool, name, SetBool.Request(data=on))

    def transition(self, number: int = 0, label: str = "") -> bool:
        request = ChangeState.Request()
        request.transition.id, request.transition.label = number, label
        return bool(self.call(ChangeState, "change_state", request).success)

    def state(self) -> int:
        return int(self.call(GetState, "get_state", GetState.Request()).current_state.id)

    def set_parameter(self, name: str, value: Any) -> tuple[bool, str]:
        """Set one parameter; return success and, after a refusal, the reason."""
        request = SetParameters.Request(parameters=[Parameter(name=name, value=_value(value))])
        result = self.call(SetParameters, "set_parameters", request).results[0]
        return bool(result.successful), str(result.reason)

    def status(self, task: str) -> tuple[bytes, str, dict[str, str]]:
        """Return level, message and values of the latest status of a task of the node."""
        for _, array in reversed(self.diagnostics):
            for status in array.status:
                if status.name == f"{self.target}: {task}":
                    return status.level, status.message, {v.key: v.value for v in status.values}
        raise AssertionError(f"no status of {task}")

    def close(self) -> None:
        self.node.destroy_node()
        self._executor.shutdown(timeout_sec=1.0)
        rclpy.try_shutdown(context=self.context)


def _value(value: Any) -> ParameterValue:
    match value:
        case bool():
            return ParameterValue(type=ParameterType.PARAMETER_BOOL, bool_value=value)
        case int():
            return ParameterValue(type=ParameterType.PARAMETER_INTEGER, integer_value=value)
        case float():
            return ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=value)
        case str():
            return ParameterValue(type=ParameterType.PARAMETER_STRING, string_value=value)
        case list():
            return ParameterValue(
                type=ParameterType.PARAMETER_STRING_ARRAY, string_array_value=value
            )
    return ParameterValue(type=ParameterType.PARAMETER_NOT_SET)
