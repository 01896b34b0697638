"""Base of `altitude_controller` and `pid_controller`: range in, motor command out."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
from rclpy.event_handler import PublisherEventCallbacks
from sensor_msgs.msg import BatteryState, FluidPressure, Imu, Range
from std_msgs.msg import Bool, Float64
from std_srvs.srv import SetBool

from snn_control.atmosphere import STANDARD_GRAVITY_M_S2, height_m
from snn_control.controllers import Controller
from snn_control.controllers.blimp.motion import BlimpMotion
from snn_control.errors import ConfigError, ParameterError
from snn_control.loops.adapter import Reading
from snn_control.loops.blimp.adapter import BlimpAdapter
from snn_control.loops.blimp.loop import altitude_loop
from snn_control.loops.control_loop import ControlLoop
from snn_control.ros.base.controller_node import Callbacks, ControllerNode, FloatArray
from snn_control.ros.base.interface import qos
from snn_control.ros.base.loaded_model import ModelSource
from snn_control.ros.base.managed_node import next_message
from snn_control.ros.base.messages import answer
from snn_control.ros.blimp.health import AltitudeStatus
from snn_control.ros.blimp.interfaces import CONTROLLER

OFFSET_S = 1.0
"""Time between two offsets of the barometer, s."""


class AltitudeNode(ControllerNode[BlimpAdapter]):
    """Node of an altitude controller; subclasses name the controller."""

    interface = CONTROLLER

    def __init__(self, name: str, model: ModelSource, **options: Any) -> None:
        super().__init__(name, AltitudeStatus(), model, **options)

    def make_loop(
        self, controller: Controller, config: Any, simulated_time: bool
    ) -> ControlLoop[BlimpAdapter]:
        """Return the loop with its reserve."""
        return altitude_loop(
            controller, config, self._motion(config.parameters_file), simulated_time
        )

    def _motion(self, file: str) -> BlimpMotion:
        """Return the parameters of the model in a file; nominal ones without a file."""
        if not file:
            return BlimpMotion()
        from snn_control.envs.blimp.parameter_file import read_parameters

        return BlimpMotion.from_parameters(read_parameters(file))

    def try_sensor(self, config: Any) -> None:
        """Refuse a sensor whose first measurement cannot be used, and itself as its neighbour."""
        own, neighbour = map(self.resolve_topic_name, ("barometer_offset", "neighbour_offset"))
        if own == neighbour:
            raise ConfigError(
                f"neighbour_offset is {own}, the offset of this blimp itself: remap it to the "
                "barometer_offset of another blimp"
            )
        message = next_message(self, Range, "range", qos("sensor"), config.probe_s)
        if message is None:
            return
        reading = self._read(message)
        if reading.fault:
            raise ConfigError(f"topic {self.resolve_topic_name('range')}: {reading.fault}")

    def open_commands(self, period_s: float, events: PublisherEventCallbacks) -> Any:
        """Return the publisher of `motor_command`."""
        self._offsets = self.create_publisher(Float64, "barometer_offset", qos("event"))
        self._entities.append(self._offsets)
        self._offset_s = -math.inf
        quality = qos("command", period_s)
        return self.create_publisher(Float64, "motor_command", quality, event_callbacks=events)

    def to_message(self, command: FloatArray) -> Float64:
        """Return the message of a command."""
        return Float64(data=float(command[0]))

    def inputs(self) -> Callbacks:
        """Return the subscriptions."""
        return (
            (Range, "range", self.while_active(self._on_range)),
            (FluidPressure, "pressure", self.while_active(self._on_pressure)),
            (Imu, "imu", self.while_active(self._on_imu)),
            (Float64, "height_set_point", self._on_set_point),
            (BatteryState, "battery", self._on_battery),
            (Float64, "neighbour_offset", self.while_active(self._on_neighbour)),
            (Float64, "manual_command", self._on_manual),
            (Bool, "manual", self._on_manual_switch),
        )

    def accompany(self, now_s: float) -> None:
        """Publish the offset of the barometer, once a second while it is known."""
        estimator = self._running().adapter.estimator
        if estimator is None or now_s - self._offset_s < OFFSET_S:
            return
        offset_m = estimator.barometer_offset(estimator.observer.now_s)
        if math.isfinite(offset_m):
            self._offset_s = now_s
            self._offsets.publish(Float64(data=offset_m))

    def own_services(self) -> Callbacks:
        """Return the service that starts and ends manual control."""
        return ((SetBool, "~/manual", self._on_override),)

    def _read(self, message: Range) -> Reading[float]:
        reach_m = (message.min_range, message.max_range)
        return self._running().adapter.read(message.range, reach_m)

    def _on_range(self, message: Range) -> None:
        now_s = time.monotonic()
        self.process(self._read(message), message.header.stamp, now_s)

    def _on_pressure(self, message: FluidPressure) -> None:
        try:
            value_m = height_m(message.fluid_pressure)
        except ParameterError as exc:
            self._running().adapter.reject(f"pressure: {exc}")
            value_m = math.nan
        self.sense("barometer", value_m, message.header.stamp)

    def _on_imu(self, message: Imu) -> None:
        self.sense("accelerometer", vertical_acceleration(message), message.header.stamp)

    def _on_neighbour(self, message: Float64) -> None:
        self.sense("neighbour_offset", message.data, self.get_clock().now().to_msg())

    def _on_set_point(self, message: Float64) -> None:
        adapter = self._running().adapter
        if not adapter.on_setpoint(message.data, time.monotonic()):
            limited = math.isfinite(message.data)
            self.get_logger().warning(
                adapter.setpoint_limit if limited else adapter.bad_value, throttle_duration_sec=1.0
            )

    def _on_battery(self, message: BatteryState) -> None:
        loop, now_s = self._running(), time.monotonic()
        if loop.adapter.on_battery(message.voltage, now_s):
            loop.check(now_s)

    def _on_manual(self, message: Float64) -> None:
        config = self.config
        if not config.command_low <= message.data <= config.command_high:
            self.get_logger().warning(
                f"manual command {message.data:g} is not between command_low "
                f"{config.command_low:g} and command_high {config.command_high:g}: it is limited, "
                "or refused if it is not finite",
                throttle_duration_sec=1.0,
            )
        command = self._running().on_manual(np.array([message.data]), time.monotonic())
        if command is not None and self.active:
            self._send(command)

    def _on_override(
        self, request: SetBool.Request, response: SetBool.Response
    ) -> SetBool.Response:
        if not self._switch_manual(request.data):
            return answer(response, False, "the vehicle is not armed; call ~/arm first")
        return answer(response, True, self._running().modes.mode)

    def _on_manual_switch(self, message: Bool) -> None:
        if not self._switch_manual(message.data):
            self.get_logger().warning("manual: the vehicle is not armed; call ~/arm first")

    def _switch_manual(self, on: bool) -> bool:
        """Start or end manual control; return False if the vehicle is not armed."""
        loop = self._running()
        if not (self.active and loop.modes.armed):
            return False
        loop.override(on, time.monotonic())
        self._publish_mode()
        return True


def vertical_acceleration(message: Imu) -> float:
    """Return the upward acceleration without gravity, m/s^2.

    The orientation is used unless its covariance begins with -1 (REP-145); then z is up.
    """
    a, q = message.linear_acceleration, message.orientation
    if message.orientation_covariance[0] == -1.0:
        return float(a.z) - STANDARD_GRAVITY_M_S2
    up = (
        2.0 * (q.x * q.z - q.w * q.y) * a.x
        + 2.0 * (q.y * q.z + q.w * q.x) * a.y
        + (1.0 - 2.0 * (q.x * q.x + q.y * q.y)) * a.z
    )
    return float(up) - STANDARD_GRAVITY_M_S2
