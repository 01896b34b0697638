"""Launch files and parameter files: loaded, compared with the nodes, and launched."""

from __future__ import annotations

import ast
import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from snn_control.errors import ConfigError, UnknownNameError
from snn_control.ros.base.parameter_files import check_parameter_file
from snn_control.ros.bus.processes import Nodes, local_bus
from snn_control.ros.faults.launching import relay_of
from snn_control.ros.launching import (
    ARGUMENTS,
    MARKER,
    NODES,
    RESPAWN_DELAY_S,
    how_to_start,
    parameters_of,
    refuse_unknown,
    vehicle_nodes,
)
from snn_control.ros.place import launching as place_launching
from snn_control.ros.place.launching import recogniser_nodes
from tests.paths import ROOT
from tests.ros.conftest import NEEDS_ROS

if TYPE_CHECKING:
    from tests.ros.peer import Peer

LAUNCH = sorted((ROOT / "launch").glob("*.launch.py"))
PLACES = ROOT / "launch" / "place_recognizer.launch.py"
VEHICLES = [path for path in LAUNCH if path != PLACES]
NEEDS_LAUNCH = "needs launch_ros: source ROS 2 Jazzy"
LAUNCH_PROGRAM = """
import sys
from launch.launch_description import LaunchDescription
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.launch_service import LaunchService
service = LaunchService(argv=sys.argv[2:])
source = PythonLaunchDescriptionSource(sys.argv[1])
pairs = [argument.split(":=", 1) for argument in sys.argv[2:]]
service.include_launch_description(
    LaunchDescription([IncludeLaunchDescription(source, launch_arguments=pairs)])
)
sys.exit(service.run())
"""
"""Equivalent of `ros2 launch FILE NAME:=VALUE`."""
INCLUDING = """
from launch.actions import IncludeLaunchDescription
from launch.launch_description import LaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
def generate_launch_description():
    return LaunchDescription([IncludeLaunchDescription(PythonLaunchDescriptionSource({path!r}))])
"""
"""Launch file that includes another one."""
EPISODE_S = 3.0


def settings(**arguments: str) -> dict[str, str]:
    return {name: default for name, (default, _) in ARGUMENTS.items()} | arguments


# Start of a node.


def prefix_with(folder: Path, *executables: str) -> Path:
    """Return an ament prefix that contains the package."""
    (folder / MARKER).parent.mkdir(parents=True)
    (folder / MARKER).touch()
    (folder / "lib" / "snn_control").mkdir(parents=True)
    for name in executables:
        (folder / "lib" / "snn_control" / name).touch(0o755)
    return folder


def test_an_executable_of_the_index_is_used(tmp_path: Path) -> None:
    other, ours = tmp_path / "other", prefix_with(tmp_path / "ours", "recorder")
    path = {"AMENT_PREFIX_PATH": f"{other}{os.pathsep}{ours}"}
    assert how_to_start("recorder", path) == {"package": "snn_control", "executable": "recorder"}


@pytest.mark.parametrize("indexed", [False, True])
def test_without_an_executable_this_python_runs_the_module(tmp_path: Path, indexed: bool) -> None:
    path = {"AMENT_PREFIX_PATH": str(prefix_with(tmp_path / "ours"))} if indexed else {}
    start = how_to_start("recorder", path)
    done = subprocess.run(
        [start["executable"], *start["arguments"][:1], "pydoc", start["arguments"][1]],
        capture_output=True, text=True,
    )  # fmt: skip
    assert start["executable"] == sys.executable
    assert start["exec_name"] == "recorder"
    assert start["arguments"] == ["-m", "snn_control.ros.recorder"]
    assert done.returncode == 0


def test_unknown_nodes_and_files_are_errors() -> None:
    with pytest.raises(UnknownNameError, match="recorder"):
        how_to_start("recoder", {})
    with pytest.raises(ConfigError, match=r"no\.yaml does not exist"):
        parameters_of("recorder", "no.yaml")


