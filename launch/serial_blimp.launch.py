"""Altitude control of one blimp by the firmware of a microcontroller on a serial line.

ros2 launch snn_control serial_blimp.launch.py params_file:=port.yaml sim:=true
"""

from snn_control.ros.launching import vehicle


def generate_launch_description():
    """Return the launch description."""
    return vehicle("serial_controller")
