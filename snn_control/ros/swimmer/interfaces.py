"""Topics of the swimmer's nodes."""

from __future__ import annotations

from snn_control.ros.base.interface import Interface, Topic

CONTROLLER = Interface(
    topics=(
        Topic("joint_states", "in", "sensor_msgs/msg/JointState", "rad", "", "sensor",
              "control rate", "joint angles, matched by name; each message triggers a tick",
              publishers="one"),
        Topic("cmd_vel", "in", "geometry_msgs/msg/Twist", "m/s, rad/s", "base_link", "command",
              "> 2 Hz",
              "`linear.x` forward, `angular.z` to the left; before the first: `cruise_speed`"),
        Topic("odometry", "in", "nav_msgs/msg/Odometry", "m/s", "base_link", "sensor",
              "control rate",
              "`twist.twist.linear.x` is the forward speed of the head; used by trials only"),
        Topic("joint_efforts", "out", "std_msgs/msg/Float64MultiArray", "N m, or fraction", "",
              "command", "control rate",
              "one effort per joint, named by `layout.dim[0].label`; `output: efforts`",
              "output: efforts", publishers="one"),
        Topic("joint_trajectory", "out", "trajectory_msgs/msg/JointTrajectory", "N m, or fraction",
              "", "command", "control rate",
              "one point of efforts, to start at once; `output: trajectory`",
              "output: trajectory", publishers="one"),
    ),
)  # fmt: skip

SIMULATOR = Interface(
    topics=(
        Topic("joint_efforts", "in", "std_msgs/msg/Float64MultiArray", "N m, or fraction", "",
              "command", "control rate",
              "held until the next one; after 0.2 s without one the muscles rest",
              publishers="one"),
        Topic("joint_states", "out", "sensor_msgs/msg/JointState", "rad, rad/s", "", "sensor",
              "33 Hz", "measured angles, true angular velocities",
              publishers="one"),
        Topic("odometry", "out", "nav_msgs/msg/Odometry", "m, m/s", "map to base_link", "sensor",
              "33 Hz", "the same as `ground_truth`, before `joint_states`; `odometry: true`",
              "odometry: true"),
        Topic("ground_truth", "out", "nav_msgs/msg/Odometry", "m, m/s", "map to base_link",
              "sensor", "33 Hz", "true pose and velocity of the nose, x forward"),
    ),
)  # fmt: skip
