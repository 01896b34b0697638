"""Parts of every registered study, and the run folder of a study."""

import dataclasses
import inspect
import json
import sys

import pytest

from snn_control.errors import ConfigError, ParameterError, RunError, UnknownNameError
from snn_control.report import build_report
from snn_control.report.study_file import study_table
from snn_control.runs import Run
from snn_control.runs.checksums import to_json
from snn_control.studies import (
    STUDIES,
    StudyConfig,
    StudyResult,
    config_type,
    registry,
    study_settings,
)
from snn_control.studies import run_study as runner
from snn_control.studies.study import silent


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_has_its_parts(name):
    module = registry.study_module(name)
    kind = config_type(name)
    assert module.__doc__
    assert issubclass(kind, StudyConfig)
    assert callable(module.run)
    source = inspect.getsource(module)
    for field in dataclasses.fields(kind):
        if field.name in kind.__annotations__:
            assert f"    {field.name}: " in source
    with pytest.raises(dataclasses.FrozenInstanceError):
        kind().seeds = 1  # type: ignore[misc]


def test_an_unknown_study_proposes_the_closest():
    with pytest.raises(UnknownNameError, match="Did you mean: `mismatch`"):
        registry.study_module("mismach")


@pytest.mark.parametrize("wrong", [{"seeds": 0}, {"first_seed": -1}])
def test_settings_out_of_range_are_errors(wrong):
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        StudyConfig(**wrong)


class Toy:
    """Study with constant figures."""

    Config = StudyConfig

    @staticmethod
    def run(config, *, folder, progress=silent):
        progress("half way")
        rows = [{"who": "a", "hold_rmse_m": 0.0123, "hold_rmse_m_ci95": 0.001, "count": None}]
        figure = {"title": "Toy", "data": [{"type": "bar", "x": [1], "y": [2]}], "layout": {}}
        return StudyResult(rows, "One row.", [figure])


@dataclasses.dataclass(frozen=True)
class Inner:
    """Nested settings."""

    gain: float = 1.0
    names: tuple[str, ...] = ("a",)


@dataclasses.dataclass(frozen=True, kw_only=True)
class NestedConfig(StudyConfig):
    """Settings with nested ones."""

    inner: Inner = dataclasses.field(default_factory=lambda: Inner(gain=3.0))


class Nested(Toy):
    """Study with nested settings."""

    Config = NestedConfig


class Broken(Toy):
    """Study that fails."""

    @staticmethod
    def run(config, *, folder, progress=silent):
        raise ParameterError("no")


@pytest.fixture
def registered(monkeypatch):
    def register(module):
        monkeypatch.setitem(STUDIES, "toy", "figures of a toy")
        monkeypatch.setitem(sys.modules, "snn_control.studies.toy", module)

    return register


@pytest.mark.parametrize("in_file", [False, True])
def test_overrides_replace_values_by_dotted_keys(in_file, registered, tmp_path):
    registered(Nested)
    named = "toy"
    if in_file:
        named = str(tmp_path / "own.yaml")
        text = "method: study\nstudy: toy\nfirst_seed: 4\ninner: {gain: 3}\n"
        (tmp_path / "own.yaml").write_text(text)
    overrides = {"inner.names": ["b", "c"], "seeds": 2}
    assert study_settings(named, overrides) == (
        "toy",
        NestedConfig(seeds=2, first_seed=4 if in_file else 0, inner=Inner(3.0, ("b", "c"))),
    )
    for key, value, message in (
        ("inner.gian", 1.0, "unknown key 'gian'. Did you mean: `gain`"),
        ("seds", 1, "unknown key 'seds'. Did you mean: `seeds`"),
        ("inner.gain.x", 1.0, "inner.gain.x: 'gain' is 3.* and has no keys"),
        ("seeds", "two", "seeds.*: 'two' has the wrong type; expected a whole number"),
    ):
        with pytest.raises(ConfigError, match=message):
            study_settings(named, {key: value})


def test_a_study_leaves_a_finished_run_with_a_page(registered, tmp_path):
    registered(Toy)
    reported: list[str] = []
    runner(
        "toy", StudyConfig(first_seed=3), tmp_path / "run", command="c", progress=reported.append
    )
    run = Run.open(tmp_path / "run")
    assert (run.manifest["status"], run.manifest["seed"]) == ("finished", 3)
    assert run.config["seeds"] == 5
    assert reported == ["half way"]
    assert json.loads((tmp_path / "run" / "study.json").read_text())["rows"][0]["count"] is None
    page = build_report(tmp_path / "run").read_text("utf-8")
    for text in ("Figures of a toy", "One row.", "1.23 ± 0.1", "plot-study-0", 'id="provenance"'):
        assert text in page
    assert 'id="learning"' not in page


def test_a_failed_study_leaves_a_crashed_run(registered, tmp_path):
    registered(Broken)
    with pytest.raises(ParameterError):
        runner("toy", StudyConfig(), tmp_path / "run")
    assert Run.open(tmp_path / "run").manifest["status"] == "crashed"


def test_a_malformed_study_file_is_an_error(registered, tmp_path):
    registered(Toy)
    runner("toy", StudyConfig(), tmp_path / "run")
    path = tmp_path / "run" / "study.json"
    document = json.loads(path.read_text())
    for broken in (b"{", b"[]", to_json(document | {"figures": [{"data": [{"type": "zzz"}]}]})):
        path.write_bytes(broken)
        with pytest.raises(RunError, match=r"study\.json"):
            build_report(tmp_path / "run")


def test_the_table_joins_intervals_and_scales_known_metrics():
    columns, rows = study_table([{"n": 2, "overshoot_m": 0.05, "overshoot_m_ci95": 0.002}])
    assert columns == ("n", "Overshoot, cm")
    assert rows == [("2", "5 ± 0.2")]
    assert study_table([]) == ((), [])
