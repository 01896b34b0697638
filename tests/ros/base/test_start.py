"""Starts that rclpy refuses: exit code 2 at once, with the reason as the last line."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from snn_control.errors import ConfigError, StartError
from snn_control.ros import exit_codes
from snn_control.ros.base.signals import ending_signals
from snn_control.ros.bus.domains import free_domain
from snn_control.ros.bus.processes import Nodes, local_bus
from snn_control.ros.exit_codes import UNUSABLE
from snn_control.ros.launching import ARGUMENTS, namespace_of, parameters_of, shared
from snn_control.ros.nodes import NODES
from snn_control.ros.place.launching import recogniser_nodes
from tests.paths import ROOT
from tests.ros.conftest import NEEDS_ROS

NAMES = [node.name for node in NODES]
UNSET = ""
FOLDER = "set HOME or ROS_LOG_DIR"
DOMAIN = "expected a whole number from 0 to 232"
NAMESPACE = "as in /blimp_1, without a slash at its end"
ENVIRONMENTS: list[tuple[dict[str, str], str]] = [
    ({"HOME": UNSET}, FOLDER),
    ({"HOME": "/proc"}, FOLDER),
    ({"ROS_LOG_DIR": "/proc/log"}, FOLDER),
    ({"ROS_DOMAIN_ID": "abc"}, DOMAIN),
    ({"ROS_DOMAIN_ID": "500"}, DOMAIN),
    ({"ROS_DOMAIN_ID": "-1"}, DOMAIN),
]
WORDS: list[tuple[list[str], str]] = [
    (["-r", "__ns:=/a-b"], NAMESPACE),
    (["-r", "__ns:=/a/"], NAMESPACE),
    (["-r", "__ns:=a"], NAMESPACE),
    (["-r", "__node:=a-b"], "a node name is made of"),
    (["--log-level", "loud"], "expected debug, info"),
    (["-r", "range to lidar"], "expected FROM:=TO"),
    (["-p", "hold_s"], "expected NAME:=VALUE"),
    (["-p", "use_sim_time:=5"], "use_sim_time"),
    (["-p", "diagnostic_updater.period:=slow"], "diagnostic_updater.period"),
    (["--params-file", "/no/such.yaml"], "name a readable YAML file"),
    (["--params-file", "FOLDER"], "name a readable YAML file"),
    (["--params-file", "broken"], "broken.yaml: line 1: not YAML"),
    (["--params-file", "twice"], "twice.yaml: line 4: key 'bag' appears twice"),
    (["--params-file", "nan"], "nan.yaml: bag (line 3): .nan is not finite"),
    (["--nonsense"], "unknown arguments"),
]
FILES = {
    "broken": "/**: {ros__parameters: [unclosed",
    "twice": "/**:\n  ros__parameters:\n    bag: a\n    bag: b\n",
    "nan": "/**:\n  ros__parameters:\n    bag: .nan\n",
}
"""Parameter files that cannot be used."""
CASES = [*((e, [], m) for e, m in ENVIRONMENTS), *(({}, words, m) for words, m in WORDS)]


def start(
    node: str, environment: dict[str, str], words: list[str], folder: Path
) -> tuple[int, str, float]:
    """Return exit code, last line of stderr and duration of a node."""
    paths = {"FOLDER": str(folder)}
    for name, text in FILES.items():
        paths[name] = str(folder / f"{name}.yaml")
        Path(paths[name]).write_text(text, "utf-8")
    used = {**local_bus(1), **environment}
    command = [sys.executable, "-m", f"snn_control.ros.{node}", "--ros-args", *words]
    began = time.monotonic()
    done = subprocess.run(
        [paths.get(word, word) for word in command],
        cwd=ROOT, env={name: value for name, value in used.items() if value is not UNSET},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=30.0,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr.strip().splitlines()[-1], time.monotonic() - began


def check_refused(
    node: str, environment: dict[str, str], words: list[str], message: str, folder: Path
) -> None:
    code, line, _ = start(node, environment, words, folder)
    assert code == UNUSABLE, line
    assert line.startswith("cannot start: ")
    assert message in line


@pytest.mark.parametrize("beside_a_file", [True, False])
def test_an_unusable_start_has_its_reason(beside_a_file: bool, tmp_path: Path) -> None:
    pytest.importorskip("rclpy", reason=NEEDS_ROS)
    file = ["--params-file", str(parameters_of("recorder"))] if beside_a_file else []
    cases = CASES if beside_a_file else CASES[::3]
    with ThreadPoolExecutor(2) as pool:
        futures = [
            pool.submit(check_refused, "recorder", env, [*words, *file], message, tmp_path)
            for env, words, message in cases
        ]
    for future in futures:
        future.result()


def test_every_node_refuses_an_unusable_start(tmp_path: Path) -> None:
    """Refusals of rclpy at its initialisation and, of every second node, at its creation."""
    pytest.importorskip("rclpy", reason=NEEDS_ROS)
    slash = ["-r", "__ns:=/a/"]
    with ThreadPoolExecutor(2) as pool:
        futures = []
        for k, node in enumerate(NAMES):
            file = ["--params-file", str(parameters_of(node))]
            environment = {} if k % 2 else {"HOME": UNSET}
            words, message = ([*slash, *file], NAMESPACE) if k % 2 else (file, FOLDER)
            futures.append(pool.submit(check_refused, node, environment, words, message, tmp_path))
    for future in futures:
        future.result()


def test_a_node_without_a_home_writes_its_log_elsewhere(tmp_path: Path) -> None:
    pytest.importorskip("rclpy", reason=NEEDS_ROS)
    environment = local_bus(free_domain()) | {"ROS_LOG_DIR": str(tmp_path / "log")}
    del environment["HOME"]
    with Nodes(tmp_path / "nodes", environment) as nodes:
        nodes.start("pid_controller", {})
        end_s = time.monotonic() + 20.0
        while "mode disarmed" not in nodes.log("pid_controller"):
            nodes.watch(0.05)
            assert time.monotonic() < end_s
        process = nodes.running["pid_controller"]
        process.send_signal(signal.SIGINT)
        assert process.wait(5.0) == 0
    assert list((tmp_path / "log").iterdir())


@pytest.mark.parametrize(
    ("environment", "words", "message"),
    [({"HOME": UNSET}, ["--sim"], FOLDER), ({"ROS_DOMAIN_ID": "abc"}, [], DOMAIN)],
)
def test_the_verb_ends_at_once_if_its_nodes_cannot_start(
    environment: dict[str, str], words: list[str], message: str, tmp_path: Path
) -> None:
    pytest.importorskip("rosbags", reason='needs rosbags: pip install "snn_control[logs]"')
    used = {**os.environ, **environment}
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "snn_control", "fly", "pid", *words, "--out", str(tmp_path / "run")],
        cwd=ROOT, env={name: value for name, value in used.items() if value is not UNSET},
        capture_output=True, text=True, timeout=60.0,
    )  # fmt: skip
    assert done.returncode == UNUSABLE, done.stderr
    [line] = done.stderr.splitlines()
    assert "cannot start: " in line
    assert message in line
    assert time.monotonic() - began < 15.0


def test_a_node_that_cannot_start_is_a_start_error(tmp_path: Path) -> None:
    pytest.importorskip("rclpy", reason=NEEDS_ROS)
    with Nodes(tmp_path, local_bus(free_domain())) as nodes:
        nodes.start("recorder", {}, namespace="a-b")
        with pytest.raises(StartError, match=r"a-b-recorder: cannot start: .*blimp_1"):
            nodes.watch(10.0)


def settings(**arguments: str) -> dict[str, str]:
    return {name: default for name, (default, _) in ARGUMENTS.items()} | arguments


@pytest.mark.parametrize("namespace", ["", "/", "blimp_1", "/blimp_1/", "fleet/blimp_1"])
def test_namespaces_of_launches(namespace: str) -> None:
    assert namespace_of(settings(namespace=namespace)) == namespace.strip("/")


@pytest.mark.parametrize("namespace", ["a-b", "/a b", "fleet//one", "1st", "a.b", "ü"])
def test_a_launch_refuses_namespaces_that_no_node_can_have(namespace: str) -> None:
    with pytest.raises(ConfigError, match=r"namespace:=.*: expected names of letters"):
        namespace_of(settings(namespace=namespace))
    with pytest.raises(ConfigError, match="namespace"):
        recogniser_nodes({"namespace": namespace})


def test_a_launch_refuses_unknown_log_levels() -> None:
    with pytest.raises(ConfigError, match="log_level:=loud: expected one of debug"):
        shared(settings(log_level="loud"), "")


def test_exit_codes_of_the_table() -> None:
    text = (ROOT / "docs" / "reference" / "ros2" / "exit_codes.md").read_text("utf-8")
    table = text.split("## Exit codes")[1].split("\n## ")[0]
    first = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")]
    codes = {name: getattr(exit_codes, name) for name in exit_codes.__all__ if name[-2:] != "_S"}
    interrupted = f"{codes.pop('INTERRUPTED')} + number of the signal"
    assert first == ["code", "0", *map(str, sorted(codes.values())), interrupted]


def test_signals_of_the_table() -> None:
    text = (ROOT / "docs" / "reference" / "ros2" / "exit_codes.md").read_text("utf-8")
    named = set(re.findall(r"SIG[A-Z0-9]+", text.split("## Signals")[1].split("\n\n")[0]))
    handled = {n for n in ending_signals() if n < signal.SIGRTMIN}
    assert named == {signal.Signals(number).name for number in handled}