def test_launching_needs_neither_rclpy_nor_launch() -> None:
    program = (
        "import sys, snn_control.ros.launching;"
        "print([m for m in ('rclpy', 'launch', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout.strip() == "[]"


# Parameter files.


@pytest.mark.parametrize("node", NODES)
def test_a_parameter_file_equals_the_defaults_of_the_node(node: str) -> None:
    """Comparison of keys and values with the fields, and of the text with that of the command."""
    pytest.importorskip("rclpy", reason=NEEDS_ROS)
    from snn_control.ros import describe, tables
    from snn_control.ros.base.node_config import NodeConfig

    path = parameters_of(node)
    remedy = "python -m snn_control.ros.describe --write"
    assert path.read_text("utf-8") == describe.parameter_file(node), remedy
    content = yaml.safe_load(path.read_text("utf-8"))
    assert list(content) == ["/**"]
    values = content["/**"]["ros__parameters"]
    left: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
    kinds: list[type[Any]] = [NodeConfig, tables.NODES[node]]
    for kind in kinds:
        assert kind(**{f.name: left.pop(f.name) for f in dataclasses.fields(kind)}) == kind()
    assert not left


@pytest.mark.parametrize("node", NODES)
def test_a_node_reads_its_parameter_file_in_a_namespace(
    node: str, nodes: Nodes, make_peer: Callable[..., Peer], tmp_path: Path
) -> None:
    changed = yaml.safe_load(parameters_of(node).read_text("utf-8"))
    changed["/**"]["ros__parameters"] |= {"hardware_id": "blimp 7"}
    path = tmp_path / "changed.yaml"
    path.write_text(yaml.safe_dump(changed), "utf-8")
    peer = make_peer(node, namespace="/blimp_1", topics=False)
    nodes.start_with(path, node, "blimp_1")
    peer.until(
        lambda: any(s.name == f"{node}: node" for _, a in peer.diagnostics for s in a.status)
    )
    of_node = [s for _, a in peer.diagnostics for s in a.status if s.name == f"{node}: node"]
    assert of_node[-1].level == b"\x00", of_node[-1].message
    assert of_node[-1].hardware_id == "blimp 7"


def test_lists_of_launch_ros_are_accepted(tmp_path: Path) -> None:
    """File as launch_ros 0.26.6 writes it, by `yaml.dump` of tuples."""
    path = tmp_path / "launch_params_x"
    parameters = {"wait_for_listeners": ("pid_controller/tick", "pid_controller/spikes")}
    path.write_text(yaml.dump({"/**": {"ros__parameters": parameters}}), "utf-8")
    assert "!!python/tuple" in path.read_text("utf-8")
    check_parameter_file(path)


# Launch files.


@pytest.mark.parametrize("path", LAUNCH, ids=lambda p: p.name)
def test_a_launch_file_shows_its_command(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    text = ast.get_docstring(tree) or ""
    assert f"ros2 launch snn_control {path.name}" in text
    assert [n.name for n in tree.body if isinstance(n, ast.FunctionDef)] == [
        "generate_launch_description"
    ]


@pytest.mark.parametrize(
    ("head", "arguments"),
    [("argument", ARGUMENTS), ("argument of places", place_launching.ARGUMENTS)],
)
def test_the_guide_lists_the_arguments(head: str, arguments: dict[str, tuple[str, str]]) -> None:
    lines = (ROOT / "docs" / "how-to" / "ros2_install.md").read_text("utf-8").splitlines()
    start = lines.index(f"| {head} | default | meaning |") + 2
    for line, (name, (default, meaning)) in zip(lines[start:], arguments.items(), strict=False):
        assert line == f"| `{name}` | {f'`{default}`' if default else '-'} | {meaning} |"
    assert not lines[start + len(arguments)]


@pytest.mark.parametrize("path", VEHICLES, ids=lambda p: p.name)
def test_launch_arguments(path: Path) -> None:
    pytest.importorskip("launch_ros", reason=NEEDS_LAUNCH)
    from launch.launch_context import LaunchContext
    from launch.launch_description_sources import PythonLaunchDescriptionSource

    source = PythonLaunchDescriptionSource(str(path))
    description = source.get_launch_description(LaunchContext())
    names = {a.name for a in description.get_launch_arguments()}
    required = {"sim", "params_file", "record", "autostart", "log_level", "respawn"}
    if path.name != "two_blimps.launch.py":
        required |= {"namespace", "use_sim_time"}
    assert required <= names <= set(ARGUMENTS)
    assert ("model" in names) == (path.name != "pid_baseline.launch.py")
    alone = ("swimmer", "corridor", "two_blimps")
    assert ("neighbour" in names) == (not path.name.startswith(alone))


def test_the_place_recogniser_is_launched_with_a_camera(tmp_path: Path) -> None:
    pytest.importorskip("launch_ros", reason=NEEDS_LAUNCH)
    from launch.launch_context import LaunchContext
    from launch.launch_description_sources import PythonLaunchDescriptionSource

    source = PythonLaunchDescriptionSource(str(PLACES))
    description = source.get_launch_description(LaunchContext())
    assert {a.name for a in description.get_launch_arguments()} == set(place_launching.ARGUMENTS)
    arguments = {name: default for name, (default, _) in place_launching.ARGUMENTS.items()}
    assert len(recogniser_nodes(arguments)) == 1
    changed = {"image": "/camera/image_raw", "map": "yard", "record": "true"}
    assert len(recogniser_nodes(arguments | changed)) == 2
    with pytest.raises(ConfigError, match="respawn:=maybe"):
        recogniser_nodes(arguments | {"respawn": "maybe"})


def test_faults_place_the_relay_between_the_nodes() -> None:
    relay = relay_of("blimp", "lidar")
    assert relay.parameters == {
        "system": "blimp",
        "faults_file": str(ROOT / "configs" / "faults" / "lidar.yaml"),
    }
    assert relay.triggers == ["faulty/range"]
    assert ("range", "faulty/range") in relay.of_controller
    assert relay.of_vehicle == [("motor_command", "faulty/motor_command")]
    assert relay_of("blimp", "") == ({}, [], [], [])
    with pytest.raises(UnknownNameError, match="Did you mean: `lidar`"):
        relay_of("blimp", "lidra")
    with pytest.raises(ConfigError, match=r"lidar\.yaml: unknown channel 'range'"):
        relay_of("swimmer", "lidar")


def test_a_launch_with_faults_has_a_relay() -> None:
    pytest.importorskip("launch_ros", reason=NEEDS_LAUNCH)
    assert len(vehicle_nodes("altitude_controller", settings(sim="true"), {"senses": True})) == 2
    with_faults = settings(sim="true", record="true", faults="blimp")
    assert len(vehicle_nodes("altitude_controller", with_faults, {"senses": True})) == 4


def test_a_respawn_has_a_delay() -> None:
    """Without a delay a launch whose node dies at the start does not end."""
    pytest.importorskip("launch_ros", reason=NEEDS_LAUNCH)
    (node,) = vehicle_nodes("pid_controller", settings(respawn="true"))
    assert node._ExecuteLocal__respawn is True
    assert node._ExecuteLocal__respawn_delay == RESPAWN_DELAY_S >= 1.0
    assert node._ExecuteLocal__respawn_max_retries > 0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"sim": "yes"}, "sim:=yes: expected true or false"),
        ({"sim": "true", "seed": "x"}, "seed:=x: expected a whole number"),
        ({"params_file": "no.yaml"}, "does not exist"),
        (
            {"neighbour": "/b", "namespace": "b"},
            "neighbour:=/b: name another blimp than itself",
        ),
        ({"neighbour": "blimp-2"}, "neighbour:=blimp-2: expected names of letters, digits and _"),
    ],
)
def test_wrong_arguments_are_errors(wrong: dict[str, str], message: str) -> None:
    pytest.importorskip("launch_ros", reason=NEEDS_LAUNCH)
    with pytest.raises(ConfigError, match=message):
        vehicle_nodes("altitude_controller", settings(**wrong))


