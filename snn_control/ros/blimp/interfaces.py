"""Topics and services of the blimp's nodes."""

from __future__ import annotations

from snn_control.ros.base.interface import Interface, Service, Topic

CONTROLLER = Interface(
    topics=(
        Topic("range", "in", "sensor_msgs/msg/Range", "m", "any", "sensor", "control rate",
              "height above ground, positive; each message triggers a tick",
              publishers="one"),
        Topic("pressure", "in", "sensor_msgs/msg/FluidPressure", "Pa", "", "sensor", "any",
              "optional: height while the range is not trusted",
              publishers="one"),
        Topic("imu", "in", "sensor_msgs/msg/Imu", "m/s^2", "z up", "sensor", "any",
              "optional: vertical acceleration, with gravity as in REP-145",
              publishers="one"),
        Topic("height_set_point", "in", "std_msgs/msg/Float64", "m", "map, up", "latched",
              "on change", "height setpoint; before the first one, the height at arming"),
        Topic("battery", "in", "sensor_msgs/msg/BatteryState", "V", "", "sensor", "any",
              "`voltage` is used",
              publishers="one"),
        Topic("manual_command", "in", "std_msgs/msg/Float64", "motor units", "up", "command",
              "> 2 Hz", "forwarded in mode manual"),
        Topic("neighbour_offset", "in", "std_msgs/msg/Float64", "m", "", "event", "1 Hz",
              "optional: `barometer_offset` of a blimp in the same room"),
        Topic("barometer_offset", "out", "std_msgs/msg/Float64", "m", "", "event",
              "1 Hz, with a trusted range and a barometer",
              "barometric height less height, for neighbours"),
        Topic("manual", "in", "std_msgs/msg/Bool", "", "", "event", "on change",
              "the same as the service `~/manual`"),
        Topic("motor_command", "out", "std_msgs/msg/Float64", "motor units", "up", "command",
              "control rate", "-10 to 10, positive is up; 10 is full thrust",
              publishers="one"),
    ),
    services=(
        Service("~/manual", "std_srvs/srv/SetBool",
                "start or end manual control by `manual_command`"),
    ),
)  # fmt: skip

SIMULATOR = Interface(
    topics=(
        Topic("motor_command", "in", "std_msgs/msg/Float64", "motor units", "up", "command",
              "control rate", "held until the next one; after 2 s without one the motors stop",
              publishers="one"),
        Topic("range", "out", "sensor_msgs/msg/Range", "m", "lidar", "sensor",
              "10 Hz, less missed ticks", "lidar, stamped at the measurement",
              publishers="one"),
        Topic("pressure", "out", "sensor_msgs/msg/FluidPressure", "Pa", "barometer", "sensor",
              "that of `range`, before it",
              "pressure of the standard atmosphere, with its stamp; `senses: true`",
              "senses: true", publishers="one"),
        Topic("imu", "out", "sensor_msgs/msg/Imu", "m/s^2", "imu", "sensor",
              "that of `range`, before it",
              "`linear_acceleration.z` with gravity, with its stamp; `senses: true`",
              "senses: true", publishers="one"),
        Topic("battery", "out", "sensor_msgs/msg/BatteryState", "V", "", "sensor", "1 Hz",
              "voltage of the single cell",
              publishers="one"),
        Topic("height_set_point", "out", "std_msgs/msg/Float64", "m", "map, up", "latched",
              "on change", "reference height of the task; parameter `reference`"),
        Topic("ground_truth", "out", "nav_msgs/msg/Odometry", "m, m/s", "map to base_link",
              "sensor", "control rate", "true pose and velocity"),
    ),
)  # fmt: skip
