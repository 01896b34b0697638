"""Conclusion of an optimisation: three controllers on the same seeds, and their page."""

import json

import pytest

from snn_control.controllers import load, save
from snn_control.runs import Run
from snn_control.training.conclude import beside, conclude
from snn_control.training.systems import system


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    tmp_path = tmp_path_factory.mktemp("a run")
    run = Run.create(tmp_path / "run", command="c", config={"name": "mine"}, seed=0)
    model = save(load("blimp-altitude"), tmp_path / "model")  # type: ignore[arg-type]
    return run, conclude(run, "mine", model, system=system("blimp"), seeds=range(2), films=False)


def test_model_pid_and_twin_run_on_the_same_seeds(finished):
    run, conclusion = finished
    documents = {p.stem: json.loads(p.read_text()) for p in run.folder.glob("eval/*.json")}
    roles = {d["controller"]: d["role"] for d in documents.values()}
    assert roles == {"mine": "subject", "pid": "baseline", "mine-twin": "twin"}
    assert {tuple(d["seeds"]) for d in documents.values()} == {(0, 1)}
    twin = documents["mine-twin-default"]["mean"]
    assert conclusion.means["mine-twin"] == twin["hold_rmse_m"]
    assert (
        twin["synaptic_ops_per_decision"]
        < documents["mine-default"]["mean"]["synaptic_ops_per_decision"]
    )


def test_the_page_shows_all_three_and_the_run_is_finished(finished):
    run, conclusion = finished
    assert Run.open(run.folder).manifest["status"] == "finished"
    assert conclusion.report == run.folder / "report" / "index.html"
    page = (run.folder / "report" / "index.html").read_text("utf-8")
    assert "mine-twin" in page
    assert "times the operations of its twin" in page
    assert not (run.folder / "videos").exists()


def test_a_controller_without_networks_has_no_twin():
    assert list(beside(system("blimp"), "other", load("pid"))) == ["other", "pid"]
