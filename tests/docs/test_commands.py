"""Commands of the README, the tutorials and the how-to guides, run in order in an empty folder."""

from __future__ import annotations

import shlex
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from snn_control.controllers import PID
from snn_control.envs.route.body import can_draw
from snn_control.export.tools import PACKAGES, missing_packages
from snn_control.training.blimp.system import Blimp
from snn_control.training.environment import make_environment
from snn_control.training.film import can_film
from snn_control.training.rollout import rollout
from tests.docs.guide_package import environment
from tests.docs.pages import DOCS, commands, page_id
from tests.needs import NEEDS_FILM, NEEDS_RL, NEEDS_TEST
from tests.paths import ROOT
from tests.ros.conftest import NEEDS_ROS

PAGES = [
    page
    for page in (
        ROOT / "README.md",
        *sorted((DOCS / "tutorials").glob("*.md")),
        *sorted((DOCS / "how-to").glob("*.md")),
    )
    if commands(page) and not page.name.startswith("own_")
]
HEADER = "time_s,h_ref_m,h_meas_m,u_motor_units\n"


def write_log_of_blimp(path: Path, seed: int) -> None:
    """Write a flight of the PID as a log of the columns that `fit` reads."""
    env = make_environment(Blimp.environment, preset="clean", duration_s=100.0)
    trace = rollout(PID(), env, seed=seed).trace
    columns = (trace[name] for name in ("time_s", "height_ref_m", "range_m", "motor_command"))
    rows = (",".join(f"{value:.6f}" for value in row) for row in zip(*columns, strict=True))
    path.write_text(HEADER + "\n".join(rows) + "\n", "utf-8")


def has_ppo() -> bool:
    """Return True if the packages of the extra [rl] are installed."""
    return all(find_spec(name) for name in ("stable_baselines3", "sb3_contrib"))


def missing_requirement(line: str) -> str:
    """Return why a command cannot run here; empty if it can."""
    words = line.split()
    if words[1] == "fly" and find_spec("rclpy") is None:
        return NEEDS_ROS
    if "--cores" in words and (packages := missing_packages([*PACKAGES])):
        return f"needs {' '.join(packages)}: apt install"
    if words[1:3] in (["train", "swimmer"], ["train", "cartpole"]) and not has_ppo():
        return NEEDS_RL
    targets = {"nir", "onnx"}.intersection(words) if words[1] == "export" else ()
    if not all(map(find_spec, targets)):
        return NEEDS_TEST
    draws = words[1] == "play" and not can_film()
    draws |= words[1:3] == ["study", "place"] and not can_draw()
    return NEEDS_FILM if draws else ""


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_commands_run_in_order(page: Path, tmp_path: Path) -> None:
    for seed, day in enumerate(("monday", "tuesday"), start=1):
        write_log_of_blimp(tmp_path / f"{day}.csv", seed)
    missing = []
    for line in commands(page):
        if reason := missing_requirement(line):
            missing.append(f"{line}: {reason}")
            continue
        done = subprocess.run(
            [sys.executable, "-m", "snn_control", *shlex.split(line)[1:]],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment(tmp_path),
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    if missing:
        pytest.skip("; ".join(missing))
