"""Parts of the launch files: how a node is started, and the launch of a vehicle.

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
from snn_control.ros import nodes

PACKAGE = "snn_control"
NODES = {node.name: node for node in nodes.NODES}
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
"""Arguments of a vehicle: default and meaning."""


def module_of(node: str) -> str:
    """Return the module that runs a node.

    Args:
        node: name of one of our nodes, or the dotted module of one of another package, whose last
            part is the name of the node.

    Raises:
        UnknownNameError: no dotted name, and none of our nodes.
    """
    if "." in node:
        return node
    if node not in NODES:
        raise UnknownNameError("node", node, NODES)
    return f"{PACKAGE}.ros.{node}"


def how_to_start(node: str, environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return the arguments of launch_ros' `Node` that start a node, named as in `module_of`.

    The executable of the package where the ament index holds it (a sourced workspace, or an
    installation on AMENT_PREFIX_PATH), else this Python: an editable install and a checkout have no
    entry.

    Raises:
        UnknownNameError: no such node.
    """
    module = module_of(node)
    for prefix in filter(None, environment.get("AMENT_PREFIX_PATH", "").split(os.pathsep)):
        if (Path(prefix) / MARKER).exists():
            if os.access(Path(prefix, "lib", PACKAGE, node), os.X_OK):
                return {"package": PACKAGE, "executable": node}
            break
    return {
        "executable": sys.executable,
        "arguments": ["-m", module],
        "exec_name": module.rpartition(".")[2],
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


def vehicle(controller: str) -> Any:
    """Describe the launch of one vehicle: a controller, on request simulator and recorder.

    Args:
        controller: one of our controller nodes; the launch has a `model` where the node takes one.

    Returns:
        a `LaunchDescription` with the arguments of `ARGUMENTS`.
    """
    from launch.actions import OpaqueFunction
    from launch.launch_description import LaunchDescription

    names = [n for n in ARGUMENTS if n != "model" or NODES[controller].takes_model]

    def start(context: Any) -> list[Any]:
        given = values(context)
        if switch(given, "sim"):
            _count_flights(context, 1)
        return vehicle_nodes(controller, given)

    return LaunchDescription([*declare(*names), OpaqueFunction(function=start)])


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


def vehicle_nodes(controller: str, given: Mapping[str, str]) -> list[Any]:
    """Return the nodes of one vehicle.

    Args:
        controller: one of our controller nodes.
        given: value of each launch argument.

    Raises:
        ConfigError: an argument cannot be used.
    """
    namespace, simulated = given["namespace"].strip("/"), switch(given, "sim")
    flies, common = shared(given, namespace)
    everywhere, timed = dict(flies), flies.get("use_sim_time", False)
    if given.get("model"):
        flies["model"] = given["model"]
    if switch(given, "arm", simulated):
        flies["arm_on_activate"] = True
    respawn = switch(given, "respawn")
    file = parameters_of(controller, given["params_file"])
    nodes = [launch_node(controller, [file, flies], respawn=respawn, **common)]
    if simulated:
        flown = {**everywhere, "wait_for_controller": True, "exit_at_end": True}
        flown.pop("use_sim_time", None)  # it makes the time
        if switch(given, "record"):
            flown["wait_for_listeners"] = [f"{controller}/tick", f"{controller}/spikes"]
        if timed:
            flown["clock"] = True
        if given["seed"]:
            flown["seed"] = _whole(given, "seed")
        simulator = NODES[controller].simulator
        file = parameters_of(simulator, given["sim_params_file"])
        nodes.append(launch_node(simulator, [file, flown], ends_all=True, **common))
    if switch(given, "record"):
        nodes.append(recorder(given, namespace, everywhere, common))
    return nodes


def shared(given: Mapping[str, str], namespace: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return parameters and arguments of `launch_node` that all nodes of a launch share."""
    everywhere: dict[str, Any] = {"autostart": switch(given, "autostart")}
    if namespace:  # keeps two vehicles on one bus apart in diagnostics
        everywhere["diagnostic_updater.use_fqn"] = True
    if switch(given, "use_sim_time"):
        everywhere["use_sim_time"] = True
    return everywhere, {"namespace": namespace, "log_level": given["log_level"]}


def recorder(
    given: Mapping[str, str],
    namespace: str,
    everywhere: Mapping[str, Any],
    common: Mapping[str, Any],
) -> Any:
    """Return the recorder of a launch.

    Args:
        given: value of each launch argument.
        namespace: of the launch; part of the bag's name where `given` has none.
        everywhere: parameters of all nodes, from `shared`.
        common: arguments of `launch_node`, from `shared`.
    """
    date = time.strftime("%Y%m%d-%H%M%S")
    bag = given["bag"] or "-".join(filter(None, ("bag", namespace.replace("/", "-"), date)))
    kept = {**everywhere, "bag": str(Path(bag).absolute())}
    return launch_node("recorder", [parameters_of("recorder"), kept], **common)


def launch_node(
    node: str,
    parameters: list[Any],
    *,
    namespace: str,
    log_level: str,
    respawn: bool = False,
    ends_all: bool = False,
    remappings: Sequence[tuple[str, str]] = (),
) -> Any:
    """Return the launch action of one of our nodes.

    Args:
        node: its name.
        parameters: files and dictionaries; later ones win.
        namespace: of the node.
        log_level: one of `LEVELS`.
        respawn: whether it is started again when it dies, `RESPAWNS` times.
        ends_all: whether the launch ends with it, or with the last one like it.
        remappings: names of topics in the node and on the bus.
    """
    from launch.actions import OpaqueFunction
    from launch_ros.actions import Node

    return Node(
        **how_to_start(node),
        name=module_of(node).rpartition(".")[2],
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


def values(context: Any, arguments: Mapping[str, Any] = ARGUMENTS) -> dict[str, str]:
    """Return the value of each argument in a launch context."""
    return {name: context.launch_configurations.get(name, "") for name in arguments}


def switch(given: Mapping[str, str], name: str, default: bool = False) -> bool:
    """Return an argument that is true or false; empty means the default.

    Raises:
        ConfigError: neither.
    """
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
