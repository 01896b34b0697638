"""Missing optional extra: the error names it, and existing results are kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from snn_control.errors import MissingExtraError, require
from tests.paths import ROOT
from tests.report.run_folder import make_run

REPORT = ("plotly", "jinja2", "imageio_ffmpeg")
DIGITS = ("sklearn", "scikit_learn")


@pytest.fixture
def without_extra(tmp_path: Path) -> dict[str, str]:
    """Environment variables that hide the packages of the extras [report] and [digits]."""
    site = tmp_path / "site"
    site.mkdir()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if not path.name.lower().startswith((*REPORT, *DIGITS)):
            (site / path.name).symlink_to(path)
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    return kept | {"PYTHONPATH": f"{ROOT}{os.pathsep}{site}"}


def snn_control(
    environment: dict[str, str], *words: str, cwd: Path
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-S", "-m", "snn_control", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, cwd=cwd)


def test_report_names_the_extra_and_keeps_the_run(
    without_extra: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    make_run(folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    done = snn_control(without_extra, "report", str(folder), cwd=tmp_path)
    assert done.returncode == 2
    assert 'pip install "snn_control[report]"' in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_study_of_digits_names_the_extra(without_extra: dict[str, str], tmp_path: Path) -> None:
    words = ("study", "concept-shift", "--no-report", "--seeds", "1")
    done = snn_control(without_extra, *words, cwd=tmp_path)
    assert done.returncode == 2
    assert 'pip install "snn_control[digits]"' in done.stderr


@pytest.mark.slow
def test_evolution_without_the_extra_keeps_its_result(
    without_extra: dict[str, str], tmp_path: Path
) -> None:
    config = tmp_path / "tiny.yaml"
    config.write_text(
        "method: evolve\nsystem: blimp\nname: tiny\nstrategy_config: {population: 6}\n"
        "task: {sizes: {pairs: 6}, sequences: 2, sequence_ticks: 60, scenarios: 2,\n"
        "       duration_s: 100.0}\n"
    )
    run = tmp_path / "run"
    words = ("evolve", str(config), "--budget", "3gen", "--seed", "1", "--out", str(run))
    done = snn_control(without_extra, *words, cwd=tmp_path)
    assert done.returncode == 2
    assert 'pip install "snn_control[report]"' in done.stderr
    assert json.loads((run / "manifest.json").read_text())["status"] == "finished"
    assert (run / "checkpoints" / "best" / "model.json").is_file()
    assert (run / "eval").is_dir()


def test_other_verbs_work_without_the_extra(without_extra: dict[str, str], tmp_path: Path) -> None:
    for words in (("list",), ("info",), ("show", "blimp-altitude"), ("report", "--help")):
        done = snn_control(without_extra, *words, cwd=tmp_path)
        assert done.returncode == 0, done.stderr


def test_error_names_missing_module_and_extra() -> None:
    with pytest.raises(MissingExtraError, match=r'pip install "snn_control\[viz\]"'):
        require("a_module_that_is_not_there", "viz")
