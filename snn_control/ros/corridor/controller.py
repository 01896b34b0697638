"""Class and parameters of the node `corridor_controller`."""

from __future__ import annotations

import math
import time
from array import array
from typing import Any

import numpy as np
from geometry_msgs.msg import Twist
from nav_msgs.msg import Odometry
from rclpy.event_handler import PublisherEventCallbacks
from sensor_msgs.msg import LaserScan
from std_msgs.msg import UInt8MultiArray

from snn_control.controllers import Controller
from snn_control.controllers.corridor.gap import Gap
from snn_control.errors import ConfigError
from snn_control.loops.control_loop import ControlLoop
from snn_control.loops.corridor.adapter import CorridorAdapter
from snn_control.loops.corridor.config import CorridorConfig
from snn_control.loops.corridor.interface import read_ranges
from snn_control.loops.corridor.rays import N_RAYS
from snn_control.ros.base.controller_node import Callbacks, ControllerNode, FloatArray
from snn_control.ros.base.interface import qos
from snn_control.ros.base.loaded_model import LoadedModel
from snn_control.ros.base.managed_node import next_message
from snn_control.ros.corridor.health import CorridorStatus
from snn_control.ros.corridor.interfaces import CONTROLLER


class CorridorController(ControllerNode[CorridorAdapter]):
    """Node of a corridor controller with any model; the gap follower is its fallback."""

    config_type = CorridorConfig
    interface = CONTROLLER

    def __init__(self, **options: Any) -> None:
        super().__init__("corridor_controller", CorridorStatus(), LoadedModel(), **options)

    def make_loop(
        self, controller: Controller, config: Any, simulated_time: bool
    ) -> ControlLoop[CorridorAdapter]:
        """Return the loop, with the gap follower as the fallback."""
        adapter = CorridorAdapter(controller, config)
        return ControlLoop(controller, adapter, Gap(), simulated_time=simulated_time)

    def try_sensor(self, config: Any) -> None:
        """Refuse an unusable scan, if one arrives within `probe_s`."""
        message = next_message(self, LaserScan, "scan", qos("sensor"), config.probe_s)
        if message is None:
            return
        _, fault = read_ranges(message.ranges, message.angle_min, message.angle_increment)
        if fault:
            raise ConfigError(f"topic {self.resolve_topic_name('scan')}: {fault}")

    def open_commands(self, period_s: float, events: PublisherEventCallbacks) -> Any:
        """Return the publisher of the velocity; open that of the requests."""
        self._requests = None
        if self.config.rays < N_RAYS:
            self._requests = self.create_publisher(
                UInt8MultiArray, "ray_request", qos("command", period_s)
            )
            self._entities.append(self._requests)
        return self.create_publisher(
            Twist, "cmd_vel", qos("command", period_s), event_callbacks=events
        )

    def to_message(self, command: FloatArray) -> Twist:
        """Return the message of speed, m/s, and turn rate, rad/s."""
        message = Twist()
        message.linear.x, message.angular.z = command.tolist()
        return message

    def inputs(self) -> Callbacks:
        """Return the subscriptions; the odom of a scan is taken before the scan."""
        return (
            (Odometry, "odom", self.while_active(self._on_odom)),
            (LaserScan, "scan", self.while_active(self._on_scan)),
        )

    def own_services(self) -> Callbacks:
        """Return (): the node has only the services of every controller."""
        return ()

    def _clock_s(self) -> float:
        return 1e-9 * float(self.get_clock().now().nanoseconds)

    def _on_odom(self, message: Odometry) -> None:
        at, turn = message.pose.pose.position, message.pose.pose.orientation
        adapter = self._running().adapter
        if not adapter.on_odom(at.x, at.y, 2.0 * math.atan2(turn.z, turn.w), self._clock_s()):
            self.get_logger().warning(adapter.bad_value, throttle_duration_sec=1.0)

    def _on_scan(self, message: LaserScan) -> None:
        now_s = time.monotonic()
        adapter = self._running().adapter
        reading = adapter.read(
            message.ranges,
            message.angle_min,
            message.angle_increment,
            message.range_min,
            self._clock_s(),
        )
        self.process(reading, message.header.stamp, now_s)
        if self._requests is not None:
            rays = np.flatnonzero(adapter.request).astype(np.uint8)
            self._requests.publish(UInt8MultiArray(data=array("B", rays.tobytes())))
