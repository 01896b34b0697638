"""Checks of configurations and run folders: shipped ones pass, faults are named."""

import json

import pytest

from snn_control.checks import Outcome, check
from snn_control.errors import UnknownNameError
from snn_control.resources import configs_folder
from snn_control.runs.checksums import to_json
from snn_control.studies import StudyConfig, run_study
from tests.report.run_folder import bare_run, make_run


def failed(thing):
    return {o.name: o for o in check(thing) if not o.passed}


HEAD = "method: evolve\nsystem: blimp\nname: x\n"


@pytest.mark.parametrize("path", sorted(configs_folder().glob("*.yaml")), ids=lambda p: p.stem)
def test_shipped_configurations_pass(path):
    assert failed(str(path)) == {}


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        (
            "method: evolve\nsystem: blimp\nname: x\nstratgy: cma_es\n",
            "keys and values",
            "`strategy`",
        ),
        ("name: [\n", "keys and values", "not YAML"),
        (HEAD + "strategy: cma-esx\n", "strategy", "cma_es"),
        (
            "method: evolve\nsystem: blimp\nname: x\nstrategy_config: {populaton: 3}\n",
            "strategy",
            "`population`",
        ),
        (HEAD + "start: {kpp: 9.0}\n", "task and start", "kpp"),
        (
            "method: evolve\nsystem: blimp\nname: x\ntask: {fixed: {kdd: 1.0}}\n",
            "task and start",
            "kdd",
        ),
    ],
)
def test_fault_of_a_configuration_is_named(text, name, message, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    faults = failed(str(path))
    assert message in faults[name].detail
    assert faults[name].remedy


@pytest.fixture
def run_folder(tmp_path):
    from snn_control.controllers import load, save

    folder = make_run(tmp_path / "a run")
    save(load("blimp-altitude"), folder / "checkpoints" / "best" / "model")  # type: ignore[arg-type]
    return folder


def test_complete_run_passes_and_stays_unchanged(run_folder):
    before = sorted(run_folder.rglob("*"))
    assert failed(str(run_folder)) == {}
    assert sorted(run_folder.rglob("*")) == before


def test_damaged_files_are_named(run_folder):
    model = run_folder / "checkpoints" / "best" / "model.json"
    model.write_text("{}")
    (run_folder / "eval" / "pid.json").write_text("[")
    (run_folder / "metrics.jsonl").write_text("{]\n")
    faults = failed(str(run_folder))
    assert "schema_version" in faults["model"].detail
    assert "metrics.jsonl: line 1 is damaged" in faults["records"].detail
    assert set(faults) == {"model", "records", "report"}


def test_run_without_checkpoint_and_empty_folder_fail(tmp_path):
    bare_run(tmp_path / "run").close()
    assert set(failed(str(tmp_path / "run"))) == {"checkpoint"}
    (tmp_path / "empty").mkdir()
    assert "manifest.json" in failed(str(tmp_path / "empty"))["manifest"].detail


def test_study_passes_without_checkpoints(tmp_path):
    from snn_control.studies.mismatch import Config

    config: StudyConfig = Config(seeds=1, shares=(0.0,), models=("blimp-altitude",))
    run_study("mismatch", config, tmp_path / "study")
    assert failed(str(tmp_path / "study")) == {}
    document = json.loads((tmp_path / "study" / "study.json").read_text())
    del document["rows"]
    (tmp_path / "study" / "study.json").write_bytes(to_json(document))
    assert "lacks rows" in failed(str(tmp_path / "study"))["report"].detail


def test_attribute_found_is_deprecated():
    outcome = Outcome("run", "manifest", True, "finished")
    with pytest.warns(DeprecationWarning, match="detail"):
        assert outcome.found == outcome.detail
    with pytest.raises(AttributeError, match="no attribute 'finding'"):
        _ = outcome.finding


def test_ambiguous_name_is_checked_for_all_kinds_or_one():
    assert {o.kind for o in check("blimp-altitude")} == {"controller", "config"}
    assert {o.kind for o in check("config/blimp-altitude")} == {"config"}
    with pytest.raises(UnknownNameError, match="Did you mean: `blimp-altitude`"):
        check("blimp-altitud")
