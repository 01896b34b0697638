"""Peer of a corridor controller, in place of the robot, on a real bus."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

from geometry_msgs.msg import Twist
from nav_msgs.msg import Odometry
from rclpy.qos import QoSProfile
from sensor_msgs.msg import LaserScan
from std_msgs.msg import Float64MultiArray, UInt8MultiArray

from snn_control.ros.base.interface import qos
from tests.ros.peer import Peer

PERIOD_S = 0.1
FREE = (math.inf,) * 72


class CorridorPeer(Peer):
    """Publisher of scans and odometry; records velocities, requests and ticks."""

    def __init__(self, domain: int, node: str = "corridor_controller") -> None:
        super().__init__(domain, node, topics=False)
        self.velocities: list[tuple[float, Twist]] = []
        """Monotonic time, s, and message."""
        self.requests: list[list[int]] = []
        self.ticks: list[Float64MultiArray] = []
        self._scans = self.node.create_publisher(LaserScan, "scan", qos("sensor"))
        self._odometry = self.node.create_publisher(Odometry, "odom", qos("sensor"))
        many = QoSProfile(depth=1000)
        self.listen(Twist, "cmd_vel", many, lambda m: self._keep(self.velocities, m))
        self.listen(
            UInt8MultiArray, "ray_request", many, lambda m: self.requests.append(list(m.data))
        )
        self.listen(Float64MultiArray, f"{node}/tick", many, self.ticks.append)

    def odom(self, x_m: float = 0.0, y_m: float = 0.0, yaw_rad: float = 0.0) -> None:
        message = Odometry(child_frame_id="base_link")
        message.header.frame_id = "odom"
        message.pose.pose.position.x, message.pose.pose.position.y = float(x_m), float(y_m)
        turn = message.pose.pose.orientation
        turn.z, turn.w = math.sin(0.5 * yaw_rad), math.cos(0.5 * yaw_rad)
        self._odometry.publish(message)

    def scan(self, ranges: Sequence[float] = FREE) -> None:
        """Send a scan."""
        message = LaserScan(
            angle_increment=2.0 * math.pi / 72, range_max=6.0, ranges=[float(r) for r in ranges]
        )
        message.header.stamp = self.node.get_clock().now().to_msg()
        self._scans.publish(message)

    def drive(self, seconds: float, ranges: Sequence[float] = FREE) -> float:
        """Send odom and scan every period; return the monotonic time of the last one."""
        last = time.monotonic()
        for _ in range(max(round(seconds / PERIOD_S), 1)):
            self.odom()
            self.scan(ranges)
            last = time.monotonic()
            self.spin(PERIOD_S)
        return last

    def connected(self) -> None:
        """Wait until the node subscribes its inputs and publishes commands."""
        self.until(
            lambda: (
                self._scans.get_subscription_count()
                and self._odometry.get_subscription_count()
                and self.node.count_publishers("cmd_vel")
            )
        )

    def reach_auto(self) -> None:
        """Drive until the node is in mode auto."""
        end_s = time.monotonic() + 20.0
        while not (self.modes and self.modes[-1][1] == "auto"):
            assert time.monotonic() < end_s, "mode auto not reached"
            self.drive(0.2)

    def tick(self, k: int = -1) -> dict[str, float]:
        """Return the entries of a tick by name."""
        names = self.ticks[k].layout.dim[0].label.split(",")
        return dict(zip(names, self.ticks[k].data, strict=True))
