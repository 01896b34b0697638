"""Peer of the place recogniser: a camera and odometry on a real bus."""

from __future__ import annotations

from array import array

import numpy as np
from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Odometry
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from std_msgs.msg import Float64MultiArray, Int64, Int64MultiArray

from snn_control.ros.base.interface import qos
from tests.ros.peer import Peer

START_NS = 1_700_000_000 * 10**9
PERIOD_NS = 10**8


def to_message(image: np.ndarray, encoding: str = "mono8", padding: int = 0) -> Image:
    rows = image.reshape(len(image), -1)
    if padding:
        rows = np.hstack([rows, np.full((len(rows), padding), 255, np.uint8)])
    return Image(
        height=image.shape[0], width=image.shape[1], encoding=encoding, step=rows.shape[1],
        data=array("B", np.ascontiguousarray(rows).tobytes()),
    )  # fmt: skip


class PlacePeer(Peer):
    """Peer that publishes images and odometry and stores the replies."""

    def __init__(self, domain: int) -> None:
        super().__init__(domain, "place_recognizer", topics=False)
        self.matches: list[dict[str, float]] = []
        self.places: list[int] = []
        self.poses: list[PoseStamped] = []
        self.candidates: list[Float64MultiArray] = []
        self.loops: list[list[int]] = []
        create = self.node.create_publisher
        self.images = create(Image, "image", qos("sensor"))
        self.odometry = create(Odometry, "odometry", qos("sensor"))
        many = QoSProfile(depth=1000)
        self.listen(Float64MultiArray, "place_recognizer/match", many, self._on_match)
        self.listen(Int64, "place", many, lambda m: self.places.append(m.data))
        self.listen(PoseStamped, "place_pose", many, self.poses.append)
        self.listen(Float64MultiArray, "candidates", many, self.candidates.append)
        self.listen(
            Int64MultiArray, "loop_closure", many, lambda m: self.loops.append(list(m.data))
        )
        self.stamp_ns = START_NS

    def _on_match(self, message: Float64MultiArray) -> None:
        names = message.layout.dim[0].label.split(",")
        self.matches.append(dict(zip(names, message.data, strict=True)))

    def connected(self) -> None:
        self.until(
            lambda: (
                self.images.get_subscription_count()
                and self.odometry.get_subscription_count()
                and self.node.count_publishers("loop_closure")
                and self.node.count_publishers("place_recognizer/match")
                and self.node.count_publishers("candidates")
                and self.diagnostics
            )
        )
        self.wait_for_status("node", "active")

    def send(self, message: Image, stamp_ns: int | None = None) -> None:
        """Publish an image, stamped one period after the last one by default."""
        if stamp_ns is None:
            self.stamp_ns += PERIOD_NS
            stamp_ns = self.stamp_ns
        stamp = message.header.stamp
        stamp.sec, stamp.nanosec = divmod(stamp_ns, 10**9)
        self.images.publish(message)

    def show(self, message: Image) -> dict[str, float]:
        """Publish an image and return its match."""
        n = len(self.matches)
        self.send(message)
        self.until(lambda: len(self.matches) > n)
        assert round(self.matches[-1]["stamp_s"]) == self.stamp_ns // 10**9
        assert round(self.matches[-1]["stamp_ns"]) == self.stamp_ns % 10**9
        return self.matches[-1]

    def move(self, x: float, speed: float = 0.0) -> None:
        message = Odometry()
        message.header.frame_id = "odom"
        message.pose.pose.position.x = x
        message.pose.pose.orientation.w = 1.0
        message.twist.twist.linear.x = speed
        self.odometry.publish(message)
        self.spin(0.004)  # image and odometry topics have no common order

    def mapped(self, n: int) -> None:
        """Wait until the map is complete."""

        def done() -> bool:
            values = self.status("map")[2]
            return values.get("mapping") == "off" and values["places"] == str(n)

        self.until(done)

    def wait_for_status(self, task: str, text: str) -> None:
        """Wait until the latest status of a task has a text in its message or values."""

        def contains() -> bool:
            try:
                _, message, values = self.status(task)
            except AssertionError:
                return False
            return text in message or text in values.values()

        self.until(contains)


def place(answer: dict[str, float]) -> int:
    """Return the place of a match, -1 if unknown."""
    return int(answer["place"]) if answer["known"] else -1
