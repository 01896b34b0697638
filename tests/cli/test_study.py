"""Command line of `study`."""

import json
from typing import Any

import pytest

from snn_control.cli.main import main
from snn_control.cli.verbs.study import Args, args_for
from snn_control.runs import Run
from snn_control.studies import config_type

WORDS = ["study", "mismatch", "--seeds", "2", "--shares", "0", "0.1", "--models", "blimp-altitude"]


def test_output_is_the_table_and_last_the_page(tmp_path, capsys):
    out = tmp_path / "a run"
    assert main([*WORDS, "--out", str(out)]) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines()[-1] == str(out / "report" / "index.html")
    assert "blimp-altitude" in captured.out
    assert "mismatch 0.1" in captured.err
    assert main(["report", str(out)]) == 0
    capsys.readouterr()
    assert main([*WORDS, "--out", str(out)]) == 1
    assert "is not empty" in capsys.readouterr().err


def test_json_is_one_object(tmp_path, capsys):
    assert main([*WORDS, "--out", str(tmp_path / "run"), "--no-report", "--json"]) == 0
    captured = capsys.readouterr()
    result = json.loads(captured.out)
    assert [row["mismatch"] for row in result["rows"]] == [0.0, 0.1]
    assert captured.err == ""


def test_help_of_a_study_has_its_own_options(capsys):
    assert main(["study", "mismatch", "--help"]) == 0
    assert "--flights" in capsys.readouterr().out
    assert main(["study", "mismatch", "--flight-hours", "3"]) == 2
    assert main(["study", "mismach"]) == 2
    assert "Did you mean: `mismatch`" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["mismatch", "--seeds", "2"],
        ["--json", "mismatch"],
        ["--no-report", "FILE"],
        ["--out", "place", "mismatch"],
        ["FILE", "--out", "place"],
        ["--set", "models=[place.yaml]", "mismatch"],
        ["--set", "shares=[0]", "FILE"],
        ["--models", "place.yaml", "--no-report", "mismatch"],
    ],
)
def test_options_are_those_of_the_named_study(words, tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text("method: study\nstudy: mismatch\nseeds: 3\nmodels: [blimp-altitude]\n")
    arguments = [str(path) if word == "FILE" else word for word in words]
    config = args_for(arguments)(study="mismatch").config
    assert type(config) is config_type("mismatch")
    assert config.seeds == (3 if "FILE" in words else config_type("mismatch")().seeds)


@pytest.mark.parametrize("words", [["--set", "seeds=4"], ["--set=seeds=4"]])
@pytest.mark.parametrize("source", ["mismatch", "FILE"])
def test_set_replaces_settings_and_options_have_precedence(source, words, tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text("method: study\nstudy: mismatch\nseeds: 3\nshares: [0.5]\n")
    source = str(path) if source == "FILE" else source
    config: Any = args_for([source, *words, "--set", "models=[x]"])(study=source).config
    assert (config.seeds, config.models) == (4, ("x",))
    assert (config.shares == (0.5,)) == (source == str(path))
    out, options = tmp_path / "run", ["--set", "models=[blimp-altitude]", "--set", "shares=[0]"]
    command = ["study", *words, *options, source, "--seeds", "1", "--no-report", "--out", str(out)]
    assert main(command) == 0
    resolved = json.loads((out / "manifest.json").read_text())
    assert resolved["status"] == "finished"
    settings = Run.open(out).config
    assert (settings["seeds"], settings["shares"]) == (1, [0])
    assert settings["models"] == ["blimp-altitude"]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ("mismatch --set sedes=3", 1, "unknown key 'sedes'. Did you mean: `seeds`"),
        ("mismatch --set seeds=x", 1, "seeds: 'x' has the wrong type; expected a whole number"),
        ("mismatch --set seeds", 2, "--set seeds: expected KEY=VALUE"),
        ("mismatch --set seeds=[", 2, "--set seeds: line 1: not YAML"),
        ("mismatch --set seeds=0", 1, "seeds is 0; expected at least 1"),
        ("mismach --set seeds=2", 2, "Did you mean: `mismatch`"),
    ],
)
def test_wrong_assignments_create_no_folder(words, code, message, tmp_path, capsys):
    assert main(["study", *words.split(), "--out", str(tmp_path / "run")]) == code
    assert message in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_options_of_another_study_are_wrong_use(tmp_path, capsys):
    path = tmp_path / "own.yaml"
    path.write_text("method: study\nstudy: mismatch\n")
    words = ["study", str(path), "--out", str(tmp_path / "run"), "--methods", "sad", "place"]
    assert main(words) == 2
    words = ["study", str(path), "--config", "mismatch", "--strategies", "strategies"]
    assert main(words) == 2
    assert "write " in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_options_without_a_study_are_the_common_ones():
    assert args_for(["--help"]) is Args
