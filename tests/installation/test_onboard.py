"""Processes of an onboard installation: refusals name the command that installs a package."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.installation import onboard
from tests.ros.conftest import NEEDS_ROS

WRONG_USE = 2


def run(
    folder: Path, *arguments: str, without: set[str] | None = None
) -> subprocess.CompletedProcess[str]:
    environment = onboard.environment(folder / "hide", without=without)
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment, capture_output=True, text=True, cwd=folder, timeout=60,
    )  # fmt: skip


def test_each_requirement_is_pinned() -> None:
    lines = onboard.REQUIREMENTS.read_text("utf-8").splitlines()
    pins = [line for line in lines if line[0] != "#"]
    assert all(re.fullmatch(r"[\w-]+==[\d.]+", pin) for pin in pins)
    assert onboard.onboard() == {"numpy", "pyyaml", "rich", "safetensors", "tyro"}


def test_large_packages_are_hidden() -> None:
    assert onboard.hidden() >= {"numba", "scipy", "torch", "mujoco", "gymnasium", "deap"}
    assert not onboard.hidden() & {"numpy", "rclpy", "yaml", "sensor_msgs"}


@pytest.mark.parametrize("words", [("--help",), ("info",), ("list", "models"), ("cite",)])
def test_verbs_without_a_computation_work(words: tuple[str, ...], tmp_path: Path) -> None:
    done = run(tmp_path, "-m", "snn_control", *words)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (("play", "pid"), "gymnasium is not installed: pip install \"gymnasium[mujoco]"),
        (("evolve", "blimp-demo"), "gymnasium is not installed: pip install \"gymnasium[mujoco]"),
        (("bench",), "is not installed: pip install "),
    ],
)  # fmt: skip
def test_other_verbs_name_the_missing_package(
    words: tuple[str, ...], command: str, tmp_path: Path
) -> None:
    done = run(tmp_path, "-m", "snn_control", *words)
    assert done.returncode == WRONG_USE, done.stderr
    assert command in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_model_names_the_package_of_its_engine(tmp_path: Path) -> None:
    code = (
        "import snn_control; from snn_control.errors import MissingExtraError\n"
        "for name in ('blimp-altitude', 'swimmer-spiking'):\n"
        "    try: snn_control.load(name)\n"
        "    except MissingExtraError as error: print(error)\n"
        "print(snn_control.load('pid').control_period_s)"
    )
    done = run(tmp_path, "-c", code)
    assert done.stdout == 2 * 'numba is not installed: pip install "numba>=0.61"\n' + "0.1\n"


def test_numba_alone_is_enough_for_a_model(tmp_path: Path) -> None:
    code = (
        "import numpy, snn_control\n"
        "for name in ('blimp-altitude', 'swimmer-spiking'):\n"
        "    controller = snn_control.load(name)\n"
        "    print(controller.step(numpy.zeros(len(controller.observation_names))).shape)"
    )
    done = run(tmp_path, "-c", code, without=onboard.hidden() - {"numba", "llvmlite"})
    assert done.stdout == "(1,)\n(5,)\n", done.stderr


def test_a_broken_package_is_not_reported_as_missing(tmp_path: Path) -> None:
    """Part of a package that is missing, as of an rclpy for another Python."""
    without = {"rclpy.impl.implementation_singleton"}
    done = run(tmp_path, "-m", "snn_control.ros.pid_controller", without=without)
    assert done.returncode == 1
    assert "rclpy.impl.implementation_singleton" in done.stderr
    assert "pip install" not in done.stderr


@pytest.mark.parametrize("node", ["blimp_simulator", "swimmer_simulator", "place_recognizer"])
def test_other_nodes_name_the_missing_package(node: str, tmp_path: Path) -> None:
    pytest.importorskip("rclpy", reason=NEEDS_ROS)
    done = run(tmp_path, "-m", f"snn_control.ros.{node}")
    assert done.returncode == WRONG_USE, done.stderr
    assert re.fullmatch(r'cannot start: \w+ is not installed: pip install "\S+"\n', done.stderr)


def test_a_node_without_ros_names_the_extra(tmp_path: Path) -> None:
    done = run(tmp_path, "-m", "snn_control.ros.pid_controller", without={"rclpy", "sensor_msgs"})
    assert done.returncode == WRONG_USE
    assert 'pip install "snn_control[ros]" (Linux x86_64), or source ROS 2' in done.stderr


def test_another_missing_module_is_no_requirement(tmp_path: Path) -> None:
    words = ("eval", "pid", "--environment", "no_such_module:Env-v0")
    done = subprocess.run(
        [sys.executable, "-m", "snn_control", *words], capture_output=True, text=True, cwd=tmp_path
    )
    assert "is not installed" not in done.stderr
