"""Topics, services and message fields of the place recogniser."""

from __future__ import annotations

from snn_control.ros.base.interface import HEALTH, Interface, Service, Topic

RECOGNIZER = Interface(
    topics=(
        Topic("image", "in", "sensor_msgs/msg/Image", "", "camera", "sensor", "any",
              "mono8, 8UC1, rgb8 or bgr8; rows may be padded; each one triggers a match",
              publishers="one"),
        Topic("odometry", "in", "nav_msgs/msg/Odometry", "m", "any, fixed", "sensor", "any",
              "optional; distance between images, and poses of places",
              publishers="one"),
        Topic("~/match", "out", "std_msgs/msg/Float64MultiArray", "see `MATCH_FIELDS`", "",
              "event", "image rate", "match of each accepted image"),
        Topic("place", "out", "std_msgs/msg/Int64", "1", "", "event", "image rate",
              "number of the place, only if it is known",
              publishers="one"),
        Topic("place_pose", "out", "geometry_msgs/msg/PoseStamped", "m", "of the odometry",
              "event", "image rate", "pose at which the known place was mapped, if available",
              publishers="one"),
        Topic("candidates", "out", "std_msgs/msg/Float64MultiArray", "see `CANDIDATE_FIELDS`", "",
              "event", "image rate",
              "one row for each of the `n_candidates` best places, best first",
              publishers="one"),
        Topic("loop_closure", "out", "std_msgs/msg/Int64MultiArray", "see `LOOP_FIELDS`", "",
              "event", "on a loop",
              "during mapping: the place mapped last (-1: none, on a known stretch), and the "
              "earlier place that it matches",
              publishers="one"),
        HEALTH,
    ),
    services=(
        Service("~/start_mapping", "std_srvs/srv/Trigger", "start mapping images as places"),
        Service("~/stop_mapping", "std_srvs/srv/Trigger",
                "stop mapping; the map is complete when `mapping` in `/diagnostics` is off"),
        Service("~/save", "std_srvs/srv/Trigger", "write the map in use to the path in `map`"),
        Service("~/load", "std_srvs/srv/Trigger",
                "load the map at the path in `map`; an invalid file leaves the old map"),
        Service("~/reset", "std_srvs/srv/Trigger", "clear the sequence of past images"),
    ),
)  # fmt: skip

MATCH_FIELDS = (
    "stamp_s", "stamp_ns", "place", "probability", "known", "familiarity", "length", "reason",
    "complete", "spikes", "step", "mapped", "query_s", "latency_s",
)  # fmt: skip
"""Entries of `~/match`."""
CANDIDATE_FIELDS = ("stamp_s", "stamp_ns", "place", "score")
"""Columns of `candidates`."""
LOOP_FIELDS = ("stamp_s", "stamp_ns", "mapped", "place")
"""Entries of `loop_closure`."""
