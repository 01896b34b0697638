"""Topics and services of a node as data, quality of service, and shared interfaces of nodes.

Names are relative to the namespace of the node, `~/` to the node itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rclpy.duration import Duration
from rclpy.qos import (
    DurabilityPolicy,
    HistoryPolicy,
    QoSProfile,
    ReliabilityPolicy,
    qos_profile_sensor_data,
)

__all__ = [
    "EVERY_CONTROLLER",
    "EVERY_SIMULATOR",
    "HEALTH",
    "TICK_FIELDS",
    "Interface",
    "Quality",
    "Service",
    "Topic",
    "qos",
    "tick_fields",
]

Quality = Literal["sensor", "command", "latched", "event", "record", "clock"]


@dataclass(frozen=True)
class Topic:
    """One topic of a node."""

    name: str
    direction: Literal["in", "out"]
    type: str
    unit: str
    frame: str
    quality: Quality
    rate: str
    meaning: str
    only: str = ""
    """Setting that the topic requires; empty if the node always has it."""
    publishers: Literal["any", "one"] = "any"
    """`one` if a second publisher of the topic is an error."""


@dataclass(frozen=True)
class Service:
    """One service of a node."""

    name: str
    type: str
    meaning: str


@dataclass(frozen=True)
class Interface:
    """Topics and services that a node declares."""

    topics: tuple[Topic, ...] = ()
    services: tuple[Service, ...] = ()

    @property
    def peers(self) -> tuple[Topic, ...]:
        """Topics that the node shares with other nodes of its robot."""
        return tuple(entry for entry in self.topics if entry.name[0] not in "~/")

    def topic(self, name: str) -> Topic:
        """Return the topic of a name.

        Raises:
            LookupError: not declared.
        """
        for entry in self.topics:
            if entry.name == name:
                return entry
        raise LookupError(f"the node declares no topic {name!r}")


EVERY_CONTROLLER = Interface(
    topics=(
        Topic("~/tick", "out", "std_msgs/msg/Float64MultiArray", "see `TICK_FIELDS`", "", "record",
              "control rate", "observation, controller output, command and times of each tick"),
        Topic("~/spikes", "out", "std_msgs/msg/UInt8MultiArray", "1", "", "record", "control rate",
              "spikes of each spiking neuron in the tick; silent for a controller without spikes"),
        Topic("~/mode", "out", "diagnostic_msgs/msg/DiagnosticStatus", "", "", "latched",
              "on change", "`message` is the mode, the value `reason` its reason"),
        Topic("/diagnostics", "out", "diagnostic_msgs/msg/DiagnosticArray", "", "", "event",
              "1 Hz", "health, in the format of diagnostic_updater"),
        Topic("emergency_stop", "in", "std_msgs/msg/Bool", "", "", "event", "on change",
              "true stops the motors and refuses arming, until false releases it"),
    ),
    services=(
        Service("~/emergency_stop", "std_srvs/srv/SetBool",
                "the same as the topic `emergency_stop`"),
        Service("~/arm", "std_srvs/srv/SetBool",
                "arm or disarm; disarming stops the motors"),
        Service("~/reset", "std_srvs/srv/Trigger", "reset the controller to its initial state"),
        Service("~/reload", "std_srvs/srv/Trigger",
                "load the model file again; an invalid file is refused"),
        Service("~/freeze", "std_srvs/srv/SetBool",
                "freeze or resume adaptation; refused by a controller that does not adapt"),
        Service("~/adapt", "std_srvs/srv/SetBool",
                "act on the learned forward model, or without it"),
        Service("~/save_adaptation", "std_srvs/srv/Trigger",
                "save the learned parameters, also as a model file if `save_to` names one"),
        Service("~/roll_back_adaptation", "std_srvs/srv/Trigger",
                "return to the parameters saved last, at first those of the start"),
    ),
)  # fmt: skip
"""Interface of every controller node, in addition to its own."""

HEALTH = Topic("/diagnostics", "out", "diagnostic_msgs/msg/DiagnosticArray", "", "", "event",
               "1 Hz", "health")  # fmt: skip
EVERY_SIMULATOR = Interface(
    topics=(
        Topic("/clock", "out", "rosgraph_msgs/msg/Clock", "s", "", "clock",
              "100 Hz of simulated time", "`clock: true`", "clock: true", publishers="one"),
        HEALTH,
    ),
)  # fmt: skip
"""Interface of every simulator node, in addition to its own."""

TICK_FIELDS = (
    "tick", "stamp_s", "stamp_ns", "dt_s", "missed", "resets", "mode", "fault",
    "output", "command", "usable", "filter_s", "age_s", "step_s", "latency_s",
)  # fmt: skip
"""Entries of `~/tick` before the observation: number of the tick, stamp of the measurement (s and
ns), time since the last one, missed ticks before it, resets of the controller so far, mode (index
in `snn_control.supervision.modes.Mode`), 1 if the controller failed, its output, the sent command,
1 if the measurement was usable (NaN without one), time of the checks and the estimate, the state of
the supervision (`tick_fields`), age of the measurement when the command was sent (node clock; of
the last usable one for a tick on the estimate), time of the controller's step, time from the start
of the callback to the sent command (monotonic clock)."""


def tick_fields(
    n_actions: int = 1, orders: tuple[str, ...] = (), supervised: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Return the entries of `~/tick` before the observation.

    Args:
        n_actions: number of actions of the controller; several are numbered: `output_0`, ...
            `command_0`, ...
        orders: inputs of the controller beside its observation; they come before its output.
        supervised: state of the supervision of the vehicle, `VehicleAdapter.supervised_names`.
    """
    first, last = TICK_FIELDS.index("output"), TICK_FIELDS.index("age_s")
    named = TICK_FIELDS[first : first + 2]
    if n_actions != 1:
        named = tuple(f"{name}_{k}" for name in named for k in range(n_actions))
    before, after = TICK_FIELDS[first + 2 : last], TICK_FIELDS[last:]
    return (*TICK_FIELDS[:first], *orders, *named, *before, *supervised, *after)


def qos(quality: Quality, period_s: float = 0.0) -> QoSProfile:
    """Return the profile; a command offers a deadline of two periods if `period_s` is not 0."""
    reliable, last = ReliabilityPolicy.RELIABLE, HistoryPolicy.KEEP_LAST
    match quality:
        case "sensor":
            return qos_profile_sensor_data
        case "command":
            profile = QoSProfile(reliability=reliable, history=last, depth=1)
            if period_s:
                profile.deadline = Duration(seconds=2 * period_s)
            return profile
        case "latched":
            latched = DurabilityPolicy.TRANSIENT_LOCAL
            return QoSProfile(reliability=reliable, history=last, depth=1, durability=latched)
        case "record":
            # Latched, so that a recorder that is discovered late receives the first ticks too.
            latched = DurabilityPolicy.TRANSIENT_LOCAL
            return QoSProfile(reliability=reliable, history=last, depth=1000, durability=latched)
        case "clock":
            best = ReliabilityPolicy.BEST_EFFORT
            return QoSProfile(reliability=best, history=last, depth=1)
    return QoSProfile(reliability=reliable, history=last, depth=10)
