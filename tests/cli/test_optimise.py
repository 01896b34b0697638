"""Command line of `evolve` and `train`."""

import json
import sys

import numpy as np
import pytest

from snn_control.cli.main import main
from snn_control.cli.optimise import provenance

HEAD = "method: evolve\nsystem: blimp\n"
TASK = "{sizes: {pairs: 6}, sequences: 2, sequence_ticks: 60, scenarios: 2, duration_s: 100.0%s}"


def config(folder, *, strategy="{population: 6}", more=""):
    path = folder / "tiny.yaml"
    path.write_text(f"{HEAD}name: tiny\nstrategy_config: {strategy}\ntask: {TASK % more}\n")
    return str(path)


def evolve(path, out, *words):
    return main(["evolve", path, "--no-report", "--json", "--out", str(out), *words])


@pytest.mark.parametrize("verb", ["evolve", "train"])
def test_an_invalid_budget_creates_no_folder(verb, tmp_path, capsys):
    name = {"evolve": "blimp-demo", "train": "blimp-free"}[verb]
    assert main([verb, name, "--budget", "60", "--out", str(tmp_path / "run")]) == 2
    assert "60s" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["blimp-free", "imitates"])
def test_a_step_budget_without_environment_creates_no_folder(name, tmp_path, capsys):
    if name == "imitates":
        (tmp_path / "own.yaml").write_text(
            f"{HEAD}name: imitates\ntask: {{imitation: 1.0, closed_loop: 0.0}}\n"
        )
        name = str(tmp_path / "own.yaml")
    words = ("train", name, "--budget", "1000steps", "--out", str(tmp_path / "run"))
    assert main([*words]) == 1
    assert "runs no environment" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("name", "package"), [("swimmer", "stable_baselines3"), ("cartpole", "sb3_contrib")]
)
def test_a_missing_package_creates_no_folder(name, package, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    assert main(["train", name, "--out", str(tmp_path / "run")]) == 2
    assert 'pip install "snn_control[rl]"' in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_refused_budget_leaves_a_finished_run_finished(tmp_path, capsys):
    out, path = tmp_path / "run", tmp_path / "own.yaml"
    path.write_text(
        "method: evolve\nsystem: blimp\nname: own\nstrategy_config: {population: 6}\n"
        "task: {imitation: 1.0, closed_loop: 0.0, sizes: {pairs: 6}, sequences: 2}\n"
    )
    assert evolve(str(path), out, "--budget", "1gen") == 0
    assert main(["evolve", "--resume", str(out), "--budget", "1000steps"]) == 1
    assert json.loads((out / "manifest.json").read_text())["status"] == "finished"


def test_train_runs_evolutions(tmp_path, capsys):
    out = tmp_path / "run"
    words = ("--budget", "2gen", "--no-report", "--json", "--out", str(out))
    assert main(["train", config(tmp_path), *words]) == 0
    rows = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert [row["generation"] for row in rows] == [1, 2]
    assert all(row["environment_steps"] > 0 for row in rows)


def test_a_corrected_configuration_runs_in_the_same_folder(tmp_path, capsys):
    out = tmp_path / "run"
    assert evolve(config(tmp_path, strategy="{populaton: 6}"), out, "--budget", "1gen") == 1
    assert "Did you mean: `population`?" in capsys.readouterr().err
    assert evolve(config(tmp_path), out, "--budget", "1gen") == 0
    assert evolve(config(tmp_path), out, "--budget", "1gen") == 1
    assert "--resume" in capsys.readouterr().err


def test_a_resumed_run_keeps_its_original_budget(tmp_path, capsys):
    out = tmp_path / "run"

    def resume(*words):
        assert main(["evolve", "--resume", str(out), "--no-report", "--json", *words]) == 0
        return len((out / "metrics.jsonl").read_text().splitlines())

    assert evolve(config(tmp_path), out, "--budget", "2gen") == 0
    assert resume() == 2
    assert resume("--budget", "3gen") == 3


def test_a_saved_model_records_command_and_data(tmp_path, capsys):
    rows = [f"{k / 10:.1f},1.0,{1 - 0.1 * np.sin(k / 9):.2f}" for k in range(60)]
    log = tmp_path / "own.csv"
    log.write_text("time_s,h_ref_m,h_meas_m\n" + "\n".join(rows) + "\n")
    path = config(tmp_path, more=f", flights: [{log}]")
    words = ("--budget", "1gen", "--seed", "3", "--save", str(tmp_path / "mine"))
    assert evolve(path, tmp_path / "run", *words) == 0
    about = json.loads((tmp_path / "mine.json").read_text())["about"]
    assert about["made_by"] == "snn-control evolve tiny --seed 3 --budget 1gen"
    assert "1 flight log" in about["data"]
    assert "license" not in about
    assert provenance("x", "y", (), "z")["license"] == "Apache-2.0"
