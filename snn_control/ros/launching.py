"""What the launch files share: how a node is started, and the arguments of a craft.

Imports neither rclpy nor, before it is called, launch: the Python of `ros2 launch` may be another
one than that of the nodes.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from snn_control.errors import ConfigError, UnknownNameError
from snn_control.resources import configs_folder

PACKAGE = "snn_control"
SIMULATORS = {
    "altitude_controller": "blimp_simulator",
    "pid_controller": "blimp_simulator",
    "swimmer_controller": "swimmer_simulator",
}
"""Controllers, and the simulator of the robot that each one flies."""
NODES = (*SIMULATORS, *dict.fromkeys(SIMULATORS.values()), "place_recognizer", "recorder")
MARKER = Path("share", "ament_index", "resource_index", "packages", PACKAGE)
RESPAWN_DELAY_S = 2.0
"""Below 1 s, a launch whose node dies at the start may never end."""
RESPAWNS = 5
LEVELS = ("debug", "info", "warn", "error", "fatal")

ARGUMENTS = {
    "model": ("", "shipped model, run folder or model file; empty: that of params_file"),
    "sim": ("false", "start the simulated robot too, and end with the last flight"),
    "namespace": ("", "namespace of all nodes"),
    "params_file": ("", "parameters of the controller; empty: configs/ros/NODE.yaml"),
    "sim_params_file": ("", "parameters of the simulator; empty: configs/ros/NODE.yaml"),
    "seed": ("", "seed of the simulator; empty: that of sim_params_file"),
    "record": ("false", "record a bag (MCAP)"),
    "bag": ("", "folder of the bag, which must not exist; empty: bag-NAMESPACE-DATE-TIME"),
    "use_sim_time": ("false", "take the time from /clock; the simulator then publishes it"),
    "autostart": ("true", "configure and activate the nodes"),
    "arm": ("", "arm the controller when it becomes active; empty: with sim only"),
    "log_level": ("info", "level of the nodes' logs"),
    "respawn": ("false", "start the controller again when it dies"),
}
"""Arguments of a craft: default and meaning."""

PLACE_ARGUMENTS = {
    "map": ("", "saved place map; empty: that of params_file"),
    "image": ("image", "topic of the camera's images"),
    "odometry": ("odometry", "topic of the odometry; nothing need be there"),
    "params_file": ("", "parameters of the node; empty: configs/ros/place_recognizer.yaml"),
    **{name: ARGUMENTS[name] for name in ("namespace", "record", "bag")},
    "use_sim_time": ("false", "take the time from /clock, as of a bag that is played"),
    **{name: ARGUMENTS[name] for name in ("autostart", "log_level", "respawn")},
}
"""Arguments of a place recogniser."""


def how_to_start(node: str, environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return the arguments of launch_ros' `Node` that start one of our nodes.

    The executable of the package where the ament index holds it (a sourced workspace, or an
    installation on AMENT_PREFIX_PATH), else this Python: an editable install and a checkout have no
    entry.

    Raises:
        UnknownNameError: no such node.
    """
    if node not in NODES:
        raise UnknownNameError("node", node, NODES)
    for prefix in filter(None, environment.get("AMENT_PREFIX_PATH", "").split(os.pathsep)):
        if (Path(prefix) / MARKER).exists():
            if os.access(Path(prefix, "lib", PACKAGE, node), os.X_OK):
                return {"package": PACKAGE, "executable": node}
            break
    return {
        "executable": sys.executable,
        "arguments": ["-m", f"{PACKAGE}.ros.{node}"],
        "exec_name": node,
    }


def parameters_of(node: str, given: str = "") -> Path:
    """Return the file of parameters of a node: the given one, else the one that ships.

    Raises:
        ConfigError: the given one does not exist.
    """
    path = Path(given) if given else configs_folder() / "ros" / f"{node}.yaml"
    if not path.is_file():
        raise ConfigError(f"parameter file {path} does not exist; give the path of a YAML file")
    return path.absolute()


def craft(controller: str) -> Any:
    """Describe the launch of one craft: a controller, on request simulator and recorder.

    Args:
        controller: node that flies, one of `SIMULATORS`; `pid_controller` has no `model`.

    Returns:
        a `LaunchDescription` with the arguments of `ARGUMENTS`.
    """
    from launch.actions import OpaqueFunction
    from launch.launch_description import LaunchDescription

    names = [n for n in ARGUMENTS if n != "model" or controller != "pid_controller"]

    def start(context: Any) -> list[Any]:
        given = _given(context)
        if _switch(given, "sim"):
            _count_flights(context, 1)
        return craft_nodes(controller, given)

    return LaunchDescription([*declare(*names), OpaqueFunction(function=start)])


def places() -> Any:
    """Describe the launch of a place recogniser and, on request, of a recorder.

    Returns:
        a `LaunchDescription` with the arguments of `PLACE_ARGUMENTS`.
    """
    from launch.actions import OpaqueFunction
    from launch.launch_description import LaunchDescription

    def start(context: Any) -> list[Any]:
        return place_nodes(_given(context, PLACE_ARGUMENTS))

    declared = declare(*PLACE_ARGUMENTS, arguments=PLACE_ARGUMENTS)
    return LaunchDescription([*declared, OpaqueFunction(function=start)])


