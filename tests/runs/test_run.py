"""Run folder: writing, reading, resuming and errors."""

import getpass
import json
import socket

import numpy as np
import pytest

from snn_control.errors import ParameterError, RunError
from snn_control.runs import Run
from snn_control.runs.checksums import to_json

STATE = {"mean": np.arange(5.0), "names": np.array(["a", "bc"])}


@pytest.fixture
def run(tmp_path):
    run = Run.create(
        tmp_path / "run", command="snn-control evolve x", config={"tau_s": (1, 2)}, seed=3
    )
    yield run
    run.close()


def test_manifest_and_config_describe_the_run(run):
    assert run.manifest["status"] == "running"
    assert run.manifest["seed"] == 3
    assert run.manifest["command"] == "snn-control evolve x"
    assert run.manifest["versions"]["numpy"] == np.__version__
    assert run.config == {"tau_s": [1, 2]}


def test_manifest_has_no_machine_user_or_folder_names(run):
    text = (run.folder / "manifest.json").read_text()
    for private in (str(run.folder), socket.gethostname()):
        assert private not in text
    assert f'"{getpass.getuser()}"' not in text


def test_checkpoint_is_restored_bit_for_bit(run):
    rng = np.random.default_rng(0)
    values = rng.standard_normal((3, 4))
    run.checkpoint(
        7, {"x": values, **STATE}, {"rng": rng.bit_generator.state, "best": float("inf")}
    )
    restored = run.restore()
    assert restored.step == 7
    assert restored.meta == {"rng": rng.bit_generator.state, "best": float("inf")}
    np.testing.assert_array_equal(restored.arrays["x"], values)
    np.testing.assert_array_equal(restored.arrays["names"], STATE["names"])


def test_three_checkpoints_and_the_best_are_kept(run):
    for step in range(10):
        run.checkpoint(step, STATE, {}, best=step == 2)
    numbered = sorted(p.name for p in (run.folder / "checkpoints").iterdir() if p.name.isdigit())
    assert numbered == ["2", "7", "8", "9"]
    assert run.restore("best").step == 2
    assert run.restore("last").step == 9
    assert run.restore(8).step == 8


def test_step_can_be_written_again(run):
    run.checkpoint(1, {"x": np.zeros(1)}, {})
    run.checkpoint(1, {"x": np.ones(1)}, {})
    assert run.restore(1).arrays["x"] == 1
    assert not list((run.folder / "checkpoints").glob("*~"))


def test_extra_files_are_part_of_the_checkpoint(run):
    run.checkpoint(1, STATE, {}, best=True, extra=lambda d: (d / "network.json").write_text("{}"))
    assert (run.folder / "checkpoints" / "best" / "network.json").read_text() == "{}"


def test_resumed_run_writes_the_same_metrics(tmp_path):
    def write_steps(run, start, stop):
        for step in range(start, stop):
            run.log({"generation": step, "best": 1 / (step + 1)})
            if step % 4 == 0:
                run.checkpoint(step, {}, {"next": step + 1})

    complete = Run.create(tmp_path / "complete", command="x", config={}, seed=0)
    write_steps(complete, 0, 20)
    complete.finish()
    interrupted = Run.create(tmp_path / "interrupted", command="x", config={}, seed=0)
    write_steps(interrupted, 0, 11)
    interrupted.close()
    with (tmp_path / "interrupted" / "metrics.jsonl").open("ab") as file:
        file.write(b'{"generation": 11, "be')
    assert [r["generation"] for r in Run.open(tmp_path / "interrupted").metrics()] == list(
        range(11)
    )
    resumed, checkpoint = Run.resume(tmp_path / "interrupted")
    write_steps(resumed, checkpoint.meta["next"], 20)
    resumed.finish()
    texts = [
        (tmp_path / name / "metrics.jsonl").read_bytes() for name in ("complete", "interrupted")
    ]
    assert texts[0] == texts[1]
    assert resumed.manifest["status"] == "finished"


