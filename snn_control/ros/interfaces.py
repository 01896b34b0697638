"""Every topic and service of the nodes: the contract that docs and tests are compared with.

Names are relative to the namespace of the node, `~/` to the node itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from rclpy.duration import Duration
from rclpy.qos import (
    DurabilityPolicy,
    HistoryPolicy,
    QoSProfile,
    ReliabilityPolicy,
    qos_profile_sensor_data,
)

Quality = Literal["sensor", "command", "latched", "event", "record", "clock"]


@dataclass(frozen=True)
class Topic:
    """One topic of one node."""

    node: str
    name: str
    direction: Literal["in", "out"]
    type: str
    unit: str
    frame: str
    quality: Quality
    rate: str
    meaning: str
    only: str = ""
    """Setting without which the node does not have it; empty: it always has."""


@dataclass(frozen=True)
class Service:
    """One service of one node."""

    node: str
    name: str
    type: str
    meaning: str


_OF_ALTITUDE = ("altitude_controller", "pid_controller")
_CONTROLLERS = (*_OF_ALTITUDE, "swimmer_controller")
_PLACES = ("place_recognizer",)
_SIMULATORS = ("blimp_simulator", "swimmer_simulator")


def _of(nodes: tuple[str, ...], *rows: tuple[Any, ...]) -> list[Topic]:
    return [Topic(node, *row) for node in nodes for row in rows]


TOPICS: tuple[Topic, ...] = (
    *_of(_OF_ALTITUDE,
        ("range", "in", "sensor_msgs/msg/Range", "m", "any", "sensor", "control rate",
         "height above ground, positive; each one triggers a tick"),
        ("height_set_point", "in", "std_msgs/msg/Float64", "m", "map, up", "latched", "on change",
         "height to hold; before the first one, the height at arming"),
        ("battery", "in", "sensor_msgs/msg/BatteryState", "V", "", "sensor", "any",
         "`voltage` is used"),
        ("manual_command", "in", "std_msgs/msg/Float64", "motor units", "up", "command", "> 2 Hz",
         "sent on in mode manual"),
        ("motor_command", "out", "std_msgs/msg/Float64", "motor units", "up", "command",
         "control rate", "-10 to 10, positive is up; 10 is full thrust"),
    ),
    *_of(("swimmer_controller",),
        ("joint_states", "in", "sensor_msgs/msg/JointState", "rad", "", "sensor", "control rate",
         "angles of the joints, found by name; each one triggers a tick"),
        ("cmd_vel", "in", "geometry_msgs/msg/Twist", "m/s, rad/s", "base_link", "command",
         "> 2 Hz", "`linear.x` ahead, `angular.z` to the left; none yet: `cruise_speed`"),
        ("joint_efforts", "out", "std_msgs/msg/Float64MultiArray", "N m, or share", "", "command",
         "control rate", "an effort a joint, named by `layout.dim[0].label`; `output: efforts`",
         "output: efforts"),
        ("joint_trajectory", "out", "trajectory_msgs/msg/JointTrajectory", "N m, or share", "",
         "command", "control rate", "one point of efforts, to begin at once; `output: trajectory`",
         "output: trajectory"),
    ),
    *_of(_CONTROLLERS,
        ("~/tick", "out", "std_msgs/msg/Float64MultiArray", "see `TICK_FIELDS`", "", "record",
         "control rate", "the assembled observation and all that came of it"),
        ("~/spikes", "out", "std_msgs/msg/UInt8MultiArray", "1", "", "record", "control rate",
         "spikes of each spiking neuron in the tick; none from a controller without spikes"),
        ("~/mode", "out", "diagnostic_msgs/msg/DiagnosticStatus", "", "", "latched", "on change",
         "`message` is the mode, the value `reason` why"),
        ("/diagnostics", "out", "diagnostic_msgs/msg/DiagnosticArray", "", "", "event", "1 Hz",
         "health, to the contract of diagnostic_updater"),
    ),
    Topic("blimp_simulator", "motor_command", "in", "std_msgs/msg/Float64", "motor units", "up",
          "command", "control rate", "held until the next; none for 2 s stops the motors"),
    Topic("blimp_simulator", "range", "out", "sensor_msgs/msg/Range", "m", "lidar", "sensor",
          "10 Hz, less missed ticks", "lidar, stamped at the measurement"),
    Topic("blimp_simulator", "battery", "out", "sensor_msgs/msg/BatteryState", "V", "", "sensor",
          "1 Hz", "voltage of the one cell"),
    Topic("blimp_simulator", "height_set_point", "out", "std_msgs/msg/Float64", "m", "map, up",
          "latched", "on change", "the reference of the task; parameter `reference`"),
    Topic("blimp_simulator", "ground_truth", "out", "nav_msgs/msg/Odometry", "m, m/s",
          "map to base_link", "sensor", "control rate", "true pose and velocity"),
    Topic("swimmer_simulator", "joint_efforts", "in", "std_msgs/msg/Float64MultiArray",
          "N m, or share", "", "command", "control rate",
          "held until the next; none for 0.2 s rests the muscles"),
    Topic("swimmer_simulator", "joint_states", "out", "sensor_msgs/msg/JointState",
          "rad, rad/s", "", "sensor", "33 Hz", "measured angles, true speeds"),
    Topic("swimmer_simulator", "ground_truth", "out", "nav_msgs/msg/Odometry", "m, m/s",
          "map to base_link", "sensor", "33 Hz", "true pose and velocity of the nose, x forward"),
    *_of(_SIMULATORS,
        ("/clock", "out", "rosgraph_msgs/msg/Clock", "s", "", "clock",
         "100 Hz of simulated time", "parameter `clock`"),
        ("/diagnostics", "out", "diagnostic_msgs/msg/DiagnosticArray", "", "", "event", "1 Hz",
         "health"),
    ),
    *_of(_PLACES,
        ("image", "in", "sensor_msgs/msg/Image", "", "camera", "sensor", "any",
         "mono8, 8UC1, rgb8 or bgr8; rows may be padded; each one is answered"),
        ("odometry", "in", "nav_msgs/msg/Odometry", "m", "any, fixed", "sensor", "any",
         "optional: tells the way between images and the poses of places"),
        ("~/match", "out", "std_msgs/msg/Float64MultiArray", "see `MATCH_FIELDS`", "", "event",
         "image rate", "the answer to each image that is not refused"),
        ("place", "out", "std_msgs/msg/Int64", "1", "", "event", "image rate",
         "number of the place, only where it is known"),
        ("place_pose", "out", "geometry_msgs/msg/PoseStamped", "m", "of the odometry", "event",
         "image rate", "pose at which the known place was mapped, if it has one"),
        ("candidates", "out", "std_msgs/msg/Float64MultiArray", "see `CANDIDATE_FIELDS`", "",
         "event", "image rate", "a row for each of the `n_candidates` best places, best first"),
        ("loop_closure", "out", "std_msgs/msg/Int64MultiArray", "see `LOOP_FIELDS`", "", "event",
         "on a loop", "while it maps: the place that was mapped last (-1: none, the stretch is "
         "known), and the earlier one it is"),
        ("/diagnostics", "out", "diagnostic_msgs/msg/DiagnosticArray", "", "", "event", "1 Hz",
         "health"),
    ),
    Topic("recorder", "/diagnostics", "out", "diagnostic_msgs/msg/DiagnosticArray", "", "",
          "event", "1 Hz", "health; the recorder takes all topics of its parameter `topics`"),
)  # fmt: skip

_SERVICES = (
    ("~/arm", "std_srvs/srv/SetBool", "arm or disarm; disarming stops the motors", _CONTROLLERS),
    ("~/manual", "std_srvs/srv/SetBool", "hand over to `manual_command`, or take back",
     _OF_ALTITUDE),
    ("~/reset", "std_srvs/srv/Trigger", "put the controller into its first state", _CONTROLLERS),
    ("~/reload", "std_srvs/srv/Trigger", "load the model's file again; keeps the old if bad",
     _CONTROLLERS),
    ("~/freeze", "std_srvs/srv/SetBool",
     "stop or go on with adaptation; refused by a controller that does not adapt", _CONTROLLERS),
    ("~/start_mapping", "std_srvs/srv/Trigger", "let images become places", _PLACES),
    ("~/stop_mapping", "std_srvs/srv/Trigger",
     "end that; the map is ready when the mapping in `/diagnostics` is off", _PLACES),
    ("~/save", "std_srvs/srv/Trigger", "write the map in use to the path in `map`", _PLACES),
    ("~/load", "std_srvs/srv/Trigger", "use the map in `map`; keeps the old if bad", _PLACES),
    ("~/reset", "std_srvs/srv/Trigger", "forget the images so far: the sequence begins anew",
     _PLACES),
)  # fmt: skip
SERVICES: tuple[Service, ...] = tuple(
    Service(node, name, kind, meaning) for name, kind, meaning, nodes in _SERVICES for node in nodes
)

TICK_FIELDS = (
    "tick", "stamp_s", "stamp_ns", "dt_s", "missed", "resets", "mode", "fault",
    "output", "command", "age_s", "step_s", "latency_s",
)  # fmt: skip
"""Entries of `~/tick` before the observation: number of the tick, stamp of the measurement (s and
ns), time since the last one, missed ticks before it, resets of the controller so far, mode (index
in `snn_control.supervision.modes.Mode`), whether the controller failed, its output, the command
sent, age of the measurement when the command was sent (node clock), time of the controller's
step, time from the entry of the callback to the command being sent (monotonic clock)."""

MATCH_FIELDS = (
    "stamp_s", "stamp_ns", "place", "probability", "known", "familiarity", "length", "reason",
    "complete", "spikes", "step", "mapped", "query_s", "latency_s",
)  # fmt: skip
"""Entries of `~/match` of the place recogniser."""
CANDIDATE_FIELDS = ("stamp_s", "stamp_ns", "place", "score")
"""Columns of `candidates`."""
LOOP_FIELDS = ("stamp_s", "stamp_ns", "mapped", "place")
"""Entries of `loop_closure`."""


def tick_fields(n_actions: int = 1, orders: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the entries of `~/tick` before the observation.

    Args:
        n_actions: of the controller; more than one are numbered: `output_0`, ... `command_0`, ...
        orders: what the controller is told beside its observation; they come before its output.
    """
    first = TICK_FIELDS.index("output")
    named = TICK_FIELDS[first : first + 2]
    if n_actions != 1:
        named = tuple(f"{name}_{k}" for name in named for k in range(n_actions))
    return (*TICK_FIELDS[:first], *orders, *named, *TICK_FIELDS[first + 2 :])


def peers(node: str) -> list[Topic]:
    """Return the topics that a node shares with other nodes of its robot."""
    return [entry for entry in TOPICS if entry.node == node and entry.name[0] not in "~/"]


def topic(node: str, name: str) -> Topic:
    """Return one topic of the table.

    Raises:
        LookupError: the table has none such.
    """
    for entry in TOPICS:
        if (entry.node, entry.name) == (node, name):
            return entry
    raise LookupError(f"{node} has no topic {name!r}")


def qos(quality: Quality, period_s: float = 0.0) -> QoSProfile:
    """Return the profile; a command offers a deadline of two periods where one is given."""
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
            # Latched, so that a recorder that is found late has the first ticks too.
            latched = DurabilityPolicy.TRANSIENT_LOCAL
            return QoSProfile(reliability=reliable, history=last, depth=1000, durability=latched)
        case "clock":
            best = ReliabilityPolicy.BEST_EFFORT
            return QoSProfile(reliability=best, history=last, depth=1)
    return QoSProfile(reliability=reliable, history=last, depth=10)
