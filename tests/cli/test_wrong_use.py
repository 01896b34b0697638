"""Wrong arguments: exit code 2, one line that names the option as typed, nothing written."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from snn_control.cli.main import DONE, WRONG_USE, main
from snn_control.cli.terminal import spell_out
from snn_control.runs import Run
from tests.paths import ROOT

CASES = [
    ("eval pid --presets", "--presets names no preset"),
    ("eval pid --first-seed -5", "--first-seed is -5; expected at least 0"),
    ("eval pid --episodes 0", "--episodes is 0; expected at least 1"),
    ("eval pid --duration-s 0 --episodes 1", "--duration-s is 0.0; expected"),
    ("eval blimp-altitud", "unknown model 'blimp-altitud'. Did you mean: `blimp-altitude`"),
    ("evolve --resume runs/x --set task.episodes=2", "a resumed run keeps its configuration"),
    ("eval runs/nope", "model 'runs/nope': no such file or folder"),
    ("show runs/x", "name 'runs/x': no such file or folder"),
    (
        "show nope",
        "unknown name 'nope'. Known: adapting, adaptive-sensing, altitude",
    ),
    ("show snn_control/BlimpAltitud-v0", "Did you mean: `snn_control/BlimpAltitude-v0`"),
    ("play pid --seed -1 --out a.mp4", "--seed is -1; expected a whole number of at least 0"),
    ("play pid --duration -5 --out a.mp4", "--duration is -5.0; expected"),
    ("play pid --preset nope --out a.png", "unknown blimp preset 'nope'. Known: clean, default"),
    ("evolve blimp-demo --seed -1", "--seed is -1; expected a whole number of at least 0"),
    ("evolve blimp-demo --workers -1", "--workers is -1; expected at least 0"),
    ("evolve blimp-demo --budget 10m", "--budget '10m': expected a time like 60s, 10min or 2h"),
    ("evolve blimp-dem", "unknown configuration 'blimp-dem'. Did you mean: `blimp-demo`"),
    ("study nope", "unknown study 'nope'"),
    ("cite blip", "'blip'"),
]


@pytest.mark.parametrize(("words", "message"), CASES, ids=[words for words, _ in CASES])
def test_it_is_one_line_and_nothing_is_written(
    words: str, message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert main(words.split()) == WRONG_USE
    *progress, line = capsys.readouterr().err.splitlines()
    assert all(text.startswith("evaluating ") for text in progress)
    assert line.startswith(f"snn-control {words.split()[0]}: ")
    assert message in line
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("words", "message"),
    [("--rate 0", "--rate is 0; expected more than 0"), ("--seed -2", "--seed is -2; expected")],
)
def test_a_run_on_the_bus_is_refused_before_its_folder_is_created(
    words: str, message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    pytest.importorskip("rclpy", reason='needs rclpy: pip install "snn_control[ros]"')
    pytest.importorskip("rosbags", reason='needs rosbags: pip install "snn_control[logs]"')
    monkeypatch.chdir(tmp_path)
    assert main(["fly", "pid", "--sim", *words.split()]) == WRONG_USE
    assert message in capsys.readouterr().err
    assert not [*tmp_path.iterdir()]


def test_a_run_is_shown(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    Run.create(tmp_path / "run", command="c", config={"name": "x"}, seed=3).finish()
    assert main(["show", str(tmp_path / "run")]) == DONE
    assert '"status": "finished"' in capsys.readouterr().out


def test_a_folder_that_is_no_run_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["show", str(tmp_path)]) != DONE
    assert "is not a run folder" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["evolve", "fly", "study"])
def test_the_help_describes_the_flag(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--help"]) == DONE
    text = " ".join(capsys.readouterr().out.split())
    after = text.partition("--no-report ")[2]
    assert after.startswith(("Neither evaluate", "Write no report page"))


def test_an_ascii_terminal_gets_all_results(tmp_path: Path) -> None:
    words = ("eval", "blimp-altitude", "--episodes", "2", "--duration-s", "80")
    done = subprocess.run(
        [sys.executable, "-m", "snn_control", *words],
        env=os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == DONE, done.stderr
    assert "+-" in done.stdout
    assert "RMSE" in done.stdout


def test_characters_without_a_spelling_are_question_marks() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, "ascii")
    spell_out(stream)
    stream.write("2 ± 1 µs ☃")
    stream.flush()
    assert raw.getvalue() == b"2 +- 1 us ?"


@pytest.mark.parametrize("closed", ["1>&-", "2>&-", "1>&- 2>&-"])
def test_closed_streams_are_no_error(closed: str, tmp_path: Path) -> None:
    command = f'"{sys.executable}" -m snn_control list models {closed}'
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, env=environment, timeout=60)
    assert done.returncode == DONE


def test_a_length_that_is_no_number_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", "pid", "--duration-s", "nan", "--out", "a.mp4"]) == WRONG_USE
    assert "--duration-s is nan; expected" in capsys.readouterr().err
