"""Tutorial on your own controller: its file run, evaluated beside the PID and run on the bus."""

import json
import re
import subprocess
import sys

import pytest

from tests.docs.guide_package import TUTORIALS, environment, run_commands, write_files
from tests.ros.conftest import NEEDS_ROS

PAGE = TUTORIALS / "own_controller.md"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("own_controller")
    write_files(PAGE, path)
    done = subprocess.run(
        [sys.executable, "height_pid.py"],
        capture_output=True,
        text=True,
        cwd=path,
        env=environment(path),
    )
    assert done.stdout == "height_pid.json\n", done.stderr
    return path


def test_it_holds_the_height_within_some_centimetres(folder):
    ((line, output),) = run_commands(folder, PAGE.name, 2).items()
    assert line == "snn-control eval ./height_pid.json --episodes 3"
    hold_cm, pid_cm = re.findall(r"RMSE while holding, cm\W+([\d.]+) ±[^│]*│\s*([\d.]+)", output)[0]
    assert float(pid_cm) < float(hold_cm) < 2.5 * float(pid_cm)


@pytest.mark.slow
def test_it_runs_on_the_bus_as_in_process(folder):
    pytest.importorskip("rclpy", reason=NEEDS_ROS)
    ((line, output),) = run_commands(folder, PAGE.name, 3).items()
    assert " fly ./height_pid.json --sim" in line
    assert "offline replay: bit-identical" in output
    documents = [json.loads(path.read_text()) for path in folder.glob("runs/own/eval/*.json")]
    errors = {d["controller"]: d["mean"]["hold_rmse_m"] for d in documents}
    assert errors["height_pid"] == pytest.approx(errors["height_pid-in-process"], abs=0.02)
