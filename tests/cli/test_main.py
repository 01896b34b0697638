"""Command line: text output, JSON output, exit codes and wrong use."""

import importlib
import json
import os
import re
import subprocess
import sys

import pytest

from snn_control.cli.main import _module, main
from snn_control.cli.registry import VERBS
from tests.report.run_folder import make_run


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example(verb, capsys):
    assert main([verb, "--help"]) == 0
    out = capsys.readouterr().out
    assert f"Example: snn-control {verb}" in out
    assert "--json" in out
    assert not re.search(r"\{None\}|default: (None|False|\)|'')|^│ \[?STR", out, re.MULTILINE)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_the_parts_of_a_verb(verb):
    module = importlib.import_module(_module(verb))
    assert all(hasattr(module, name) for name in ("Args", "run", "show"))


def test_help_lists_all_verbs(capsys):
    assert main([]) == 0
    out = capsys.readouterr().out
    assert all(f"  {verb}" in out for verb in VERBS)


def test_an_unknown_verb_is_wrong_use_with_a_suggestion(capsys):
    assert main(["repot"]) == 2
    assert "Did you mean: `report`" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["list", "bla"], ["report"], ["cite", "--nonsense"]])
def test_wrong_arguments_are_wrong_use(arguments, capsys):
    assert main(arguments) == 2


def test_a_failure_is_one_line_on_stderr(tmp_path, capsys):
    assert main(["report", str(tmp_path)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1
    assert "is not a run folder" in captured.err


def test_report_prints_the_path_of_the_page_alone(tmp_path, capsys):
    folder = make_run(tmp_path / "a run")
    page = folder / "report" / "index.html"
    assert main(["report", str(folder)]) == 0
    assert capsys.readouterr().out == f"{page}\n"
    assert main(["report", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"report": str(page)}


def test_list_and_show_agree(capsys):
    main(["list", "--json"])
    listed = json.loads(capsys.readouterr().out)
    assert "snn_control/BlimpAltitude-v0" in listed["environments"]
    assert "cma_es" in listed["strategies"]
    for kind, names in listed.items():
        for name in names:
            assert main(["show", f"{kind}/{name}", "--json"]) == 0
            shown = json.loads(capsys.readouterr().out)
            assert shown["kind"] == kind
            assert shown["text"]


def test_show_suggests_close_names(capsys):
    assert main(["show", "snn_control/BlimpAltitud-v0"]) == 2
    assert "Did you mean: `snn_control/BlimpAltitude-v0`" in capsys.readouterr().err


def test_info_and_cite(capsys):
    assert main(["info", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["versions"]["python"]
    assert main(["cite", "blimp"]) == 0
    assert capsys.readouterr().out.startswith("@misc{burgers2023evolving")
    assert main(["cite", "blip"]) == 2


def test_module_and_start_up_time():
    """CPU time of the child process, independent of other load."""
    took = []
    for _ in range(5):
        before = os.times()
        command = [sys.executable, "-m", "snn_control", "--help"]
        done = subprocess.run(command, capture_output=True, text=True)
        after = os.times()
        took.append(sum(after[2:4]) - sum(before[2:4]))
        assert done.returncode == 0
    assert min(took) < 0.3
