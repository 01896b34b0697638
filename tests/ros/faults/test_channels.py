"""Table of the channels on the bus: fields of the messages, and agreement with the nodes."""

from __future__ import annotations

import math
from functools import reduce
from typing import Any

import numpy as np
import pytest

from snn_control.errors import ConfigError, UnknownNameError
from snn_control.ros.faults.channel import BusChannel
from snn_control.ros.faults.channels import CHANNELS, channels_of, remappings
from tests.ros.conftest import NEEDS_ROS

pytest.importorskip("rclpy", reason=NEEDS_ROS)

from geometry_msgs.msg import Twist
from nav_msgs.msg import Odometry
from sensor_msgs.msg import BatteryState, FluidPressure, Imu, JointState, LaserScan, Range
from std_msgs.msg import Float64, Float64MultiArray
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from snn_control.ros.interfaces import INTERFACES
from snn_control.ros.nodes import NODES, SYSTEMS

EXAMPLES: dict[str, tuple[Any, list[float]]] = {
    "height_set_point": (Float64(data=1.5), [1.5]),
    "battery": (BatteryState(voltage=3.5, percentage=0.5, present=True), [3.5]),
    "pressure": (FluidPressure(fluid_pressure=99e3, variance=4.0), [99e3]),
    "imu": (Imu(linear_acceleration_covariance=np.arange(9.0)), [0.0]),
    "range": (Range(range=0.5, max_range=12.0), [0.5]),
    "motor_command": (Float64(data=-3.0), [-3.0]),
    "cmd_vel": (Twist(), [0.0, 0.0]),
    "odometry": (Odometry(child_frame_id="base_link"), [0.0]),
    "joint_states": (JointState(name=["a", "b"], position=[1.0, 2.0], velocity=[3.0, 4.0]), [1, 2]),
    "joint_efforts": (Float64MultiArray(data=[0.1, 0.2]), [0.1, 0.2]),
    "joint_trajectory": (
        JointTrajectory(joint_names=["a"], points=[JointTrajectoryPoint(effort=[0.25])]),
        [0.25],
    ),
    "odom": (Odometry(child_frame_id="base_link"), [0.0, 0.0, 0.0, 1.0]),
    "scan": (
        LaserScan(range_max=6.0, ranges=[0.5, math.inf], intensities=[1.0]),
        [0.5, math.inf],
    ),
}
"""Message of each channel, and its values."""
FIELDS = {
    "imu": "linear_acceleration.z",
    "cmd_vel": "angular.z",
    "odom": "pose.pose.orientation.w",
    "odometry": "twist.twist.linear.x",
    "range": "range",
    "pressure": "fluid_pressure",
    "battery": "voltage",
    "motor_command": "data",
    "height_set_point": "data",
}
"""Field that has the last value."""
ALL = [(system, channel) for system, channels in CHANNELS.items() for channel in channels]
IDS = [f"{system}-{channel.topic}" for system, channel in ALL]


@pytest.mark.parametrize("channel", [channel for _, channel in ALL], ids=IDS)
def test_values_of_a_message_are_read_and_written(channel: BusChannel) -> None:
    message, values = EXAMPLES[channel.topic]
    assert isinstance(message, channel.message_type())
    np.testing.assert_array_equal(channel.read(message), values)
    assert channel.write(message, np.array(values, float)) is message
    changed = np.array(values) + 0.25
    written = channel.write(message, changed)
    np.testing.assert_array_equal(channel.read(message), values)
    np.testing.assert_array_equal(channel.read(written), changed)
    if channel.topic in FIELDS:
        last = reduce(getattr, FIELDS[channel.topic].split("."), written)
        assert last == changed[-1]
    restored = channel.write(written, np.array(values, float))
    assert restored == message, "all other fields are unchanged"
    broken = channel.write(message, np.full(len(values), np.nan))
    assert np.isnan(channel.read(broken)).all()
    assert np.isinf(channel.read(channel.write(message, np.full(len(values), -np.inf)))).all()


def test_messages_without_the_field_have_no_values() -> None:
    channel = {channel.topic: channel for _, channel in ALL}["joint_trajectory"]
    empty = JointTrajectory(joint_names=["a"])
    assert channel.read(empty).shape == (0,)
    assert channel.write(empty, np.zeros(0)) is empty


def test_rays_that_were_not_fired_stay_so() -> None:
    channel = {channel.topic: channel for _, channel in ALL}["scan"]
    scan = LaserScan(ranges=[math.nan, 2.0])
    assert channel.write(scan, channel.read(scan)) is scan
    near = channel.write(scan, 0.5 * channel.read(scan))
    np.testing.assert_array_equal(near.ranges, [math.nan, 1.0])


@pytest.mark.parametrize(("system", "channel"), ALL, ids=IDS)
def test_topics_are_those_of_the_nodes(system: str, channel: BusChannel) -> None:
    """Type and quality of each channel, in the tables of the system's nodes."""
    topics = [
        topic
        for node in NODES
        if node.system == system
        for topic in INTERFACES[node.name].topics
        if topic.name == channel.topic
    ]
    assert topics
    assert {topic.type for topic in topics} == {channel.type}
    assert {topic.quality for topic in topics} == {channel.quality}


def test_remappings_are_of_the_receivers() -> None:
    channels = channels_of("blimp")
    assert remappings(channels, of_vehicle=True) == [("motor_command", "faulty/motor_command")]
    of_controller = dict(remappings(channels, of_vehicle=False))
    assert set(of_controller) == {"range", "pressure", "imu", "battery", "height_set_point"}
    assert of_controller["range"] == "faulty/range"


def test_systems_of_the_table() -> None:
    assert set(CHANNELS) <= {system.name for system in SYSTEMS}
    assert all(sum(c.trigger for c in channels) == 1 for channels in CHANNELS.values())
    with pytest.raises(UnknownNameError, match="Did you mean: `blimp`"):
        channels_of("blim")
    with pytest.raises(ConfigError, match="names no system with channels; known are blimp"):
        channels_of("")
