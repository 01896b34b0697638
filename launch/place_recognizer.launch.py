"""A place recogniser behind a camera; on request recorded.

    ros2 launch snn_control place_recognizer.launch.py image:=/camera/image_raw map:=yard
    ros2 launch snn_control place_recognizer.launch.py --show-args

Without `map` it knows no place: `place_recognizer/start_mapping` makes a map of what comes.
"""

from snn_control.ros.place.launching import recogniser


def generate_launch_description():
    """Describe the launch."""
    return recogniser()
