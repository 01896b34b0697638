"""Parts of the launch files: start of a node, and launch of a vehicle.

The module does not import rclpy, and imports launch only in functions: `ros2 launch` may use
another Python than the nodes.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from snn_control.errors import ConfigError, UnknownNameError, did_you_mean
from snn_control.input_file import is_file
from snn_control.resources import configs_folder
from snn_control.ros import nodes
from snn_control.ros.base.parameter_files import check_parameter_file
from snn_control.ros.faults.launching import relay_of

PACKAGE = "snn_control"
NODES = {node.name: node for node in nodes.NODES}
MARKER = Path("share", "ament_index", "resource_index", "packages", PACKAGE)
RESPAWN_DELAY_S = 2.0
"""Delay before a restart, s; below 1 s, a launch whose node dies at the start may never end."""
RESPAWNS = 5
"""Maximum number of restarts."""
LEVELS = ("debug", "info", "warn", "error", "fatal")
WITH_NEIGHBOUR = ("blimp",)
"""Systems whose controllers have the input `neighbour_offset`."""
_NAMESPACE = re.compile(r"[A-Za-z_]\w*(/[A-Za-z_]\w*)*", re.ASCII)

ARGUMENTS = {
    "model": ("", "shipped model, run folder or model file; empty: that of params_file"),
    "sim": ("false", "also start the simulator; the launch ends with the last episode"),
    "namespace": ("", "namespace of all nodes"),
    "params_file": ("", "parameters of the controller; empty: configs/ros/NODE.yaml"),
    "sim_params_file": ("", "parameters of the simulator; empty: configs/ros/NODE.yaml"),
    "seed": ("", "seed of the simulator; empty: that of sim_params_file"),
    "neighbour": ("", "namespace of a blimp in the same room, whose barometer helps; empty: none"),
    "faults": ("", "file of faults, or the name of a shipped one; empty: none, and no fault_relay"),
    "record": ("false", "record a bag (MCAP)"),
    "bag": ("", "folder of the bag, which must not exist; empty: bag-NAMESPACE-DATE-TIME"),
    "use_sim_time": ("false", "use the time of /clock; the simulator then publishes it"),
    "autostart": ("true", "configure and activate the nodes"),
    "arm": ("", "arm the controller on activation; empty: only with sim"),
    "log_level": ("info", "log level of the nodes"),
    "respawn": ("false", "restart the controller if it dies"),
}
"""Launch arguments of a vehicle: default and meaning."""


def module_of(node: str) -> str:
    """Return the module that runs a node.

    Args:
        node: name of one of our nodes, or dotted module of a node of another package; its last
            part is the name of the node.

    Raises:
        UnknownNameError: neither a dotted name nor one of our nodes.
    """
    if "." in node:
        return node
    if node not in NODES:
        raise UnknownNameError("node", node, NODES)
    return f"{PACKAGE}.ros.{node}"


def how_to_start(node: str, environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return the arguments of launch_ros' `Node` that start a node, named as in `module_of`.

    The node runs as executable of the package if the ament index contains it (a sourced workspace,
    or an installation on AMENT_PREFIX_PATH), else in this Python (editable install, checkout).

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


def parameters_of(node: str, file: str = "") -> Path:
    """Return the absolute path of a parameter file; by default the shipped file of the node.

    Raises:
        ConfigError: the file does not exist, or `check_parameter_file` refuses it.
    """
    path = Path(file) if file else configs_folder() / "ros" / f"{node}.yaml"
    if not is_file(path):
        raise ConfigError(f"parameter file {path} does not exist; name an existing YAML file")
    check_parameter_file(path)
    return path.absolute()


def vehicle(
    controller: str,
    *,
    simulated: Mapping[str, Any] | None = None,
    defaults: Mapping[str, str] | None = None,
) -> Any:
    """Return the `LaunchDescription` of one vehicle: controller, optional simulator and recorder.

    Its launch arguments are those of `ARGUMENTS`, without `model` and `neighbour` if the node has
    none. With faults the relay stands between the simulator, or the sensors, and the controller.

    Args:
        controller: one of our controller nodes.
        simulated: parameters of the simulator.
        defaults: defaults of launch arguments that differ from those of `ARGUMENTS`.
    """
    from launch.actions import OpaqueFunction
    from launch.launch_description import LaunchDescription

    node = NODES[controller]
    has = {"model": node.takes_model, "neighbour": node.system in WITH_NEIGHBOUR}
    names = [name for name in ARGUMENTS if has.get(name, True)]

    def start(context: Any) -> list[Any]:
        settings = values(context)
        if switch(settings, "sim"):
            _count_simulators(context, 1)
        return vehicle_nodes(controller, settings, simulated or {})

    arguments = ARGUMENTS | {
        name: (value, ARGUMENTS[name][1]) for name, value in (defaults or {}).items()
    }
    declared = declare(*names, arguments=arguments)
    return LaunchDescription([*declared, OpaqueFunction(function=start)])


def declare(*names: str, arguments: Mapping[str, tuple[str, str]] = ARGUMENTS) -> list[Any]:
    """Return the declarations of the named launch arguments, and the refusal of all others."""
    from launch.actions import DeclareLaunchArgument, OpaqueFunction

    def refuse(context: Any) -> None:
        if _of_command_line(context):
            refuse_unknown(context.argv, names)

    return [
        OpaqueFunction(function=refuse),
        *(
            DeclareLaunchArgument(
                name,
                default_value=arguments[name][0],
                description=arguments[name][1],
                choices=LEVELS if name == "log_level" else None,
            )
            for name in names
        ),
    ]


def _of_command_line(context: Any) -> bool:
    """Return True if the present launch file is the one that the command line names.

    The arguments of the command line then belong to this file, not to one that includes it.
    """
    path = Path(context.get_locals_as_dict().get("current_launch_file_path", ""))
    in_package = any(pair == (PACKAGE, path.name) for pair in pairwise(sys.argv))
    return in_package or path.resolve() in {Path(word).resolve() for word in sys.argv}


def refuse_unknown(words: Sequence[str], names: Sequence[str]) -> None:
    """Refuse launch arguments that a launch file does not declare, which launch ignores.

    Args:
        words: arguments of the command line, as `NAME:=VALUE`.
        names: declared arguments.

    Raises:
        ConfigError: an unknown name.
    """
    for name, is_argument, _ in (word.partition(":=") for word in words):
        if is_argument and name not in names:
            raise ConfigError(f"unknown launch argument {name!r}{did_you_mean(name, names)}")


def vehicle_nodes(
    controller: str, settings: Mapping[str, str], of_simulator: Mapping[str, Any] | None = None
) -> list[Any]:
    """Return the nodes of one vehicle.

    Args:
        controller: one of our controller nodes.
        settings: value of each launch argument.
        of_simulator: parameters of the simulator.

    Raises:
        UnknownNameError, ConfigError: the value of an argument is invalid.
    """
    namespace, simulated = namespace_of(settings), switch(settings, "sim")
    everywhere, common = shared(settings, namespace)
    overrides = dict(everywhere)
    if settings.get("model"):
        overrides["model"] = settings["model"]
    if switch(settings, "arm", simulated):
        overrides["arm_on_activate"] = True
    respawn = switch(settings, "respawn")
    file = parameters_of(controller, settings["params_file"])
    relay = relay_of(NODES[controller].system, settings.get("faults", ""))
    neighbour = neighbour_of(settings, namespace)
    others = [("neighbour_offset", f"/{neighbour}/barometer_offset")] if neighbour else []
    nodes = [
        launch_node(
            controller,
            [file, overrides],
            respawn=respawn,
            remappings=[*relay.of_controller, *others],
            **common,
        )
    ]
    if relay.parameters:
        file = parameters_of("fault_relay")
        nodes.append(launch_node("fault_relay", [file, everywhere | relay.parameters], **common))
    if simulated:
        overrides = {**everywhere, **(of_simulator or {})}
        overrides |= {"wait_for_controller": True, "exit_at_end": True}
        if overrides.pop("use_sim_time", False):  # the simulator is the source of the time
            overrides["clock"] = True
        if switch(settings, "record"):
            overrides["wait_for_listeners"] = [f"{controller}/tick", f"{controller}/spikes"]
        elif relay.triggers:
            overrides["wait_for_listeners"] = relay.triggers
        if neighbour:
            overrides["room_seed"] = 0  # a drift that the simulators of both share
        if settings["seed"]:
            overrides["seed"] = _whole(settings, "seed")
        simulator = NODES[controller].simulator
        file = parameters_of(simulator, settings["sim_params_file"])
        nodes.append(
            launch_node(
                simulator,
                [file, overrides],
                ends_all=True,
                remappings=relay.of_vehicle,
                **common,
            )
        )
    if switch(settings, "record"):
        nodes.append(recorder(settings, namespace, everywhere, common))
    return nodes


def namespace_of(settings: Mapping[str, str], argument: str = "namespace") -> str:
    """Return the namespace in a launch argument without slashes at its ends; empty: none.

    Raises:
        ConfigError: a node cannot have this namespace.
    """
    namespace = settings.get(argument, "").strip("/")
    if namespace and not _NAMESPACE.fullmatch(namespace):
        raise ConfigError(
            f"{argument}:={settings[argument]}: expected names of letters, digits and _, as in "
            "blimp_1 or fleet/blimp_1"
        )
    return namespace


def neighbour_of(settings: Mapping[str, str], namespace: str) -> str:
    """Return the namespace of the neighbour of a launch; empty: none.

    Raises:
        ConfigError: it is `namespace`, that of the blimp itself, or no namespace.
    """
    neighbour = namespace_of(settings, "neighbour")
    if neighbour and neighbour == namespace:
        raise ConfigError(f"neighbour:={settings['neighbour']}: name another blimp than itself")
    return neighbour


def shared(settings: Mapping[str, str], namespace: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the parameters and arguments of `launch_node` that are common to all nodes.

    Raises:
        ConfigError: a switch or the log level is invalid.
    """
    if settings["log_level"] not in LEVELS:
        raise ConfigError(
            f"log_level:={settings['log_level']}: expected one of {', '.join(LEVELS)}"
        )
    everywhere: dict[str, Any] = {"autostart": switch(settings, "autostart")}
    if namespace:  # distinguishes several vehicles on one bus in diagnostics
        everywhere["diagnostic_updater.use_fqn"] = True
    if switch(settings, "use_sim_time"):
        everywhere["use_sim_time"] = True
    return everywhere, {"namespace": namespace, "log_level": settings["log_level"]}


