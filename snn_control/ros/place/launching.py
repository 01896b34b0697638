"""Launch description of the place recogniser; imports no rclpy, and launch only when called."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from snn_control.ros import launching
from snn_control.ros.launching import (
    launch_node,
    namespace_of,
    parameters_of,
    recorder,
    shared,
    switch,
    values,
)

ARGUMENTS = {
    "map": ("", "path of the place map; empty: that of params_file"),
    "image": ("image", "topic of the camera images"),
    "odometry": ("odometry", "topic of the odometry; optional"),
    "params_file": ("", "parameter file of the node; empty: configs/ros/place_recognizer.yaml"),
    **{name: launching.ARGUMENTS[name] for name in ("namespace", "record", "bag")},
    "use_sim_time": ("false", "use the time from /clock, for example of a played bag"),
    **{name: launching.ARGUMENTS[name] for name in ("autostart", "log_level", "respawn")},
}
"""Launch arguments of the place recogniser: default and description."""


def recogniser() -> Any:
    """Return the launch description of a place recogniser and an optional recorder.

    Returns:
        `LaunchDescription` with the arguments of `ARGUMENTS`.
    """
    from launch.actions import OpaqueFunction
    from launch.launch_description import LaunchDescription

    def start(context: Any) -> list[Any]:
        return recogniser_nodes(values(context, ARGUMENTS))

    declared = launching.declare(*ARGUMENTS, arguments=ARGUMENTS)
    return LaunchDescription([*declared, OpaqueFunction(function=start)])


def recogniser_nodes(arguments: Mapping[str, str]) -> list[Any]:
    """Return the launch actions of a place recogniser and an optional recorder.

    Args:
        arguments: value of each launch argument.

    Raises:
        ConfigError: an invalid argument.
    """
    namespace = namespace_of(arguments)
    everywhere, common = shared(arguments, namespace)
    parameters = dict(everywhere)
    if arguments["map"]:
        parameters["map"] = str(Path(arguments["map"]).absolute())
    remaps = [(name, arguments[name]) for name in ("image", "odometry") if arguments[name] != name]
    file = parameters_of("place_recognizer", arguments["params_file"])
    nodes = [
        launch_node(
            "place_recognizer",
            [file, parameters],
            respawn=switch(arguments, "respawn"),
            remappings=remaps,
            **common,
        )
    ]
    if switch(arguments, "record"):
        nodes.append(recorder(arguments, namespace, everywhere, common))
    return nodes
