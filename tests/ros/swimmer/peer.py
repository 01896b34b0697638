"""Peer of a swimmer controller, in place of the body, on a real bus."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from geometry_msgs.msg import Twist
from nav_msgs.msg import Odometry
from rclpy.qos import QoSProfile
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray

from snn_control.ros.base.interface import qos
from tests.loops.swimmer.harness import NAMES
from tests.ros.peer import Peer

PERIOD_S = 0.03


class SwimPeer(Peer):
    """Publisher of joint states and velocities; records efforts and ticks."""

    def __init__(self, domain: int, node: str = "swimmer_controller") -> None:
        super().__init__(domain, node, topics=False)
        self.efforts: list[tuple[float, Float64MultiArray]] = []
        """Monotonic time, s, and message."""
        self.ticks: list[Float64MultiArray] = []
        self._joints = self.node.create_publisher(JointState, "joint_states", qos("sensor"))
        self._odometry = self.node.create_publisher(Odometry, "odometry", qos("sensor"))
        self._velocity = self.node.create_publisher(Twist, "cmd_vel", qos("command"))
        many = QoSProfile(depth=1000)
        self.listen(Float64MultiArray, "joint_efforts", many, lambda m: self._keep(self.efforts, m))
        self.listen(Float64MultiArray, f"{node}/tick", many, self.ticks.append)

    def measure(  # type: ignore[override]
        self, angles: Sequence[float] = (0.1,) * 5, names: Sequence[str] = NAMES
    ) -> float:
        """Send one measurement; return the monotonic time."""
        message = JointState(name=list(names), position=[float(x) for x in angles])
        message.header.stamp = self.node.get_clock().now().to_msg()
        self._joints.publish(message)
        return time.monotonic()

    def feed(self, seconds: float, angles: Sequence[float] = (0.1,) * 5) -> float:  # type: ignore[override]
        """Send a measurement every period; return the monotonic time of the last one."""
        last = due = time.monotonic()
        for _ in range(round(seconds / PERIOD_S)):
            last = self.measure(angles)
            due += PERIOD_S
            self.spin(max(due - time.monotonic(), 0.001))
        return last

    def velocity(self, forward_m_s: float, left_rad_s: float) -> None:
        message = Twist()
        message.linear.x, message.angular.z = float(forward_m_s), float(left_rad_s)
        self._velocity.publish(message)

    def speed(self, forward_m_s: float) -> None:
        message = Odometry()
        message.header.stamp = self.node.get_clock().now().to_msg()
        message.twist.twist.linear.x = float(forward_m_s)
        self._odometry.publish(message)

    def connected(self) -> None:
        """Wait until the node subscribes its inputs and publishes commands."""
        self.until(
            lambda: (
                self._joints.get_subscription_count()
                and self._velocity.get_subscription_count()
                and self.node.count_publishers("joint_efforts")
            )
        )

    def reach_auto(self) -> None:
        """Feed until the node is in mode auto."""
        end_s = time.monotonic() + 20.0
        while not (self.modes and self.modes[-1][1] == "auto"):
            assert time.monotonic() < end_s, "mode auto not reached"
            self.feed(0.15)

    def tick(self, k: int = -1) -> dict[str, float]:
        """Return the entries of a tick by name."""
        names = self.ticks[k].layout.dim[0].label.split(",")
        return dict(zip(names, self.ticks[k].data, strict=True))

    def largest(self, since_s: float, until_s: float = np.inf) -> list[float]:
        """Return the largest effort of each message between two times."""
        return [
            max(abs(x) for x in message.data)
            for at_s, message in self.efforts
            if since_s < at_s < until_s
        ]
