"""Topics and services of the place recogniser, and the entries of its messages."""

from __future__ import annotations

from snn_control.ros.base.interface import HEALTH, Interface, Service, Topic

RECOGNIZER = Interface(
    topics=(
        Topic("image", "in", "sensor_msgs/msg/Image", "", "camera", "sensor", "any",
              "mono8, 8UC1, rgb8 or bgr8; rows may be padded; each one is answered"),
        Topic("odometry", "in", "nav_msgs/msg/Odometry", "m", "any, fixed", "sensor", "any",
              "optional: tells the way between images and the poses of places"),
        Topic("~/match", "out", "std_msgs/msg/Float64MultiArray", "see `MATCH_FIELDS`", "",
              "event", "image rate", "the answer to each image that is not refused"),
        Topic("place", "out", "std_msgs/msg/Int64", "1", "", "event", "image rate",
              "number of the place, only where it is known"),
        Topic("place_pose", "out", "geometry_msgs/msg/PoseStamped", "m", "of the odometry",
              "event", "image rate", "pose at which the known place was mapped, if it has one"),
        Topic("candidates", "out", "std_msgs/msg/Float64MultiArray", "see `CANDIDATE_FIELDS`", "",
              "event", "image rate",
              "a row for each of the `n_candidates` best places, best first"),
        Topic("loop_closure", "out", "std_msgs/msg/Int64MultiArray", "see `LOOP_FIELDS`", "",
              "event", "on a loop",
              "while it maps: the place that was mapped last (-1: none, the stretch is "
              "known), and the earlier one it is"),
        HEALTH,
    ),
    services=(
        Service("~/start_mapping", "std_srvs/srv/Trigger", "let images become places"),
        Service("~/stop_mapping", "std_srvs/srv/Trigger",
                "end that; the map is ready when the mapping in `/diagnostics` is off"),
        Service("~/save", "std_srvs/srv/Trigger", "write the map in use to the path in `map`"),
        Service("~/load", "std_srvs/srv/Trigger", "use the map in `map`; keeps the old if bad"),
        Service("~/reset", "std_srvs/srv/Trigger",
                "forget the images so far: the sequence begins again"),
    ),
)  # fmt: skip

MATCH_FIELDS = (
    "stamp_s", "stamp_ns", "place", "probability", "known", "familiarity", "length", "reason",
    "complete", "spikes", "step", "mapped", "query_s", "latency_s",
)  # fmt: skip
"""Entries of `~/match` of the place recogniser."""
CANDIDATE_FIELDS = ("stamp_s", "stamp_ns", "place", "score")
"""Columns of `candidates`."""
LOOP_FIELDS = ("stamp_s", "stamp_ns", "mapped", "place")
"""Entries of `loop_closure`."""
