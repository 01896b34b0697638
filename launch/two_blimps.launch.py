"""Two blimps on one bus, in the namespaces /blimp_1 and /blimp_2, with the same arguments.

    ros2 launch snn_control two_blimps.launch.py sim:=true record:=true

Simulated blimps fly with different seeds and in real time, because a bus has only one /clock. Each
sends the offset of its barometer to the other: one without a lidar keeps its height.
"""

from launch.actions import GroupAction, IncludeLaunchDescription
from launch.launch_description import LaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution, ThisLaunchFileDir

from snn_control.ros.launching import declare

SHARED = ("model", "sim", "params_file", "sim_params_file", "record", "autostart", "arm",
          "log_level", "respawn")  # fmt: skip


def generate_launch_description():
    """Return the launch description."""
    one = PathJoinSubstitution([ThisLaunchFileDir(), "supervised_blimp.launch.py"])
    shared = {name: LaunchConfiguration(name) for name in SHARED}
    blimps = [
        GroupAction(
            [
                IncludeLaunchDescription(
                    PythonLaunchDescriptionSource(one),
                    launch_arguments={
                        **shared, "namespace": f"blimp_{k}", "seed": str(k - 1),
                        "neighbour": f"blimp_{3 - k}"
                    }.items(),
                )
            ]
        )
        for k in (1, 2)
    ]  # fmt: skip
    return LaunchDescription([*declare(*SHARED), *blimps])
