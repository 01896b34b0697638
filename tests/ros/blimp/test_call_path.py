"""Call path of a height error through a node, from its callback to the published command."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ros.conftest import NEEDS_ROS

pytest.importorskip("rclpy", reason=NEEDS_ROS)

import rclpy
from rclpy.context import Context
from sensor_msgs.msg import Range
from std_msgs.msg import Float64

from snn_control.ros.blimp.pid_controller import PidController
from snn_control.ros.bus.domains import free_domain
from snn_control.supervision.modes import Mode
from tests.loops.blimp.harness import Scripted
from tests.loops.call_path import MODEL, SIMPLEX, CallPath


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
    """Publisher of the commands, in place of the real one; ends the call path."""

    def __init__(self, path: CallPath) -> None:
        self.path, self.sent = path, []  # type: ignore[var-annotated]

    def publish(self, message: Float64) -> None:
        self.path.end()
        self.sent.append(message.data)

    def wait_for_all_acked(self, _: object) -> None:
        pass


def test_path_from_range_message_to_command(node: PidController) -> None:
    """Path with a controller of the test, so that only the files around it count."""
    loop, path = node.loop, CallPath("blimp")
    assert loop is not None
    loop.replace(Scripted(1.5))
    loop.arm(0.0)
    message = Range(range=1.0, min_range=0.05, max_range=12.0)
    message.header.stamp = node.get_clock().now().to_msg()
    publisher, commands = node._commands, Commands(path)
    node._commands = commands
    path.follow(node._on_range, message)
    node._commands = publisher
    assert loop.modes.mode is Mode.AUTO
    assert commands.sent == [1.5]
    assert len(path.files - MODEL - SIMPLEX) == 8, sorted(path.files)
    assert path.files & MODEL
    assert path.files > SIMPLEX
    assert {"ros/blimp/node.py", "loops/control_loop.py", "loops/blimp/adapter.py"} < path.files
    assert path.crossings == 6
