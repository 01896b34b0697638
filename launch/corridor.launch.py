"""Control of one corridor robot by a spiking circuit, optionally simulated and recorded.

    ros2 launch snn_control corridor.launch.py sim:=true model:=corridor-spiking record:=true
    ros2 launch snn_control corridor.launch.py --show-args

Without `sim` the controller waits disarmed for `scan` and `odom` of the robot; the service
`corridor_controller/arm` arms it.
"""

from snn_control.ros.launching import vehicle


def generate_launch_description():
    """Return the launch description."""
    return vehicle("corridor_controller")
