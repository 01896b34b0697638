"""Simulated blimp with its senses and a controller on a forward model that learns.

    ros2 launch snn_control adaptive_blimp.launch.py
    ros2 launch snn_control adaptive_blimp.launch.py model:=blimp-altitude:adapting faults:=lidar
    ros2 launch snn_control adaptive_blimp.launch.py --show-args

A bag is recorded. The services of the adaptation are those of the node `altitude_controller`:
~/freeze, ~/adapt, ~/save_adaptation and ~/roll_back_adaptation.
"""

from snn_control.ros.launching import vehicle


def generate_launch_description():
    """Return the launch description."""
    return vehicle(
        "altitude_controller",
        simulated={"senses": True},
        defaults={"model": "blimp-adaptive", "sim": "true", "record": "true"},
    )
