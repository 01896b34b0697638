"""Class and parameters of the node `swimmer_simulator`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from nav_msgs.msg import Odometry
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray

from snn_control.envs.swimmer.body import CONTROL_PERIOD_S
from snn_control.envs.swimmer.damage import Damage
from snn_control.envs.swimmer.mjcf import PHYSICS_STEP_S, check_links
from snn_control.envs.swimmer.robot import Measurement, SwimmerRobot
from snn_control.errors import ParameterError, UnknownNameError
from snn_control.loops.field import parameter
from snn_control.loops.place.odometry import heading_quaternion
from snn_control.loops.swimmer.interface import joint_names
from snn_control.ros.base.interface import qos
from snn_control.ros.base.simulator_node import SimulatorConfig, SimulatorNode
from snn_control.ros.swimmer.interfaces import SIMULATOR
from snn_control.runs import atomic


@dataclass(frozen=True)
class Config(SimulatorConfig):
    """Parameters of `swimmer_simulator`.

    Raises:
        ParameterError: `n_links` or damage is out of range.
        UnknownNameError: the body has no such joint to lock.
    """

    duration_s: float = parameter(30.0, 1.0, 86400.0)
    """Duration of the episode, s; rounded to control periods of 0.03 s."""
    n_links: int = parameter(6, 3, 30)
    """Number of links of the body, one more than joints."""
    joint_names: tuple[str, ...] = parameter(("",))
    """Joints from head to tail; one empty name: joint_0, joint_1, ..."""
    effort_scale: float = parameter(1.0, 1e-9, 1e6)
    """Full effort in joint_efforts, N m; 1: efforts are fractions of it."""
    effort_timeout_s: float = parameter(0.2, 0.01, 3600.0)
    """Time without efforts after which the muscles rest, s."""
    odometry: bool = parameter(False)
    """Publish odometry, the pose and velocity of the nose, for trials of the controller."""
    locked_joints: tuple[str, ...] = parameter(("",))
    """Names of joints that are locked at their initial angle."""
    lost_muscles: tuple[str, ...] = parameter(("",))
    """Muscles without force: dorsal_2, ventral_2 or both_2, joint 0 next to the head."""
    density_scale: float = parameter(1.0, 0.0, 100.0)
    """Factor on the density of the fluid."""
    viscosity_pa_s: float = parameter(0.0, 0.0, 1000.0)
    """Viscosity of the fluid, Pa s."""
    noise_rad: float = parameter(0.0, 0.0, 10.0)
    """Standard deviation of the noise of each measured angle, rad."""
    bias_rad: float = parameter(0.0, 0.0, 10.0)
    """Standard deviation over joints of the constant error of measured angles, rad."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_links(self.n_links)
        self.damage().efforts(self.n_links - 1)

    def names(self) -> tuple[str, ...]:
        """Return the names of the joints."""
        return joint_names(self.joint_names, self.n_links - 1)

    def damage(self) -> Damage:
        """Return the damage of the body."""
        names, locked = self.names(), [name for name in self.locked_joints if name]
        for name in locked:
            if name not in names:
                raise UnknownNameError("joint", name, names)
        return Damage(
            locked_joints=tuple(names.index(name) for name in locked),
            lost_muscles=tuple(name for name in self.lost_muscles if name),
            density_scale=self.density_scale,
            viscosity_pa_s=self.viscosity_pa_s,
            noise_rad=self.noise_rad,
            bias_rad=self.bias_rad,
        )


class SwimmerSimulator(SimulatorNode[SwimmerRobot]):
    """Simulator node that swims one episode."""

    config_type = Config
    interface = SIMULATOR
    physics_step_s = PHYSICS_STEP_S
    call_steps = 5

    def __init__(self, **options: Any) -> None:
        super().__init__("swimmer_simulator", **options)

    def make_robot(self, config: Config) -> SwimmerRobot:
        """Return the body at its start."""
        n_ticks = max(round(config.duration_s / CONTROL_PERIOD_S), 1)
        self._names = config.names()
        return SwimmerRobot(
            config.n_links, config.seed, n_ticks, config.damage(), config.effort_timeout_s
        )

    def open_topics(self) -> tuple[Any, Any, list[Any]]:
        """Open the topics of joint states, efforts and ground truth."""
        self._joints = self.create_publisher(JointState, "joint_states", qos("sensor"))
        self._truth = self.create_publisher(Odometry, "ground_truth", qos("sensor"))
        self._odometry = None
        if self.config.odometry:
            self._odometry = self.create_publisher(Odometry, "odometry", qos("sensor"))
        efforts = self.create_subscription(
            Float64MultiArray, "joint_efforts", self.guarded(self._on_efforts), qos("command")
        )
        further = [self._truth, *((self._odometry,) if self._odometry else ())]
        return self._joints, efforts, further

    def _on_efforts(self, message: Float64MultiArray) -> None:
        self.catch_up()
        try:
            efforts = self._efforts(message)
            self._current().command(efforts)
        except ParameterError as exc:
            self.refuse(exc)
            return
        if np.abs(efforts).max() > 1.0:
            scale = self.config.effort_scale
            self.report_limit(f"effort {np.abs(efforts).max() * scale:g}", f"{scale:g}")

    def _efforts(self, message: Float64MultiArray) -> np.ndarray:
        label = message.layout.dim[0].label if message.layout.dim else ""
        efforts = np.array(message.data, np.float64) / self.config.effort_scale
        names = tuple(label.split(","))
        if not label or names == self._names:
            return efforts
        if sorted(names) != sorted(self._names) or efforts.size != len(names):
            raise ParameterError(f"efforts are of {label}; expected {','.join(self._names)}")
        return efforts[[names.index(name) for name in self._names]]

    def publish(self, measurement: Measurement, stamp: Any) -> None:
        """Publish odometry, joint states and ground truth."""
        truth = odometry(measurement, stamp)
        if self._odometry:
            self._odometry.publish(truth)
        message = JointState(name=self._names, position=measurement.joint_rad.tolist())
        message.velocity = measurement.joint_rad_s.tolist()
        message.header.stamp = stamp
        self._joints.publish(message)
        self._truth.publish(truth)

    def write_episode(self, robot: SwimmerRobot, path: Path) -> None:
        """Write `SwimmerRobot.trace`, without pickles."""
        atomic.write_arrays(path, robot.trace() | {"finished": np.array(robot.finished)})


def odometry(measurement: Measurement, stamp: Any) -> Odometry:
    """Return the pose of the nose in the world and its velocity in the head frame, x forward."""
    message = Odometry(child_frame_id="base_link")
    message.header.stamp, message.header.frame_id = stamp, "map"
    pose, twist = message.pose.pose, message.twist.twist
    pose.position.x, pose.position.y = measurement.position_m
    turn = pose.orientation
    turn.x, turn.y, turn.z, turn.w = heading_quaternion(measurement.heading_rad)
    twist.linear.x, twist.linear.y = measurement.forward_m_s, measurement.left_m_s
    twist.angular.z = measurement.turning_rad_s
    return message
