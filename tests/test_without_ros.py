"""Import and operation of all parts except the nodes without ROS."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.paths import ROOT
from tests.without_ros import ROS

IMPORT_ALL = """
import importlib, sys
from tests.without_ros import ROS, block
block()
from tests.test_imports import sources
modules = {".".join(n for n in name if n != "__init__") for name in sources().values()}
modules = {m for m in modules if m != "__main__" and m.split(".")[0] != "ros"}
for name in sorted(modules):
    importlib.import_module(f"snn_control.{name}".rstrip("."))
assert len(modules) > 200
assert not [name for name in sys.modules if name.startswith("snn_control.ros")]
print(*(name for name in sys.modules if ROS.match(name)))
"""


def run(*arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "name",
    ["rclpy", "rclpy.node", "sensor_msgs.msg", "std_msgs", "std_srvs.srv", "geometry_msgs",
     "nav_msgs.msg", "diagnostic_msgs", "lifecycle_msgs.msg", "rcl_interfaces.msg",
     "rosgraph_msgs", "trajectory_msgs", "builtin_interfaces", "type_description_interfaces"],
)  # fmt: skip
def test_pattern_matches_packages_of_ros(name: str) -> None:
    assert ROS.match(name)
    assert not ROS.match(f"snn_control.{name}")


def test_block_prevents_imports_of_ros() -> None:
    program = "from tests.without_ros import block; block(); import rclpy"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, cwd=ROOT)
    assert b"ROS is absent here" in done.stderr


def test_all_modules_except_nodes_import_without_ros() -> None:
    assert run("-c", IMPORT_ALL).strip() == ""


def test_loops_run_without_ros() -> None:
    """Run a selection of the tests; `pytest -p tests.without_ros tests/loops` runs all."""
    names = ("blimp/test_call_path.py", "swimmer/test_call_path.py", "place/test_inputs.py")
    chosen = [f"tests/loops/{name}" for name in names]
    output = run("-m", "pytest", "-p", "tests.without_ros", "-p", "no:cacheprovider", *chosen)
    assert "skipped" not in output
