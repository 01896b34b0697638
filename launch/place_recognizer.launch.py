"""Place recogniser for a camera, with an optional recorder.

    ros2 launch snn_control place_recognizer.launch.py image:=/camera/image_raw map:=yard
    ros2 launch snn_control place_recognizer.launch.py --show-args

Without `map` the map is empty; the service `place_recognizer/start_mapping` starts mapping.
"""

from snn_control.ros.place.launching import recogniser


def generate_launch_description():
    """Return the launch description."""
    return recogniser()
