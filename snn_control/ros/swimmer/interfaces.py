"""Topics of the swimmer's nodes."""

from __future__ import annotations

from snn_control.ros.base.interface import Interface, Topic

CONTROLLER = Interface(
    topics=(
        Topic("joint_states", "in", "sensor_msgs/msg/JointState", "rad", "", "sensor",
              "control rate", "angles of the joints, found by name; each one triggers a tick"),
        Topic("cmd_vel", "in", "geometry_msgs/msg/Twist", "m/s, rad/s", "base_link", "command",
              "> 2 Hz", "`linear.x` ahead, `angular.z` to the left; none yet: `cruise_speed`"),
        Topic("joint_efforts", "out", "std_msgs/msg/Float64MultiArray", "N m, or share", "",
              "command", "control rate",
              "an effort a joint, named by `layout.dim[0].label`; `output: efforts`",
              "output: efforts"),
        Topic("joint_trajectory", "out", "trajectory_msgs/msg/JointTrajectory", "N m, or share",
              "", "command", "control rate",
              "one point of efforts, to begin at once; `output: trajectory`",
              "output: trajectory"),
    ),
)  # fmt: skip

SIMULATOR = Interface(
    topics=(
        Topic("joint_efforts", "in", "std_msgs/msg/Float64MultiArray", "N m, or share", "",
              "command", "control rate", "held until the next; none for 0.2 s rests the muscles"),
        Topic("joint_states", "out", "sensor_msgs/msg/JointState", "rad, rad/s", "", "sensor",
              "33 Hz", "measured angles, true speeds"),
        Topic("ground_truth", "out", "nav_msgs/msg/Odometry", "m, m/s", "map to base_link",
              "sensor", "33 Hz", "true pose and velocity of the nose, x forward"),
    ),
)  # fmt: skip
