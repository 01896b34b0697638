"""What `altitude_controller` and `pid_controller` share: range in, motor command out."""

from __future__ import annotations

import time
from typing import Any

from rclpy.event_handler import PublisherEventCallbacks
from sensor_msgs.msg import BatteryState, Range
from std_msgs.msg import Float64
from std_srvs.srv import SetBool

from snn_control.controllers import Controller, load
from snn_control.errors import ConfigError
from snn_control.loops.blimp.interface import range_fault
from snn_control.loops.blimp.loop import AltitudeLoop
from snn_control.ros.base.controller_node import Callbacks, ControllerNode, answer, nanoseconds
from snn_control.ros.base.interface import qos
from snn_control.ros.base.managed_node import next_message
from snn_control.ros.blimp.health import AltitudeHealth
from snn_control.ros.blimp.interfaces import CONTROLLER


class AltitudeNode(ControllerNode[AltitudeLoop]):
    """Flies an altitude controller; subclasses say which."""

    interface = CONTROLLER

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(name, AltitudeHealth(), **options)

    def make_loop(self, controller: Controller, config: Any, simulated_time: bool) -> AltitudeLoop:
        """Return a loop with a PID of the same period as the fallback."""
        fallback = load("pid", control_period_s=controller.control_period_s)
        return AltitudeLoop(controller, fallback, config, simulated_time)

    def try_sensor(self, config: Any) -> None:
        """Refuse a sensor whose first measurement cannot be used."""
        message = next_message(self, Range, "range", qos("sensor"), config.probe_s)
        if message is None:
            return
        reach_m = (message.min_range, message.max_range)
        fault = range_fault(message.range, config.range_max_m, reach_m)
        if fault:
            raise ConfigError(f"topic {self.resolve_topic_name('range')}: {fault}")

    def open_commands(self, period_s: float, events: PublisherEventCallbacks) -> Any:
        """Return the publisher of `motor_command`."""
        quality = qos("command", period_s)
        return self.create_publisher(Float64, "motor_command", quality, event_callbacks=events)

    def to_message(self, command: float) -> Float64:
        """Return the message of a command."""
        return Float64(data=command)

    def inputs(self) -> Callbacks:
        """Return the subscriptions."""
        return (
            (Range, "range", self._on_range),
            (Float64, "height_set_point", self._on_set_point),
            (BatteryState, "battery", self._on_battery),
            (Float64, "manual_command", self._on_manual),
        )

    def own_services(self) -> Callbacks:
        """Return the service that hands over to a person."""
        return ((SetBool, "~/manual", self._on_override),)

    def _on_range(self, message: Range) -> None:
        now_s = time.monotonic()
        if not self.active:
            return
        reach_m = (message.min_range, message.max_range)
        stamp_ns = nanoseconds(message.header.stamp)
        tick = self._flying().on_range(message.range, stamp_ns, self._clock_ns(), now_s, reach_m)
        self.follow(tick, now_s)

    def _on_set_point(self, message: Float64) -> None:
        if not self._flying().on_set_point(message.data, time.monotonic()):
            self.get_logger().warning(
                f"set-point {message.data:g} m is not between {self.config.set_point_low_m:g} and "
                f"{self.config.set_point_high_m:g} m",
                throttle_duration_sec=1.0,
            )

    def _on_battery(self, message: BatteryState) -> None:
        self._flying().on_battery(message.voltage, time.monotonic())

    def _on_manual(self, message: Float64) -> None:
        command = self._flying().on_manual(message.data, time.monotonic())
        if command is not None and self.active:
            self._send(command)

    def _on_override(
        self, request: SetBool.Request, response: SetBool.Response
    ) -> SetBool.Response:
        loop = self._flying()
        if not (self.active and loop.modes.armed):
            return answer(response, False, "the craft is not armed")
        loop.override(request.data, time.monotonic())
        self._say_mode()
        return answer(response, True, loop.modes.mode)
