"""Class and parameters of the node `fault_relay`."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from rclpy.clock import Clock, ClockType

from snn_control.errors import ConfigError
from snn_control.loops.field import parameter
from snn_control.ros.base.diagnostics import ERROR, WARN, Status
from snn_control.ros.base.ending import Stop
from snn_control.ros.base.interface import HEALTH, Interface, Topic, qos
from snn_control.ros.base.managed_node import ManagedNode, destroy
from snn_control.ros.exit_codes import NO_EFFECT
from snn_control.ros.faults.channel import BusChannel
from snn_control.ros.faults.channels import CHANNELS, channels_of
from snn_control.ros.faults.twins import Twins
from snn_control.ros.nodes import NODES
from snn_control.supervision.fault_file import FaultFile
from snn_control.supervision.faults import Fault, FaultKind, FaultyStreams, Message, no_effect

DUE_S = 0.005
"""Period of the search for delayed messages that are due, s of the node's clock."""
WATCH_S = 0.1
"""Period of the search for faults that begin without a message, s of wall time."""
RECORDERS = {"rosbag2_recorder", *(node.name for node in NODES if node.kind == "recorder")}
"""Nodes that do not count as receivers."""
NS = 1_000_000_000


def _topics() -> tuple[Topic, ...]:
    """Return both topics of each channel, for the table of interfaces."""
    topics = []
    for system, channels in CHANNELS.items():
        only = f"system: {system}"
        for c in channels:
            values = ", ".join(f"`{name}`" for name in c.fields)
            of_source = f"of {only}; values: {values}"
            faulty = f"of {only}; `{c.topic}` with the faults, for the "
            faulty += "vehicle" if c.actuator else "controller"
            topics += [
                Topic(c.topic, "in", c.type, c.unit, "", c.quality, "any", of_source, only),
                Topic(c.output, "out", c.type, c.unit, "", c.quality, "that of its source",
                      faulty, only, publishers="one"),
            ]  # fmt: skip
    return (*topics, HEALTH)


@dataclass(frozen=True)
class Config:
    """Parameters of `fault_relay`.

    Raises:
        UnknownNameError: no such system.
    """

    system: str = parameter("blimp")
    """System whose channels are relayed: blimp, swimmer or corridor."""
    faults_file: str = parameter("")
    """File of faults (YAML), or the name of a shipped one."""
    start_s: float = parameter(0.0, 0.0, 1e11)
    """Time of the node's clock from which the times of the faults count, s; 0: that of the first
    measurement, which triggers a tick of the controller."""

    def __post_init__(self) -> None:
        channels_of(self.system)


