"""Horizontal axis of the learning curve."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.needs import NEEDS_REPORT

pytest.importorskip("plotly", reason=NEEDS_REPORT)

from snn_control.report import inputs
from snn_control.report.sections import learning
from tests.report.run_folder import bare_run


def drawn(folder: Path, *seeds: dict[str, int]) -> tuple[str, list[list[float]]]:
    """Return title and values of the x axis for curves with these counts per generation."""
    bare_run(folder).finish()
    for seed, each in enumerate(seeds):
        (folder / "seeds" / str(seed)).mkdir(parents=True)
        rows = [
            {"generation": k, "best": 1.0 / k, "median": 2.0 / k, "elapsed_s": 0.1 * k}
            | {name: k * count for name, count in each.items()}
            for k in (1, 2, 3)
        ]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / "seeds" / str(seed) / "metrics.jsonl").write_text(text)
    [figure] = learning.make(inputs.read(folder)).figures
    title = figure.figure.layout.xaxis.title.text
    return title, [list(line.x) for line in figure.figure.data]


EPISODES, IMITATION = {"evaluations": 6, "environment_steps": 6000}, {"evaluations": 6}


def test_axis_is_environment_steps_if_every_run_counts_them(tmp_path: Path) -> None:
    title, lines = drawn(tmp_path / "one", EPISODES)
    assert title == "environment steps"
    assert lines == [[6000.0, 12000.0, 18000.0]] * 2


def test_axis_is_evaluations_if_a_run_counts_no_steps(tmp_path: Path) -> None:
    title, lines = drawn(tmp_path / "both", EPISODES, IMITATION)
    assert title == "evaluations"
    assert lines[0] == [6.0, 12.0, 18.0]


def test_runs_of_a_study_have_no_mean(tmp_path: Path) -> None:
    _, lines = drawn(tmp_path, EPISODES, EPISODES)
    assert len(lines) == 2 * 2 + 2
    for seed, name in enumerate(("genetic-0", "cma_es-0")):
        (tmp_path / "seeds" / str(seed)).rename(tmp_path / "seeds" / name)
    content = {"study": "strategies", "question": "", "summary": "", "rows": [], "figures": []}
    (tmp_path / "study.json").write_text(json.dumps(content))
    section = learning.make(inputs.read(tmp_path))
    names = {line.name for line in section.figures[0].figure.data}
    assert names == {f"{k}, {n}" for k in ("best", "median") for n in ("genetic-0", "cma_es-0")}
    assert "over 2 runs" in section.lead
