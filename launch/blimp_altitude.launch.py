"""Altitude of one blimp, by a spiking controller; on request simulated and recorded.

    ros2 launch snn_control blimp_altitude.launch.py sim:=true model:=blimp-altitude record:=true
    ros2 launch snn_control blimp_altitude.launch.py --show-args

Without `sim` the controller waits disarmed for the vehicle's `range`; `altitude_controller/arm`
arms it.
"""

from snn_control.ros.launching import vehicle


def generate_launch_description():
    """Describe the launch."""
    return vehicle("altitude_controller")
