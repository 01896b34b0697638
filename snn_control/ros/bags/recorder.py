"""Class and parameters of the node `recorder`."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

from snn_control.errors import ConfigError, ParameterError, require
from snn_control.loops.field import parameter
from snn_control.ros.base.diagnostics import ERROR, Status
from snn_control.ros.base.ending import Stop
from snn_control.ros.base.interface import Interface, Topic
from snn_control.ros.base.managed_node import ManagedNode, destroy
from snn_control.ros.exit_codes import WRITE_FAILED
from snn_control.runs.atomic import PARTIAL

SEARCH_S = 0.2
"""Time between two searches for new topics, s."""
FLUSH_S = 1.0
"""Period of writing to the file, s of wall time; a killed recorder loses the messages since."""
INTERFACE = Interface(
    topics=(
        Topic("/diagnostics", "out", "diagnostic_msgs/msg/DiagnosticArray", "", "", "event",
              "1 Hz", "health; the parameter `topics` selects the recorded topics"),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Config:
    """Parameters of `recorder`.

    Raises:
        ParameterError: `bag` is empty.
    """

    bag: str = parameter("bag")
    """Folder of the bag, which must not exist; `.partial-NAME/NAME` until the bag is closed."""
    topics: tuple[str, ...] = parameter(("",))
    """Topics to record, relative to the namespace; an empty name selects all topics of the
    namespace, /diagnostics and /clock."""

    def __post_init__(self) -> None:
        if not self.bag:
            raise ParameterError("bag is empty; name the folder to write")


class Recorder(ManagedNode):
    """Node that subscribes to topics as they appear and writes their raw messages."""

    config_type = Config
    interface = INTERFACE

    def __init__(self, *, stop: Stop, **options: Any) -> None:
        super().__init__("recorder", **options)
        self._stop = stop
        self._entities: list[Any] = []
        self._writer: Any = None
        self._failure = ""
        self.recorded: dict[str, int] = {}
        self._refused: set[str] = set()
        self.diagnostics.add("bag", self._bag_status)

    def configure(self, config: Config) -> None:
        """Open the bag under its temporary name."""
        require("rosbags", "logs")
        from snn_control.ros.bags.bag_writer import BagWriter

        self._bag = Path(config.bag).absolute()
        if self._bag.exists():
            raise ConfigError(f"bag: {self._bag} exists; name another folder")
        # The bag file is named after its folder, so that the temporary name is of the folder above.
        self._parent = self._bag.with_name(PARTIAL + self._bag.name)
        self._partial = self._parent / self._bag.name
        try:
            _move_aside(self._parent)
            self._parent.mkdir(parents=True)
            writer = BagWriter(self._partial)
            writer.open()
        except OSError as exc:
            raise ConfigError(f"bag: cannot write {self._partial}: {exc}") from exc
        self._writer, self._failure = writer, ""
        self.recorded, self._refused = {}, set()

    def activate(self) -> None:
        """Start recording.

        Raises:
            ConfigError: the bag was closed by a deactivation.
        """
        if self._writer is None:
            raise ConfigError(f"bag: {self._bag} is closed; clean up and configure another one")
        self._find_topics()
        self._entities.append(self.create_timer(SEARCH_S, self.guarded(self._find_topics)))
        wall = Clock(clock_type=ClockType.STEADY_TIME)
        self._entities.append(self.create_timer(FLUSH_S, self.guarded(self._flush), clock=wall))

    def deactivate(self) -> None:
        """Stop recording, close the bag and rename it to its final name."""
        destroy(self, *self._entities)
        self._entities = []
        self._close()

    def cleanup(self) -> None:
        """Close the bag if it is open."""
        self.deactivate()

    def _close(self) -> None:
        if self._writer is None:
            return
        with self._writing():
            self._writer.close()
            self._partial.rename(self._bag)
            self._writer = None
            self.get_logger().info(f"{sum(self.recorded.values())} messages in {self._bag}")
            self._remove_parent()

    def _remove_parent(self) -> None:
        """Remove the temporary folder; the bag is complete even if it stays."""
        try:
            self._parent.rmdir()
        except OSError as exc:
            self.get_logger().warning(f"{self._parent} stays: {exc.strerror or exc}")

    def _flush(self) -> None:
        if self._writer is not None:
            with self._writing():
                self._writer.flush()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """End the node with an ERROR if the disk refuses the bag."""
        try:
            yield
        except OSError as exc:
            self._writer.abort()
            self._writer = None
            self._failure = (
                f"bag: recording has ended: {exc.strerror or exc}; the messages until then are in "
                f"{self._parent}"
            )
            self.get_logger().error(self._failure)
            self.diagnostics.publish_last()
            self._stop(WRITE_FAILED)

    def _find_topics(self) -> None:
        if self._writer is None:  # a write has failed
            return
        own = self.get_namespace().rstrip("/") + "/"
        names = [self.resolve_topic_name(name) for name in self.config.topics if name]
        everything = len(names) < len(self.config.topics)
        for topic, kinds in self.get_topic_names_and_types():
            selected = topic in names or (
                everything and (topic.startswith(own) or topic in ("/diagnostics", "/clock"))
            )
            known = topic in self.recorded or topic in self._refused
            if not selected or known or _internal(topic):
                continue
            try:
                self._record(topic, kinds[0])
            except Exception as exc:  # message packages of others may raise anything
                self._refused.add(topic)
                self.get_logger().warning(f"{topic} is not recorded: {kinds[0]}: {exc!r}")

    def _record(self, topic: str, kind: str) -> None:
        from rosbags.typesys import Stores, get_typestore

        package, _, name = kind.split("/")
        message_type = getattr(importlib.import_module(f"{package}.msg"), name)
        publishers = self.get_publishers_info_by_topic(topic)
        if not publishers:
            return
        connection = self._writer.add_connection(
            topic, kind, typestore=get_typestore(Stores.ROS2_JAZZY)
        )
        self.recorded[topic] = 0

        def write(data: bytes) -> None:
            if self._writer is None:  # the write before has failed
                return
            with self._writing():
                self._writer.write(connection, self.get_clock().now().nanoseconds, data)
                self.recorded[topic] += 1

        self._entities.append(
            self.create_subscription(
                message_type, topic, self.guarded(write), _matching(publishers), raw=True
            )
        )

    def _bag_status(self) -> Status:
        status = Status(values={"messages": sum(self.recorded.values())})
        status.values |= {f"messages of {topic}": n for topic, n in self.recorded.items()}
        if self._failure:
            status.escalate(ERROR, self._failure)
        elif self.active and self._writer is None:
            status.escalate(ERROR, "the bag is closed")
        return status


def _move_aside(folder: Path) -> None:
    """Rename an unfinished bag of an earlier recorder: it may be the only record of a crash."""
    number = 1
    while folder.exists():
        aside = folder.with_name(f"{folder.name}-{number}")
        if not aside.exists():
            folder.rename(aside)
        number += 1


def _internal(topic: str) -> bool:
    return topic.endswith(("/transition_event", "/parameter_events", "/rosout"))


def _matching(publishers: list[Any]) -> QoSProfile:
    """Return the strictest quality of service that all publishers offer."""
    profiles = [publisher.qos_profile for publisher in publishers]
    reliable = all(p.reliability == ReliabilityPolicy.RELIABLE for p in profiles)
    latched = all(p.durability == DurabilityPolicy.TRANSIENT_LOCAL for p in profiles)
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=1000,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
    )