class FaultRelay(ManagedNode):
    """Node that repeats the messages of each channel on another topic, with the faults of a file.

    While it is not active it repeats nothing.
    """

    config_type = Config
    interface = Interface(topics=_topics())

    def __init__(self, *, stop: Stop, **options: Any) -> None:
        super().__init__("fault_relay", **options)
        self._stop = stop
        self._entities: list[Any] = []
        self._timers_of_run: list[Any] = []
        self._streams: FaultyStreams | None = None
        self._waiting: dict[str, Any] = {}
        self._reset()
        self.diagnostics.add("faults", self._faults_status)

    def _reset(self) -> None:
        """Reset the state of a run."""
        self._origin_ns: int | None = None
        self._elapsed_s = 0.0
        self._to_begin: list[Fault] = []
        self._present: list[Fault] = []
        self._failures: list[str] = []
        self._received: dict[str, int] = {}
        self._delivered: dict[str, int] = {}

    # Lifecycle.

    def configure(self, config: Config) -> None:
        """Read the faults and open the topics of all channels.

        Raises:
            UnknownNameError, ConfigError: the file cannot be used.
        """
        if not config.faults_file:
            raise ConfigError("faults_file is empty; name a YAML file of faults")
        self._channels = {c.topic: c for c in channels_of(config.system)}
        self._file = FaultFile.read(config.faults_file)
        self._streams = self._new_streams()
        self._reset()
        self._outputs = {name: self._open(channel) for name, channel in self._channels.items()}

    def _new_streams(self) -> FaultyStreams:
        return self._file.streams(c.channel for c in self._channels.values())

    def _open(self, channel: BusChannel) -> Any:
        """Open both topics of a channel; return its publisher."""
        kind = channel.message_type()
        output = self.create_publisher(kind, channel.output, qos(channel.quality))
        self._entities.append(output)
        twins, receive = Twins(), self.guarded(self._on_message)
        profiles = [qos(channel.quality)]
        if channel.quality == "latched":  # as `subscribe`
            profiles = [qos("command"), qos("latched")]
        for k, profile in enumerate(profiles):

            def callback(message: Any, k: int = k) -> None:
                if len(profiles) == 1 or twins.is_new(k, message, time.monotonic()):
                    receive(channel, message)

            self._entities.append(self.create_subscription(kind, channel.topic, callback, profile))
        return output

    def activate(self) -> None:
        """Start the faults again, at the first measurement or at `start_s`."""
        self._streams = self._new_streams()
        self._reset()
        self._to_begin = sorted(
            (f for f in self._file.faults if f.kind is not FaultKind.OK), key=lambda f: f.start_s
        )
        if self.config.start_s:
            self._origin_ns = round(self.config.start_s * NS)
        wall = Clock(clock_type=ClockType.STEADY_TIME)
        self._timers_of_run = [self.create_timer(WATCH_S, self.guarded(self._watch), clock=wall)]
        if any(fault.kind is FaultKind.DELAYED for fault in self._file.faults):
            self._timers_of_run.append(self.create_timer(DUE_S, self.guarded(self._deliver_due)))

    def deactivate(self) -> None:
        """Stop, and report the faults that had no effect."""
        destroy(self, *self._timers_of_run)
        self._timers_of_run = []
        if self._streams is None:
            return
        now_s = self._now_s()
        for fault in self._to_begin:
            self.get_logger().warning(
                f"fault {fault.kind} of {fault.channel} has not begun: it starts at "
                f"{fault.start_s:g} s, and the run ends at {now_s:g} s"
            )
        for fault in self._streams.without_effect(now_s):
            self._fail(no_effect(fault))
        if self._failures:
            if self.ending:
                self._stop(NO_EFFECT)
            self.diagnostics.publish_last()

    def cleanup(self) -> None:
        """Close the topics."""
        destroy(self, *self._entities, *self._timers_of_run)
        self._entities, self._timers_of_run, self._streams = [], [], None
        self._waiting = {}

    # Messages.

    def _on_message(self, channel: BusChannel, message: Any) -> None:
        """Deliver the messages of a channel in place of one; keep a setpoint until activation."""
        self._waiting.pop(channel.topic, None)
        if not self.active:
            if channel.quality == "latched":
                self._waiting[channel.topic] = message
            return
        now_s = self._now_s(begin=channel.trigger)
        self._begin(now_s)
        assert self._streams is not None
        self._received[channel.topic] = self._received.get(channel.topic, 0) + 1
        arrived = Message(now_s, channel.read(message), message)
        for due in self._streams.put(channel.topic, arrived, now_s):
            self._deliver(channel, due)

    def _deliver(self, channel: BusChannel, message: Message) -> None:
        self._outputs[channel.topic].publish(channel.write(message.source, message.values))
        self._delivered[channel.topic] = self._delivered.get(channel.topic, 0) + 1

    def _deliver_due(self) -> None:
        assert self._streams is not None
        for name, messages in self._streams.due(self._now_s()).items():
            for message in messages:
                self._deliver(self._channels[name], message)

    def _watch(self) -> None:
        for name, message in tuple(self._waiting.items()):
            self._on_message(self._channels[name], message)
        self._begin(self._now_s())

    # Time.

    def _now_s(self, begin: bool = False) -> float:
        """Return the time of the faults, s, which never decreases; 0 before its start.

        Args:
            begin: True to let the time start now if it has no start.
        """
        now_ns = self.get_clock().now().nanoseconds
        if self._origin_ns is None:
            if not (begin and now_ns):  # without /clock, simulated time is 0
                return 0.0
            self._origin_ns = now_ns
        elapsed_s = (now_ns - self._origin_ns) / NS
        if elapsed_s < self._elapsed_s - 1.0:
            self.get_logger().warning(
                f"the clock jumped back by {self._elapsed_s - elapsed_s:.1f} s: the time of the "
                "faults stands still for as long; deactivate and activate the node to restart it",
                throttle_duration_sec=5.0,
            )
        self._elapsed_s = max(self._elapsed_s, elapsed_s)
        return self._elapsed_s

    def _begin(self, now_s: float) -> None:
        """Announce the faults that begin, and require a receiver of each."""
        if self._origin_ns is None:
            return
        while self._to_begin and self._to_begin[0].start_s <= now_s:
            fault = self._to_begin.pop(0)
            self._present.append(fault)
            self.get_logger().info(f"fault {fault.kind} of {fault.channel} begins")
            output = self._channels[fault.channel].output
            topic = self.resolve_topic_name(output)
            if not self._is_received(topic):
                self._fail(
                    f"fault {fault.kind} of {fault.channel} at {fault.start_s:g} s reaches no "
                    f"node: nothing subscribes to {topic}; remap {fault.channel} of its receiver "
                    "to it"
                )
        self._present = [fault for fault in self._present if now_s < fault.stop_s]

    def _is_received(self, topic: str) -> bool:
        """Return True if a node receives a topic, without recorders, or if that is unknown."""
        try:
            infos = self.get_subscriptions_info_by_topic(topic)
        except Exception as exc:  # RCLError, or names that cannot be decoded
            self.get_logger().warning(f"receivers of {topic} cannot be listed: {exc}")
            return True
        return any(info.node_name not in RECORDERS for info in infos)

    # Report.

    def _fail(self, failure: str) -> None:
        if failure not in self._failures:
            self._failures.append(failure)
            self.get_logger().error(failure)
            self.diagnostics.publish("faults")

    def _faults_status(self) -> Status:
        if self._streams is None:
            return Status(message="not configured")
        status = Status(values={"time (s)": self._elapsed_s})
        for name, stream in self._streams.streams.items():
            status.values[f"{name} received"] = self._received.get(name, 0)
            status.values[f"{name} delivered"] = self._delivered.get(name, 0)
            if stream.faults:
                status.values[f"{name} changed"] = sum(stream.changed)
        if self._failures:
            status.escalate(ERROR, "; ".join(self._failures))
        elif self._present and self.active:
            status.escalate(WARN, "injected: " + ", ".join(map(_title, self._present)))
        return status


def _title(fault: Fault) -> str:
    return f"{fault.kind} of {fault.channel}"
