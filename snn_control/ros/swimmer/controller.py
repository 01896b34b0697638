"""Class and parameters of the node `swimmer_controller`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from geometry_msgs.msg import Twist
from nav_msgs.msg import Odometry
from rclpy.event_handler import PublisherEventCallbacks
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray, MultiArrayDimension
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from snn_control.controllers import Controller
from snn_control.controllers.swimmer.trials import SwimmerTrials
from snn_control.errors import ConfigError
from snn_control.loops.control_loop import ControlLoop
from snn_control.loops.swimmer.adapter import ODOMETRY, SwimmerAdapter
from snn_control.loops.swimmer.config import SwimmerConfig
from snn_control.ros.base.controller_node import Callbacks, ControllerNode, FloatArray
from snn_control.ros.base.interface import qos
from snn_control.ros.base.loaded_model import LoadedModel
from snn_control.ros.base.managed_node import next_message
from snn_control.ros.swimmer.health import SwimmerStatus
from snn_control.ros.swimmer.interfaces import CONTROLLER


class SwimmerController(ControllerNode[SwimmerAdapter]):
    """Node of a swimmer controller with any model."""

    config_type = SwimmerConfig
    interface = CONTROLLER
    watch_s = 0.02

    def __init__(self, **options: Any) -> None:
        super().__init__(
            "swimmer_controller", SwimmerStatus(), LoadedModel(model_options), **options
        )

    def make_loop(
        self, controller: Controller, config: Any, simulated_time: bool
    ) -> ControlLoop[SwimmerAdapter]:
        """Return the loop of a swimmer, without a fallback."""
        adapter = SwimmerAdapter(controller, config)
        return ControlLoop(controller, adapter, simulated_time=simulated_time)

    def try_sensor(self, config: Any) -> None:
        """Refuse unusable joint states, if any arrive within `probe_s`."""
        adapter, end_s, fault = self._running().adapter, time.monotonic() + config.probe_s, ""
        while (left_s := end_s - time.monotonic()) > 0.0:
            message = next_message(self, JointState, "joint_states", qos("sensor"), left_s)
            if message is None:
                break
            reading = adapter.read(message.name, message.position)
            fault = reading.fault
            if message.name and not reading.foreign:
                break
        if fault:
            raise ConfigError(f"topic {self.resolve_topic_name('joint_states')}: {fault}")

    def open_commands(self, period_s: float, events: PublisherEventCallbacks) -> Any:
        """Return the publisher of the efforts, of the type that `output` selects."""
        names = self._running().adapter.joints.names
        self._efforts = MultiArrayDimension(
            label=",".join(names), size=len(names), stride=len(names)
        )
        trajectory = self.config.output == "trajectory"
        kind = JointTrajectory if trajectory else Float64MultiArray
        name = "joint_trajectory" if trajectory else "joint_efforts"
        return self.create_publisher(kind, name, qos("command", period_s), event_callbacks=events)

    def to_message(self, command: FloatArray) -> Float64MultiArray | JointTrajectory:
        """Return the message of efforts, N m; a trajectory starts on arrival."""
        efforts = (command * self.config.effort_scale).tolist()
        if self.config.output == "trajectory":
            point = JointTrajectoryPoint(effort=efforts)
            return JointTrajectory(joint_names=self._running().adapter.joints.names, points=[point])
        message = Float64MultiArray(data=efforts)
        message.layout.dim = [self._efforts]
        return message

    def inputs(self) -> Callbacks:
        """Return the subscriptions."""
        return (
            (JointState, "joint_states", self.while_active(self._on_joints)),
            (Twist, "cmd_vel", self._on_cmd_vel),
            (Odometry, "odometry", self.while_active(self._on_odometry)),
        )

    def own_services(self) -> Callbacks:
        """Return (): a swimmer has only the services of every controller."""
        return ()

    def _on_joints(self, message: JointState) -> None:
        now_s = time.monotonic()
        reading = self._running().adapter.read(message.name, message.position)
        self.process(reading, message.header.stamp, now_s)

    def _on_odometry(self, message: Odometry) -> None:
        if self._running().adapter.tries:
            self.sense(ODOMETRY, message.twist.twist.linear.x, message.header.stamp)

    def _on_cmd_vel(self, message: Twist) -> None:
        forward_m_s, left_rad_s = message.linear.x, message.angular.z
        adapter = self._running().adapter
        if not adapter.on_cmd_vel(forward_m_s, left_rad_s, time.monotonic()):
            self.get_logger().warning(
                f"cmd_vel of {forward_m_s:g} m/s, {left_rad_s:g} rad/s is refused: not finite",
                throttle_duration_sec=1.0,
            )
        elif adapter.velocity_limit:
            self.get_logger().warning(adapter.velocity_limit, throttle_duration_sec=5.0)


def model_options(config: SwimmerConfig) -> Mapping[str, Any]:
    """Return the options of `load` for the parameters of the node."""
    return {"trials": SwimmerTrials(healthy_m_s=config.healthy_speed_m_s)} if config.trials else {}
