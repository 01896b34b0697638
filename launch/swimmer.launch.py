"""Control of one swimmer by a spiking circuit, optionally simulated and recorded.

    ros2 launch snn_control swimmer.launch.py sim:=true model:=swimmer-spiking record:=true
    ros2 launch snn_control swimmer.launch.py --show-args

Without `sim` the controller waits disarmed for `joint_states` of the robot; the service
`swimmer_controller/arm` arms it.
"""

from snn_control.ros.launching import vehicle


def generate_launch_description():
    """Return the launch description."""
    return vehicle("swimmer_controller")
