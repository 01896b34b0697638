"""One swimmer, by a spiking circuit; on request simulated and recorded.

    ros2 launch snn_control swimmer.launch.py sim:=true model:=swimmer-spiking record:=true
    ros2 launch snn_control swimmer.launch.py --show-args

Without `sim` the controller waits disarmed for the robot's `joint_states`;
`swimmer_controller/arm` arms it.
"""

from snn_control.ros.launching import vehicle


def generate_launch_description():
    """Describe the launch."""
    return vehicle("swimmer_controller")