def test_an_unknown_argument_has_a_suggestion() -> None:
    refuse_unknown(["model:=x", "plain", "--debug"], ["model", "sim"])
    with pytest.raises(ConfigError, match=r"argument 'modle'\. Did you mean: `model`"):
        refuse_unknown(["sim:=true", "modle:=x"], ["model", "sim"])


@pytest.fixture
def launched(domain: int, tmp_path: Path) -> Callable[..., Any]:
    """Return a function that launches a file on an isolated bus, as a process group."""
    pytest.importorskip("rclpy", reason=NEEDS_ROS)
    pytest.importorskip("launch_ros", reason=NEEDS_LAUNCH)
    program = tmp_path / "launch_program.py"
    program.write_text(LAUNCH_PROGRAM, "utf-8")
    environment = local_bus(domain) | {"ROS_LOG_DIR": str(tmp_path / "log")}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), environment.get("PYTHONPATH", "")])

    @contextmanager
    def launch(file: str, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], Path]]:
        output = tmp_path / "output.txt"
        with output.open("w") as stream:
            process = subprocess.Popen(
                [sys.executable, str(program), str(ROOT / "launch" / file), *arguments],
                cwd=tmp_path, env=environment, stdout=stream, stderr=subprocess.STDOUT, text=True,
                start_new_session=True,
            )  # fmt: skip
        try:
            yield process, output
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)

    return launch


