"""The guide's cart inside a copy of the tree: own folders, and three lines in three registries."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.guide_package import TUTORIALS, environment, write_files
from tests.docs.pages import blocks
from tests.paths import ROOT
from tests.ros.conftest import NEEDS_ROS

PLACES = {
    "rail": "envs.rail.rail",
    "spiking_pd": "controllers.rail.spiking_pd",
    "system": "training.rail.system",
    "adapter": "loops.rail.adapter",
    "vehicle": "ros.rail.vehicle",
    "rail_controller": "ros.rail_controller",
    "rail_simulator": "ros.rail_simulator",
}
"""Modules of the guide, and where they lie in the tree."""
LINE = re.compile(r"# ([a-z_/]+\.py), in ([A-Z]+)\n(.*)\n")


def moved(text: str) -> str:
    """Return the text of a module, with the names of the tree."""
    for name, place in PLACES.items():
        text = re.sub(rf"\bmy_robot\.{name}\b(?!:)", f"snn_control.{place}", text)
    return text.replace("my_robot/Rail-v0", "snn_control/Rail-v0")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the tree, add the folders of the cart and its lines; return the folder of the copy."""
    copy, source = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("source")
    for name in ("snn_control", "envs", "models", "configs"):  # laid out as an installation
        place = copy / "snn_control" / ("" if name == "snn_control" else name)
        shutil.copytree(ROOT / name, place, ignore=shutil.ignore_patterns("__pycache__"))
    for page in ("own_robot.md", "own_system.md"):
        write_files(TUTORIALS / page, source)
    for name, module in PLACES.items():
        path = copy / "snn_control" / module.replace(".", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / "__init__.py").touch()
        text = (source / "my_robot" / f"{name}.py").read_text("utf-8")
        path.with_suffix(".py").write_text(moved(text), "utf-8")
    (copy / "rail.yaml").write_text((source / "rail.yaml").read_text("utf-8"), "utf-8")
    for file, registry, line in lines():
        path = copy / "snn_control" / file.removeprefix("snn_control/")
        text = path.read_text("utf-8")
        head = re.search(rf"^{registry}\b.*[({{]$", text, re.M)
        assert head is not None, file
        path.write_text(f"{text[: head.end()]}\n{line}{text[head.end() :]}", "utf-8")
    return copy


def lines() -> list[tuple[str, str, str]]:
    """Return file, registry and line of each edit that the guide names."""
    matches = [LINE.fullmatch(block) for block in blocks(TUTORIALS / "own_system.md", "python")]
    return [(match[1], match[2], match[3]) for match in matches if match]


def run(tree: Path, words: list[str]) -> str:
    code = f"import sys; from snn_control.cli.main import main; sys.exit(main({words}))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, cwd=tree, env=environment(tree),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_three_lines_are_edited_outside_of_its_folders() -> None:
    assert len(lines()) == 3
    assert max(len(line) for _, _, line in lines()) <= 100
    assert "a system edits three lines of code" in (TUTORIALS / "own_system.md").read_text("utf-8")


def test_the_copy_is_what_runs(tree: Path) -> None:
    code = "import snn_control; print(snn_control.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, cwd=tree, env=environment(tree), check=True,
    )  # fmt: skip
    assert Path(done.stdout.strip()).is_relative_to(tree)


def test_it_is_evolved_evaluated_compared_and_reported(tree: Path) -> None:
    evolved = run(tree, ["evolve", "rail.yaml", "--budget", "3gen", "--out", "runs/r"])
    assert "rail-evolved: stops " in evolved
    run(tree, ["compare", "runs/r", "runs/r/checkpoints/best/model.json", "--episodes", "2"])
    run(tree, ["eval", "runs/r", "--episodes", "2"])
    run(tree, ["report", "runs/r"])


def test_it_is_run_on_the_bus(tree: Path) -> None:
    pytest.importorskip("rclpy", reason=NEEDS_ROS)
    run(tree, ["evolve", "rail.yaml", "--budget", "1gen", "--out", "runs/b", "--no-report"])
    words = ["fly", "runs/b", "--sim", "--duration", "5", "--out", "runs/bus", "--json"]
    summary = json.loads(run(tree, words))
    assert summary["replay_identical"] is True
    assert summary["ticks"] == pytest.approx(100, abs=3)
    assert summary["lost_ticks"] == 0
