"""Altitude control of one blimp by the tuned PID, the baseline with the same interfaces.

ros2 launch snn_control pid_baseline.launch.py sim:=true record:=true
"""

from snn_control.ros.launching import vehicle


def generate_launch_description():
    """Return the launch description."""
    return vehicle("pid_controller")