def place_nodes(given: Mapping[str, str]) -> list[Any]:
    """Return the nodes of a place recogniser.

    Args:
        given: value of each launch argument.

    Raises:
        ConfigError: an argument cannot be used.
    """
    namespace = given["namespace"].strip("/")
    everywhere, common = _shared(given, namespace)
    recognises = dict(everywhere)
    if given["map"]:
        recognises["map"] = str(Path(given["map"]).absolute())
    remaps = [(name, given[name]) for name in ("image", "odometry") if given[name] != name]
    file = parameters_of("place_recognizer", given["params_file"])
    respawn = _switch(given, "respawn")
    nodes = [
        _node("place_recognizer", [file, recognises], respawn=respawn, remappings=remaps, **common)
    ]
    if _switch(given, "record"):
        nodes.append(_recorder(given, namespace, everywhere, common))
    return nodes


def declare(*names: str, arguments: Mapping[str, tuple[str, str]] = ARGUMENTS) -> list[Any]:
    """Declare launch arguments out of `arguments`."""
    from launch.actions import DeclareLaunchArgument

    return [
        DeclareLaunchArgument(
            name,
            default_value=arguments[name][0],
            description=arguments[name][1],
            choices=LEVELS if name == "log_level" else None,
        )
        for name in names
    ]


def craft_nodes(controller: str, given: Mapping[str, str]) -> list[Any]:
    """Return the nodes of one craft.

    Args:
        controller: node that flies.
        given: value of each launch argument.

    Raises:
        ConfigError: an argument cannot be used.
    """
    namespace, simulated = given["namespace"].strip("/"), _switch(given, "sim")
    flies, common = _shared(given, namespace)
    everywhere, timed = dict(flies), flies.get("use_sim_time", False)
    if given.get("model"):
        flies["model"] = given["model"]
    if _switch(given, "arm", simulated):
        flies["arm_on_activate"] = True
    respawn = _switch(given, "respawn")
    file = parameters_of(controller, given["params_file"])
    nodes = [_node(controller, [file, flies], respawn=respawn, **common)]
    if simulated:
        flown = {**everywhere, "wait_for_controller": True, "exit_at_end": True}
        flown.pop("use_sim_time", None)  # it makes the time
        if _switch(given, "record"):
            flown["wait_for_listeners"] = [f"{controller}/tick", f"{controller}/spikes"]
        if timed:
            flown["clock"] = True
        if given["seed"]:
            flown["seed"] = _whole(given, "seed")
        simulator = SIMULATORS[controller]
        file = parameters_of(simulator, given["sim_params_file"])
        nodes.append(_node(simulator, [file, flown], ends_all=True, **common))
    if _switch(given, "record"):
        nodes.append(_recorder(given, namespace, everywhere, common))
    return nodes


def _shared(given: Mapping[str, str], namespace: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the parameters, and the arguments of `_node`, that all nodes of a launch share."""
    everywhere: dict[str, Any] = {"autostart": _switch(given, "autostart")}
    if namespace:  # two crafts on one bus are told apart in diagnostics
        everywhere["diagnostic_updater.use_fqn"] = True
    if _switch(given, "use_sim_time"):
        everywhere["use_sim_time"] = True
    return everywhere, {"namespace": namespace, "log_level": given["log_level"]}


def _recorder(
    given: Mapping[str, str],
    namespace: str,
    everywhere: Mapping[str, Any],
    common: Mapping[str, Any],
) -> Any:
    date = time.strftime("%Y%m%d-%H%M%S")
    bag = given["bag"] or "-".join(filter(None, ("bag", namespace.replace("/", "-"), date)))
    kept = {**everywhere, "bag": str(Path(bag).absolute())}
    return _node("recorder", [parameters_of("recorder"), kept], **common)


def _node(
    node: str,
    parameters: list[Any],
    *,
    namespace: str,
    log_level: str,
    respawn: bool = False,
    ends_all: bool = False,
    remappings: Sequence[tuple[str, str]] = (),
) -> Any:
    from launch.actions import OpaqueFunction
    from launch_ros.actions import Node

    return Node(
        **how_to_start(node),
        name=node,
        namespace=namespace,
        parameters=parameters,
        remappings=list(remappings),
        ros_arguments=["--log-level", log_level],
        output="screen",
        respawn=respawn,
        respawn_delay=RESPAWN_DELAY_S,
        respawn_max_retries=RESPAWNS,
        on_exit=OpaqueFunction(function=_end_with_the_last_flight) if ends_all else None,
    )


def _end_with_the_last_flight(context: Any) -> list[Any]:
    from launch.actions import Shutdown

    left = _count_flights(context, -1)
    return [] if left else [Shutdown(reason="all flights have ended")]


def _count_flights(context: Any, change: int) -> int:
    """Change the number of simulated flights of a launch, and return it."""
    name = "snn_control_flights"
    flights = int(context.get_locals_as_dict().get(name, 0)) + change
    context.extend_globals({name: flights})
    return flights


def _given(context: Any, arguments: Mapping[str, Any] = ARGUMENTS) -> dict[str, str]:
    return {name: context.launch_configurations.get(name, "") for name in arguments}


def _switch(given: Mapping[str, str], name: str, default: bool = False) -> bool:
    value = given[name].strip().lower()
    if value in ("true", "1", "false", "0"):
        return value in ("true", "1")
    if value:
        raise ConfigError(f"{name}:={given[name]}: expected true or false")
    return default


def _whole(given: Mapping[str, str], name: str) -> int:
    try:
        return int(given[name])
    except ValueError as exc:
        raise ConfigError(f"{name}:={given[name]}: expected a whole number") from exc
