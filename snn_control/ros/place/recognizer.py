"""Class and parameters of the node `place_recognizer`."""

from __future__ import annotations

import time
from typing import Any

from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Odometry
from rclpy.clock import Clock, ClockType
from sensor_msgs.msg import Image
from std_msgs.msg import (
    Float64MultiArray,
    Int64,
    Int64MultiArray,
    MultiArrayDimension,
    MultiArrayLayout,
)
from std_srvs.srv import Trigger

from snn_control.errors import SnnControlError
from snn_control.loops.place.config import PlaceNodeConfig
from snn_control.loops.place.images import read_image
from snn_control.loops.place.loop import Answer, PlaceLoop, warm
from snn_control.loops.place.mapping import Mapping
from snn_control.loops.place.posed_map import PosedMap
from snn_control.ros.base.conflicts import require_type
from snn_control.ros.base.interface import qos
from snn_control.ros.base.managed_node import ManagedNode, destroy
from snn_control.ros.base.messages import answer, nanoseconds
from snn_control.ros.place.health import PlaceHealth
from snn_control.ros.place.interfaces import (
    CANDIDATE_FIELDS,
    LOOP_FIELDS,
    MATCH_FIELDS,
    RECOGNIZER,
)

NODE = "place_recognizer"
TIMER_S = 0.05
"""Period of the timer that advances mapping, s."""


