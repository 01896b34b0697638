"""Pages: width, links, paths, verbs, options, environments, configurations, Python blocks."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import snn_control.envs
from snn_control.cli.main import main
from snn_control.cli.registry import VERBS
from snn_control.envs.blimp.presets import PRESETS
from snn_control.envs.route.body import can_draw
from snn_control.studies import read_study
from snn_control.studies.study import METHOD
from snn_control.training.optimisation import optimisation_config
from tests.docs.pages import DOCS, PAGES, blocks, commands, page_id, without_blocks
from tests.needs import NEEDS_RENDERER
from tests.paths import ROOT

TOP = {path.name for path in ROOT.iterdir()} - {"runs", "exports"}
"""Entries of the checkout, without the folders that commands of the pages write."""
WIDTH = 120
GUIDES_WITH_FILES = {
    "docs/how-to/drive_motors.md",
    "docs/tutorials/onboard.md",
    "docs/tutorials/own_controller.md",
    "docs/tutorials/own_robot.md",
    "docs/tutorials/own_system.md",
}
"""Pages whose blocks are files; they have their own tests."""
NEEDS_A_BAG = {"docs/how-to/record_and_replay.md"}
"""Pages whose blocks read a recorded flight; tested with the flight in tests/ros/bus."""
ROUTE = ("README.md", "docs/tutorials/places.md", "docs/explanation/route.md")
"""Pages whose blocks draw images."""
PRELUDES = {
    "docs/explanation/place_recognition.md": (
        "import numpy as np\n"
        "draw = np.random.default_rng(0)\n"
        "summer = draw.integers(0, 256, (600, 28, 28), dtype=np.uint8)\n"
        "winter = (0.8 * summer + draw.integers(0, 50, summer.shape)).astype(np.uint8)\n"
        "image, other = winter[550], draw.integers(0, 256, (28, 28), dtype=np.uint8)\n"
    ),
    "docs/reference/models.md": (
        "import snn_control\nfrom pathlib import Path\nfrom snn_control.network import Network\n"
    ),
}
"""Code that defines the data that a page assumes."""
WITH_PYTHON = [
    page
    for page in PAGES
    if blocks(page, "python") and page_id(page) not in GUIDES_WITH_FILES | NEEDS_A_BAG
]


def paths(text: str) -> set[str]:
    """Return the quoted names that start with a folder or a file of the checkout."""
    quoted = [q.strip() for q in re.findall(r"`([^`\n]+)`", text)]
    simple = [q for q in quoted if re.fullmatch(r"[\w./-]+", q) and "-v0" not in q]
    return {q for q in simple if ("/" in q and q.split("/")[0] in TOP) or q in TOP}


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_paths_exist(page: Path) -> None:
    named = paths(page.read_text("utf-8")) - {"build/site"}
    assert not [path for path in named if not (ROOT / path).exists()]


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_links_lead_to_files(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", without_blocks(page.read_text("utf-8")))
    generated = ("api/", "command_line.md", "configurations.md", "environments.md", "project/")
    for target in targets:
        if "://" in target or any(part in target for part in generated):
            continue
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_lines_are_short(page: Path) -> None:
    text = without_blocks(page.read_text("utf-8"))
    wide = [line for line in text.splitlines() if len(line) > WIDTH and not line.startswith("|")]
    assert not wide


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_verbs_exist(page: Path) -> None:
    text = page.read_text("utf-8")
    named = set(re.findall(r"(?:snn-control|python -m snn_control) ([a-z][\w-]*)", text))
    assert named <= VERBS.keys()


def test_every_verb_is_shown() -> None:
    shown = {line.split()[1] for page in PAGES for line in commands(page)}
    text = "\n".join(page.read_text("utf-8") for page in PAGES)
    assert {verb for verb in VERBS if f"snn-control {verb}" in text} == VERBS.keys()
    assert {"evolve", "train", "eval", "compare", "play", "fly", "fit", "study", "check"} <= shown


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)], ids=page_id)
def test_options_are_in_the_help(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for line in commands(page):
        words = line.split()
        named = words[1:3] if words[1] == "study" else words[1:2]
        assert main([*named, "--help"]) == 0
        shown = capsys.readouterr().out
        for option in (word for word in words if word.startswith("--")):
            assert option in shown, line


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_make_targets_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    code = re.findall(r"`([^`\n]+)`", page.read_text("utf-8")) + blocks(page, "sh")
    named = {name for text in code for name in re.findall(r"^make ([a-z]+)", text, re.M)}
    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_environments_exist(page: Path) -> None:
    named = set(re.findall(r"snn_control/\w+-v\d+", page.read_text("utf-8")))
    assert named - {"snn_control/Rail-v0"} <= set(snn_control.envs.environments())


def test_presets_are_listed() -> None:
    text = (DOCS / "how-to" / "evaluate.md").read_text("utf-8")
    assert all(f"`{preset}`" in text for preset in PRESETS)


def test_configurations_are_read() -> None:
    read = 0
    for page in PAGES:
        for block in blocks(page, "yaml"):
            content = yaml.safe_load(block)
            if content.get("method") == METHOD:
                read_study(content, page.name)
            elif "method" in content and content.get("system") != "rail":
                optimisation_config(content, page.name)
                read += 1
    assert read > 0


def test_the_configuration_of_the_tutorial_ships() -> None:
    (block,) = blocks(DOCS / "tutorials" / "evolve.md", "yaml")
    shipped = (ROOT / "configs" / "blimp-demo.yaml").read_text("utf-8")
    assert yaml.safe_load(block) == yaml.safe_load(shipped)


@pytest.mark.parametrize("page", WITH_PYTHON, ids=page_id)
def test_python_blocks_run(page: Path, tmp_path: Path) -> None:
    if page_id(page) in ROUTE and not can_draw():
        pytest.skip(NEEDS_RENDERER)
    prelude = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n" + PRELUDES.get(page_id(page), "")
    code = "\n".join([prelude, *blocks(page, "python")])
    command = [sys.executable, "-W", "error::RuntimeWarning", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
