"""`study` as a user meets it."""

import json

from snn_control.cli.main import main

WORDS = ["study", "mismatch", "--seeds", "2", "--shares", "0", "0.1", "--models", "blimp-altitude"]


def test_table_on_stdout_and_the_page_last(tmp_path, capsys):
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
    found = json.loads(captured.out)
    assert [row["mismatch"] for row in found["rows"]] == [0.0, 0.1]
    assert captured.err == ""


def test_help_of_a_study_has_its_own_options(capsys):
    assert main(["study", "mismatch", "--help"]) == 0
    assert "--flights" in capsys.readouterr().out
    assert main(["study", "mismatch", "--flight-hours", "3"]) == 2
    assert main(["study", "mismach"]) == 1
    assert "Did you mean: `mismatch`" in capsys.readouterr().err
