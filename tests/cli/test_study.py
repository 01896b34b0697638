"""Command line of `study`."""

import json

import pytest

from snn_control.cli.main import main
from snn_control.cli.verbs.study import Args, args_for
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
    ],
)
def test_options_are_those_of_the_named_study(words, tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text("method: study\nstudy: mismatch\nseeds: 3\nmodels: [blimp-altitude]\n")
    arguments = [str(path) if word == "FILE" else word for word in words]
    config = args_for(arguments)(study="mismatch").config
    assert type(config) is config_type("mismatch")
    assert config.seeds == (3 if "FILE" in words else config_type("mismatch")().seeds)


def test_options_without_a_study_are_the_common_ones():
    assert args_for(["--help"]) is Args