class PlaceRecognizerNode(ManagedNode):
    """Lifecycle node of the place recogniser; a ROS interface of `PlaceLoop`."""

    config_type = PlaceNodeConfig
    interface = RECOGNIZER

    def __init__(self, **options: Any) -> None:
        options.pop("stop", None)
        super().__init__(NODE, **options)
        self.loop: PlaceLoop | None = None
        self.health = PlaceHealth()
        self._entities: list[Any] = []
        self._reported: tuple[Mapping, str] = (Mapping.OFF, "")
        for name, task in self.health.tasks().items():
            self.diagnostics.add(name, task)

    # Lifecycle.

    def configure(self, config: PlaceNodeConfig) -> None:
        """Load the map, compile the kernels, open topics and services."""
        posed = PosedMap.load(config.map) if config.map else PosedMap.empty(config.seed)
        warm(config)
        self.loop = PlaceLoop(posed, config)
        for entry in self.interface.peers:
            require_type(self, self.resolve_topic_name(entry.name), entry.type)
        self.health.watch(self.loop)
        self._open()
        if posed.note:
            self.get_logger().warning(posed.note)

    def activate(self) -> None:
        """Reset the loop and the counters."""
        self._loop().reset()
        self.health.reset()

    def deactivate(self) -> None:
        """Stop mapping; places in the map are kept."""
        self._loop().mapper.abort()

    def cleanup(self) -> None:
        """Close topics and services, drop the map."""
        if self.loop is not None and self.loop.posed.unsaved:
            self.get_logger().warning(f"{self.loop.posed.unsaved}, and is dropped")
        destroy(self, *self._entities)
        self._entities, self.loop = [], None
        self.health.watch(None)

    def reconfigure(self, config: PlaceNodeConfig) -> None:
        """Apply parameters that can change in operation."""
        self._loop().configure(config)

    def _open(self) -> None:
        kinds = {
            "~/match": Float64MultiArray,
            "candidates": Float64MultiArray,
            "place": Int64,
            "place_pose": PoseStamped,
            "loop_closure": Int64MultiArray,
        }
        self._out = {
            name: self.create_publisher(kind, name, qos(self.interface.topic(name).quality))
            for name, kind in kinds.items()
        }
        self._entities = list(self._out.values())
        for kind, name, callback in (
            (Image, "image", self._on_image),
            (Odometry, "odometry", self._on_odometry),
        ):
            reliable = name == "image" and self.config.reliable_images
            quality = qos("event" if reliable else self.interface.topic(name).quality)
            self._entities.append(
                self.create_subscription(
                    kind, name, self.guarded(self.while_active(callback)), quality
                )
            )
        for name, action in (
            ("~/start_mapping", self._start_mapping),
            ("~/stop_mapping", self._stop_mapping),
            ("~/save", self._save),
            ("~/load", self._load),
            ("~/reset", self._reset),
        ):
            self._entities.append(
                self.create_service(Trigger, name, self.guarded(_trigger_service(action)))
            )
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._entities.append(
            self.create_timer(
                TIMER_S, self.guarded(self.while_active(self._on_timer)), clock=steady
            )
        )

    # Messages.

    def _on_odometry(self, message: Odometry) -> None:
        at, turn = message.pose.pose.position, message.pose.pose.orientation
        speed = message.twist.twist.linear
        usable = self._loop().travel.take(
            (at.x, at.y, at.z),
            (turn.x, turn.y, turn.z, turn.w),
            message.header.frame_id,
            time.monotonic(),
            (speed.x, speed.y, speed.z),
        )
        if not usable:
            self._warn("odometry refused: expected finite numbers and an orientation")

    def _on_image(self, message: Image) -> None:
        now_s = time.monotonic()
        loop = self._loop()
        image = read_image(
            message.height, message.width, message.encoding, message.step, message.data
        )
        clock_ns = int(self.get_clock().now().nanoseconds)
        result = loop.on_image(image, nanoseconds(message.header.stamp), clock_ns, now_s)
        if result is None:
            self._warn(f"image refused: {loop.refusal}")
            return
        self._publish(loop, result, message.header.stamp, now_s)

    def _publish(self, loop: PlaceLoop, result: Answer, stamp: Any, since_s: float) -> None:
        match, send = result.match, self._out
        stamps = (result.stamp_ns // 10**9, result.stamp_ns % 10**9)
        if match.known and match.place is not None and not result.mapping:
            send["place"].publish(Int64(data=match.place))
            if result.pose is not None:
                send["place_pose"].publish(_pose(result, stamp))
        if result.loop is not None:
            send["loop_closure"].publish(
                Int64MultiArray(layout=_layout(LOOP_FIELDS), data=[*map(int, stamps), *result.loop])
            )
        latency_s = time.monotonic() - since_s
        self.health.latency_s.add(latency_s)
        row = (
            *stamps, _number(match.place), match.probability, match.known, match.familiarity,
            match.length, result.reason, match.complete, match.spikes, result.step,
            _number(result.mapped), result.query_s, latency_s,
        )  # fmt: skip
        send["~/match"].publish(
            Float64MultiArray(layout=_layout(MATCH_FIELDS), data=[float(x) for x in row])
        )
        if not result.mapping and loop.config.n_candidates and len(match.scores):
            rows = [[*stamps, *best] for best in loop.candidates(match).tolist()]
            message = Float64MultiArray(layout=_layout(CANDIDATE_FIELDS, len(rows)))
            message.data = [float(x) for row in rows for x in row]
            send["candidates"].publish(message)

    def _on_timer(self) -> None:
        mapper = self._loop().mapper
        mapper.advance()
        status = (mapper.state, mapper.failure)
        if status == self._reported:
            return
        self._reported = status
        if mapper.failure:
            self.get_logger().error(f"mapping: {mapper.failure}")
        else:
            self.get_logger().info(f"mapping: {mapper.progress()}")

    # Services.

    def _start_mapping(self) -> str:
        if not self.active:
            raise SnnControlError("the node is not active; activate it first")
        mapper = self._loop().mapper
        description = mapper.start()
        if mapper.state is Mapping.COLLECTING and mapper.posed.unsaved:
            self.get_logger().warning(f"start_mapping: {description}")
        return description

    def _stop_mapping(self) -> str:
        return self._loop().mapper.stop()

    def _save(self) -> str:
        mapper = self._loop().mapper
        if mapper.state in (Mapping.COLLECTING, Mapping.FITTING):
            raise SnnControlError(f"the new map is not fitted yet: {mapper.progress()}")
        with mapper.for_queries() as posed:
            return f"{len(posed)} places in {posed.save(self.config.map)}"

    def _load(self) -> str:
        loop = self._loop()
        unsaved = loop.posed.unsaved
        try:
            description = loop.load(self.config.map)
        except SnnControlError as exc:
            raise SnnControlError(f"the old map stays in use: {exc}") from exc
        if unsaved:
            self.get_logger().warning(f"load: {description}")
        return description

    def _reset(self) -> str:
        self._loop().recognizer.reset_sequence()
        return "sequence cleared"

    # Inside.

    def _loop(self) -> PlaceLoop:
        assert self.loop is not None, "not configured"
        return self.loop

    def _warn(self, what: str) -> None:
        self.get_logger().warning(what, throttle_duration_sec=1.0)


def _trigger_service(action: Any) -> Any:
    """Return a Trigger callback from a function that returns a message or raises an error."""

    def serve(_: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        try:
            return answer(response, True, action())
        except SnnControlError as exc:
            return answer(response, False, str(exc))

    serve.__name__ = action.__name__
    return serve


def _layout(fields: tuple[str, ...], rows: int | None = None) -> MultiArrayLayout:
    """Return the layout of one row of named numbers, or of several rows."""
    n = len(fields)
    dims = [MultiArrayDimension(label=",".join(fields), size=n, stride=n)]
    if rows is not None:
        dims.insert(0, MultiArrayDimension(label="rows", size=rows, stride=rows * n))
    return MultiArrayLayout(dim=dims)


def _number(place: int | None) -> int:
    return -1 if place is None else place


def _pose(result: Answer, stamp: Any) -> PoseStamped:
    message = PoseStamped()
    message.header.stamp, message.header.frame_id = stamp, result.frame
    at, turn = message.pose.position, message.pose.orientation
    assert result.pose is not None
    at.x, at.y, at.z, turn.x, turn.y, turn.z, turn.w = result.pose
    return message
