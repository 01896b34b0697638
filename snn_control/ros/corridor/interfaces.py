"""Topics of the corridor robot's nodes."""

from __future__ import annotations

from snn_control.ros.base.interface import Interface, Topic

CONTROLLER = Interface(
    topics=(
        Topic("odom", "in", "nav_msgs/msg/Odometry", "m, rad", "odom to base_link", "sensor",
              "scan rate or more", "pose by odometry; the motion between scans is its change",
              publishers="one"),
        Topic("scan", "in", "sensor_msgs/msg/LaserScan", "m", "laser", "sensor", "control rate",
              "72 ranges, 5 degrees apart; infinity: no return, NaN: not fired; each message "
              "triggers a tick", publishers="one"),
        Topic("cmd_vel", "out", "geometry_msgs/msg/Twist", "m/s, rad/s", "base_link", "command",
              "control rate", "`linear.x` forward, `angular.z` to the left", publishers="one"),
        Topic("ray_request", "out", "std_msgs/msg/UInt8MultiArray", "1", "", "command",
              "control rate", "numbers of the rays of the next scan; ray k is at 5 k degrees to "
              "the left; with `rays` below 72 only", "rays: 7", publishers="one"),
    ),
)  # fmt: skip

SIMULATOR = Interface(
    topics=(
        Topic("cmd_vel", "in", "geometry_msgs/msg/Twist", "m/s, rad/s", "base_link", "command",
              "control rate", "held until the next one; after 0.4 s without one the robot stops",
              publishers="one"),
        Topic("ray_request", "in", "std_msgs/msg/UInt8MultiArray", "1", "", "command",
              "control rate", "rays of the following scans; before the first request all",
              publishers="one"),
        Topic("odom", "out", "nav_msgs/msg/Odometry", "m, m/s", "odom to base_link", "sensor",
              "10 Hz", "pose from the start, with the errors of odometry", publishers="one"),
        Topic("scan", "out", "sensor_msgs/msg/LaserScan", "m", "laser", "sensor", "10 Hz",
              "requested rays, with noise; the others are NaN", publishers="one"),
        Topic("ground_truth", "out", "nav_msgs/msg/Odometry", "m, m/s", "map to base_link",
              "sensor", "10 Hz", "true pose in the corridor, and velocity"),
    ),
)  # fmt: skip