def test_resume_removes_later_checkpoints(run):
    for step in range(4):
        run.log({"generation": step})
        run.checkpoint(step, STATE, {}, best=step in (1, 3))
    run.close()
    resumed, checkpoint = Run.resume(run.folder, "2")
    assert checkpoint.step == 2
    assert resumed.restore().step == 2
    assert len(resumed.metrics()) == 3
    with pytest.raises(RunError, match="no checkpoint 'best'"):
        resumed.restore("best")
    resumed.close()


def test_non_finite_metrics_become_null(run):
    run.log({"best": float("nan"), "all": np.array([1.0, np.inf]), "n": np.int64(3)})
    assert run.metrics() == [{"best": None, "all": [1.0, None], "n": 3}]
    text = (run.folder / "metrics.jsonl").read_text()
    assert json.loads(text) == run.metrics()[0]


def test_crash_saves_the_state(run):
    run.log({"generation": 0})
    folder = run.crash({"genome": np.array([np.nan, 1])}, "fitness is NaN")
    assert json.loads((folder / "message.json").read_text())["message"] == "fitness is NaN"
    np.testing.assert_array_equal(np.load(folder / "arrays.npz")["genome"], [np.nan, 1])
    assert run.manifest["status"] == "crashed"


def test_create_in_a_non_empty_folder_is_an_error(tmp_path):
    (tmp_path / "thesis.txt").write_text("three years")
    with pytest.raises(RunError, match=r"not empty; choose another --out"):
        Run.create(tmp_path, command="x", config={}, seed=0)
    assert (tmp_path / "thesis.txt").read_text() == "three years"


def test_create_over_a_run_with_records_is_an_error(run):
    run.log({"generation": 0})
    run.close()
    with pytest.raises(RunError, match="not empty"):
        Run.create(run.folder, command="x", config={}, seed=0)
    assert run.metrics() == [{"generation": 0}]


def test_create_over_a_run_without_records(run):
    run.close()
    again = Run.create(run.folder, command="again", config={"a": 1}, seed=4)
    assert (again.manifest["command"], again.manifest["seed"]) == ("again", 4)
    assert again.config == {"a": 1}
    again.close()


def test_create_over_foreign_files_with_run_names_is_an_error(tmp_path):
    (tmp_path / "config.yaml").write_text("mine: 1")
    for _ in range(2):
        with pytest.raises(RunError, match="not empty"):
            Run.create(tmp_path, command="x", config={}, seed=0)
        (tmp_path / "manifest.json").write_text("{}")
    assert (tmp_path / "config.yaml").read_text() == "mine: 1"


def test_open_of_another_folder_is_an_error(tmp_path):
    with pytest.raises(RunError, match="is not a run folder"):
        Run.open(tmp_path)


def test_manifest_of_another_schema_is_an_error(run):
    path = run.folder / "manifest.json"
    path.write_bytes(to_json({**run.manifest, "schema": 99}))
    with pytest.raises(RunError, match="schema 99"):
        Run.open(run.folder)


def test_object_arrays_and_unknown_statuses_are_errors(run):
    with pytest.raises(ParameterError, match="Python objects"):
        run.checkpoint(0, {"x": np.array([{}])}, {})
    with pytest.raises(ParameterError, match="expected one of"):
        run.finish("great")


def test_write_to_a_run_open_for_reading_is_an_error(run):
    with pytest.raises(RunError, match=r"Run\.resume"):
        Run.open(run.folder).log({})


def test_error_of_a_damaged_checkpoint_lists_the_others(run):
    run.checkpoint(1, STATE, {})
    run.checkpoint(2, STATE, {})
    archive = run.folder / "checkpoints" / "2" / "arrays.npz"
    archive.write_bytes(archive.read_bytes()[:-40])
    with pytest.raises(RunError, match=r"damaged.*: 1, 2"):
        run.restore()
