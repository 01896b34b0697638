"""The way of a height error through a node, from its callback to the published command."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ros.conftest import NEEDS_ROS

pytest.importorskip("rclpy", reason=NEEDS_ROS)

import rclpy
from rclpy.context import Context
from sensor_msgs.msg import Range
from std_msgs.msg import Float64

from snn_control.ros.bus.processes import free_domain
from snn_control.ros.pid_controller import PidController
from snn_control.supervision.modes import Mode
from tests.loops.blimp.harness import Scripted
from tests.loops.way import Way


@pytest.fixture
def node() -> Iterator[PidController]:
    context = Context()
    rclpy.init(context=context, domain_id=free_domain())
    parameters = [rclpy.parameter.Parameter("probe_s", value=0.0)]
    made = PidController(context=context, parameter_overrides=parameters)
    assert made.try_transition("configure")
    assert made.try_transition("activate")
    yield made
    made.destroy_node()
    rclpy.try_shutdown(context=context)


class Commands:
    """Stands for the publisher of the commands; the way ends here."""

    def __init__(self, way: Way) -> None:
        self.way, self.sent = way, []  # type: ignore[var-annotated]

    def publish(self, message: Float64) -> None:
        self.way.end()
        self.sent.append(message.data)

    def wait_for_all_acked(self, _: object) -> None:
        pass


def test_from_a_range_message_to_its_command(node: PidController) -> None:
    """The controller is that of the test, which counts the files around it."""
    loop, way = node.loop, Way("blimp")
    assert loop is not None
    loop.replace(Scripted(1.5))
    loop.arm(0.0)
    message = Range(range=1.0, min_range=0.05, max_range=12.0)
    message.header.stamp = node.get_clock().now().to_msg()
    publisher, commands = node._commands, Commands(way)
    node._commands = commands
    way.follow(node._on_range, message)
    node._commands = publisher
    assert loop.modes.mode is Mode.AUTO
    assert commands.sent == [1.5]
    assert len(way.files) == 8, sorted(way.files)
    assert {"ros/blimp/node.py", "loops/control_loop.py", "loops/blimp/adapter.py"} < way.files
    assert way.crossings == 4
