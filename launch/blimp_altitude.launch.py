"""Altitude control of one blimp by a spiking controller, optionally simulated and recorded.

    ros2 launch snn_control blimp_altitude.launch.py sim:=true model:=blimp-altitude record:=true
    ros2 launch snn_control blimp_altitude.launch.py --show-args

Without `sim` the controller waits disarmed for `range` of the vehicle; the service
`altitude_controller/arm` arms it.
"""

from snn_control.ros.launching import vehicle


def generate_launch_description():
    """Return the launch description."""
    return vehicle("altitude_controller")
