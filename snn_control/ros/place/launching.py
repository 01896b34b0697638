"""Launch of a place recogniser; imports neither rclpy nor, before it is called, launch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from snn_control.ros import launching
from snn_control.ros.launching import launch_node, parameters_of, recorder, shared, switch, values

ARGUMENTS = {
    "map": ("", "saved place map; empty: that of params_file"),
    "image": ("image", "topic of the camera's images"),
    "odometry": ("odometry", "topic of the odometry; optional"),
    "params_file": ("", "parameters of the node; empty: configs/ros/place_recognizer.yaml"),
    **{name: launching.ARGUMENTS[name] for name in ("namespace", "record", "bag")},
    "use_sim_time": ("false", "take the time from /clock, as of a bag that is played"),
    **{name: launching.ARGUMENTS[name] for name in ("autostart", "log_level", "respawn")},
}
"""Arguments of a place recogniser: default and meaning."""


def recogniser() -> Any:
    """Describe the launch of a place recogniser and, on request, of a recorder.

    Returns:
        a `LaunchDescription` with the arguments of `ARGUMENTS`.
    """
    from launch.actions import OpaqueFunction
    from launch.launch_description import LaunchDescription

    def start(context: Any) -> list[Any]:
        return recogniser_nodes(values(context, ARGUMENTS))

    declared = launching.declare(*ARGUMENTS, arguments=ARGUMENTS)
    return LaunchDescription([*declared, OpaqueFunction(function=start)])


def recogniser_nodes(given: Mapping[str, str]) -> list[Any]:
    """Return the nodes of a place recogniser.

    Args:
        given: value of each launch argument.

    Raises:
        ConfigError: an argument cannot be used.
    """
    namespace = given["namespace"].strip("/")
    everywhere, common = shared(given, namespace)
    recognises = dict(everywhere)
    if given["map"]:
        recognises["map"] = str(Path(given["map"]).absolute())
    remaps = [(name, given[name]) for name in ("image", "odometry") if given[name] != name]
    file = parameters_of("place_recognizer", given["params_file"])
    nodes = [
        launch_node(
            "place_recognizer",
            [file, recognises],
            respawn=switch(given, "respawn"),
            remappings=remaps,
            **common,
        )
    ]
    if switch(given, "record"):
        nodes.append(recorder(given, namespace, everywhere, common))
    return nodes