def recorder(
    settings: Mapping[str, str],
    namespace: str,
    everywhere: Mapping[str, Any],
    common: Mapping[str, Any],
) -> Any:
    """Return the recorder of a launch.

    Args:
        settings: value of each launch argument.
        namespace: namespace of the launch; part of the default name of the bag.
        everywhere: parameters of all nodes, from `shared`.
        common: arguments of `launch_node`, from `shared`.
    """
    date = time.strftime("%Y%m%d-%H%M%S")
    bag = settings["bag"] or "-".join(filter(None, ("bag", namespace.replace("/", "-"), date)))
    overrides = {**everywhere, "bag": str(Path(bag).absolute())}
    return launch_node("recorder", [parameters_of("recorder"), overrides], **common)


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
        node: name of the node.
        parameters: files and dictionaries; later ones override earlier ones.
        namespace: namespace of the node.
        log_level: one of `LEVELS`.
        respawn: True to restart the node if it dies, at most `RESPAWNS` times.
        ends_all: True if the launch ends with the last such node.
        remappings: pairs of topic names, in the node and on the bus.
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
        on_exit=OpaqueFunction(function=_end_with_last_simulator) if ends_all else None,
    )


def _end_with_last_simulator(context: Any) -> list[Any]:
    from launch.actions import Shutdown

    left = _count_simulators(context, -1)
    return [] if left else [Shutdown(reason="all simulators have ended")]


def _count_simulators(context: Any, change: int) -> int:
    """Change the number of running simulators of a launch, and return it."""
    name = "snn_control_simulators"
    number = int(context.get_locals_as_dict().get(name, 0)) + change
    context.extend_globals({name: number})
    return number


def values(context: Any, arguments: Mapping[str, Any] = ARGUMENTS) -> dict[str, str]:
    """Return the value of each argument in a launch context."""
    return {name: context.launch_configurations.get(name, "") for name in arguments}


def switch(settings: Mapping[str, str], name: str, default: bool = False) -> bool:
    """Return a boolean argument; an empty value means the default.

    Raises:
        ConfigError: the value is neither true nor false.
    """
    value = settings[name].strip().lower()
    if value in ("true", "1", "false", "0"):
        return value in ("true", "1")
    if value:
        raise ConfigError(f"{name}:={settings[name]}: expected true or false")
    return default


def _whole(settings: Mapping[str, str], name: str) -> int:
    try:
        return int(settings[name])
    except ValueError as exc:
        raise ConfigError(f"{name}:={settings[name]}: expected a whole number") from exc
