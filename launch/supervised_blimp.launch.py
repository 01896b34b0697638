"""Simulated blimp with its senses, with injected faults between its sensors and the controller.

    ros2 launch snn_control supervised_blimp.launch.py faults:=blimp model:=blimp-altitude
    ros2 launch snn_control supervised_blimp.launch.py --show-args

A bag is recorded. Without `faults` there is no fault_relay. With `sim:=false` the sensors and
motors are those of a blimp: faults of its motors need its driver on `faulty/motor_command`.
"""

from snn_control.ros.launching import vehicle


def generate_launch_description():
    """Return the launch description."""
    return vehicle(
        "altitude_controller",
        simulated={"senses": True},
        defaults={"sim": "true", "record": "true"},
    )
