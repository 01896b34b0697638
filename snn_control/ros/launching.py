"""What the launch files share: how a node is started, and the arguments of a craft.

Imports neither rclpy nor, before it is called, launch: the Python of `ros2 launch` may be another
one than that of the nodes.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
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
NODES = (*SIMULATORS, *dict.fromkeys(SIMULATORS.values()), "recorder")
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


def declare(*names: str, **defaults: str) -> list[Any]:
    """Declare launch arguments out of `ARGUMENTS`, some with defaults of their own."""
    from launch.actions import DeclareLaunchArgument

    return [
        DeclareLaunchArgument(
            name,
            default_value=defaults.get(name, ARGUMENTS[name][0]),
            description=ARGUMENTS[name][1],
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
    everywhere: dict[str, Any] = {"autostart": _switch(given, "autostart")}
    if namespace:  # two crafts on one bus are told apart in diagnostics
        everywhere["diagnostic_updater.use_fqn"] = True
    timed = {"use_sim_time": True} if _switch(given, "use_sim_time") else {}
    common: dict[str, Any] = {"namespace": namespace, "log_level": given["log_level"]}

    flies: dict[str, Any] = {**everywhere, **timed}
    if given.get("model"):
        flies["model"] = given["model"]
    if _switch(given, "arm", simulated):
        flies["arm_on_activate"] = True
    respawn = _switch(given, "respawn")
    file = parameters_of(controller, given["params_file"])
    nodes = [_node(controller, [file, flies], respawn=respawn, **common)]
    if simulated:
        flown: dict[str, Any] = {**everywhere, "wait_for_controller": True, "exit_at_end": True}
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
        date = time.strftime("%Y%m%d-%H%M%S")
        bag = given["bag"] or "-".join(filter(None, ("bag", namespace.replace("/", "-"), date)))
        kept = {**everywhere, **timed, "bag": str(Path(bag).absolute())}
        nodes.append(_node("recorder", [parameters_of("recorder"), kept], **common))
    return nodes


def _node(
    node: str,
    parameters: list[Any],
    *,
    namespace: str,
    log_level: str,
    respawn: bool = False,
    ends_all: bool = False,
) -> Any:
    from launch.actions import OpaqueFunction
    from launch_ros.actions import Node

    return Node(
        **how_to_start(node),
        name=node,
        namespace=namespace,
        parameters=parameters,
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


def _given(context: Any) -> dict[str, str]:
    return {name: context.launch_configurations.get(name, "") for name in ARGUMENTS}


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
