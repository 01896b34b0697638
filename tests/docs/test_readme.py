"""README: the answers of its first minute, its length, its picture, the result of its example."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from snn_control.envs.route.body import can_draw
from tests.docs.pages import DOCS, blocks
from tests.needs import NEEDS_RENDERER
from tests.paths import ROOT

README = (ROOT / "README.md").read_text("utf-8")
HEAD = "\n".join(README.splitlines()[:60])
QUESTIONS = {
    "the project": r"^Spiking neural network \(SNN\) controllers for robots:",
    "for which users": r"^For robotics engineers and researchers",
    "why spikes": r"^Choose a spiking controller for ",
    "when not": r"On\san\sordinary\sCPU\schoose\sthe\sPID",
    "error of the spiking network": r"^\| spiking network.*\| \d\.\d+ ± \d",
    "error of the PID": r"^\| PID, tuned \| \d\.\d+ ± \d",
    "error and operations of the int8 twin": r"^\| int8 twin: .*\d+ multiplications \|$",
    "a row where spikes lose": r"fewer operations for the same errors",
    "how to try it": r"^make demo\b",
    "how to put it on a robot": r"^python -m snn_control\.ros\.altitude_controller",
    "safety on a robot": r"The\scontroller\sstays\sdisarmed\suntil",
    "limits": r"^## Not included\n",
    "licence": r"Licence: Apache-2\.0",
}
"""Questions that the first 60 lines answer, and the text that answers each."""


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_first_minute_answers(question: str) -> None:
    assert re.search(QUESTIONS[question], HEAD, re.M)


def test_it_is_short_and_has_six_parts_and_three_quick_starts() -> None:
    assert len(README.splitlines()) <= 150
    architecture = README.split("## Architecture\n")[1].split("\n## ")[0]
    assert len(re.findall(r"^\| [A-Z]", architecture, re.M)) == 6
    starts = README.split("## Quick starts\n")[1].split("\n## ")[0]
    assert re.findall(r"^\*\*(.+?)\*\*", starts, re.M) == ["Evolve", "ROS 2", "Places"]


def test_its_picture_is_small() -> None:
    (picture,) = re.findall(r"\]\((docs/images/\w+\.png)\)", README)
    assert (ROOT / picture).stat().st_size <= 300_000


def test_figures_are_those_of_the_results_page() -> None:
    results = (DOCS / "explanation" / "results" / "index.md").read_text("utf-8")
    figures = re.findall(r"\d+\.\d+ ± \d\.\d+", HEAD)
    assert len(figures) >= 9
    assert all(figure in results for figure in figures)


def test_the_place_of_the_example_is_correct() -> None:
    if not can_draw():
        pytest.skip(NEEDS_RENDERER)
    snippet, _ = blocks(ROOT / "README.md", "python")
    command = [sys.executable, "-c", snippet]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    place, probability, known, truth = done.stdout.split()
    assert abs(float(place) - float(truth)) <= 1.0
    assert float(probability) > 0.8
    assert known == "True"