@pytest.fixture
def short_episode(tmp_path: Path) -> str:
    path = tmp_path / "short.yaml"
    path.write_text(yaml.safe_dump({"/**": {"ros__parameters": {"duration_s": EPISODE_S}}}))
    return f"sim_params_file:={path}"


@pytest.mark.parametrize("file", [path.name for path in VEHICLES])
def test_a_simulated_launch_ends_with_its_last_episode(
    file: str, launched: Callable[..., Any], short_episode: str, tmp_path: Path
) -> None:
    """All processes end automatically, and the bag of each vehicle contains its ticks."""
    pytest.importorskip("rosbags", reason='needs rosbags: pip install "snn_control[logs]"')
    from snn_control.ros.bags.ticks import read_ticks

    with launched(file, "sim:=true", "record:=true", short_episode) as (process, output):
        assert process.wait(60.0) == 0, output.read_text()
        text = output.read_text()
    bags = sorted(tmp_path.glob("bag*"))
    expected = ["bag-blimp_1", "bag-blimp_2"] if file == "two_blimps.launch.py" else ["bag"]
    assert [bag.name.rsplit("-", 2)[0] for bag in bags] == expected, text
    for bag in bags:
        ticks = read_ticks(bag)
        assert ticks.fields["tick"][0] <= 1, text
        assert (ticks.stamp_ns[-1] - ticks.stamp_ns[0]) * 1e-9 > EPISODE_S - 1.0, text
    assert "Traceback" not in text


def test_faults_of_a_launch_reach_the_controller(
    launched: Callable[..., Any], short_episode: str, tmp_path: Path
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("faults: [{channel: range, kind: off, start_s: 1}]", "utf-8")
    words = (f"faults:={path}", "record:=false", short_episode)
    with launched("supervised_blimp.launch.py", *words) as (process, output):
        assert process.wait(60.0) == 0, output.read_text()
    text = output.read_text()
    assert "fault off of range begins" in text
    assert "mode coast" in text
    assert "[ERROR]" not in text


def test_an_interrupted_launch_leaves_no_process(
    launched: Callable[..., Any], make_peer: Callable[..., Peer]
) -> None:
    """A controller without a vehicle waits disarmed and ends with code 0."""
    arguments = ("namespace:=blimp_7", "log_level:=warn", "use_sim_time:=false")
    peer = make_peer("altitude_controller", namespace="/blimp_7")
    with launched("blimp_altitude.launch.py", *arguments) as (process, output):
        peer.until(lambda: peer.modes, 40.0)
        assert peer.modes[-1][1] == "disarmed"
        os.killpg(process.pid, signal.SIGINT)  # to the whole group, like a terminal
        began = time.monotonic()
        assert process.wait(20.0) == 0, output.read_text()
        assert time.monotonic() - began < 5.0
        assert "process has finished cleanly" in output.read_text()
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


@pytest.mark.parametrize("path", LAUNCH, ids=lambda p: p.name)
def test_a_misspelt_argument_ends_the_launch(path: Path, launched: Callable[..., Any]) -> None:
    with launched(path.name, "recrod:=true") as (process, output):
        assert process.wait(timeout=30.0) != 0
    text = output.read_text("utf-8")
    assert "unknown launch argument 'recrod'. Did you mean: `record`?" in text
    assert "process started" not in text


@pytest.mark.parametrize("name", ["mine.launch.py", "pid_baseline.launch.py"])
def test_arguments_of_an_including_file_are_not_refused(
    name: str, launched: Callable[..., Any], tmp_path: Path
) -> None:
    including = tmp_path / name
    including.write_text(INCLUDING.format(path=str(ROOT / "launch" / "pid_baseline.launch.py")))
    with launched(str(including), "recrod:=true", "sim:=nonsense") as (process, output):
        process.wait(timeout=30.0)
    text = output.read_text("utf-8")
    assert "recrod" not in text
    assert "sim:=nonsense: expected true or false" in text
