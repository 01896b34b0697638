"""Runs of several seeds: members equal single runs, interrupted ones resume, rank tests."""

import json
from itertools import combinations

import numpy as np
import pytest

from snn_control.cli.main import main
from snn_control.controllers import load
from snn_control.runs import Run
from snn_control.training.comparison import member_rows
from snn_control.training.evolution.members import member_folders, optimise_members
from tests.training.any_environment.test_task import ONE_GAIN, config, evolved, state

SETTINGS = {"controller": ONE_GAIN, "values": {"generations": 3, "executor": "serial"}}


def parent(folder):
    run = Run.create(folder, command="test", config=config(**SETTINGS), seed=2)
    run.checkpoint(0, {}, {"members": 3})
    return run


def test_members_equal_single_runs_and_the_best_is_the_model(tmp_path):
    run, done = parent(tmp_path / "run"), []
    model = optimise_members(
        config(**SETTINGS), run, seeds=range(2, 5), on_progress=lambda *row: done.append(row[3])
    )
    folders = member_folders(run.folder)
    assert [folder.name for folder in folders] == ["2", "3", "4"]
    alone, _ = evolved(tmp_path / "alone", config(**SETTINGS))
    assert state(Run.open(folders[0])) == state(alone)
    assert done == sorted(done)
    assert done[-1] == 1.0
    best = [state(Run.open(folder))[1][-1]["best"] for folder in folders]
    chosen = folders[int(np.argmin(best))]
    assert load(model).networks[0].connections[0].weights.tolist() == (  # type: ignore[union-attr]
        load(chosen).networks[0].connections[0].weights.tolist()  # type: ignore[union-attr]
    )


def test_an_interrupted_member_resumes_and_finished_ones_stay(tmp_path):
    whole, part = parent(tmp_path / "whole"), parent(tmp_path / "part")
    optimise_members(config(**SETTINGS), whole, seeds=range(2, 4))

    def interrupt(generation, best, median, done):
        if done > 0.6:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        optimise_members(config(**SETTINGS), part, seeds=range(2, 4), on_progress=interrupt)
    part.close()
    resumed, checkpoint = Run.resume(part.folder)
    assert checkpoint.meta == {"members": 3}
    before = (part.folder / "seeds" / "2" / "manifest.json").read_bytes()
    for folder in (part.folder / "seeds").glob("*/.lock"):
        folder.unlink()
    optimise_members(config(**SETTINGS), resumed, seeds=range(2, 4))
    assert (part.folder / "seeds" / "2" / "manifest.json").read_bytes() == before
    for a, b in zip(member_folders(whole.folder), member_folders(part.folder), strict=True):
        assert state(Run.open(a)) == state(Run.open(b))


def test_the_rank_test_counts_pairs():
    """Exact p of complete separation: 2 of all ways to choose 4 of 8 ranks."""
    values = {"a": {"error_m": np.arange(4.0)}, "b": {"error_m": np.arange(4.0) + 10.0}}
    first, second = member_rows(values)
    assert "p_value" not in first
    assert second["p_value"] == pytest.approx(2 / len([*combinations(range(8), 4)]))
    assert (second["median"], second["low"], second["high"]) == (11.5, 10.75, 12.25)


def test_the_verbs_make_and_compare_runs_of_several_seeds(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = ["evolve", "blimp-demo", "--budget", "1gen", "--no-report", "--set", "task.scenarios=1"]
    words += ["--set", "task.sequences=1", "--set", "strategy_config.population=4"]
    for name, seed in (("a", "1"), ("b", "5")):
        assert main([*words, "--seeds", "2", "--seed", seed, "--out", name]) == 0
    assert main([*words, "--seeds", "0"]) == 2
    assert "--seeds is 0; expected at least 1" in capsys.readouterr().err
    short = ["--episodes", "1", "--duration-s", "90"]
    assert main(["compare", "a", "b", *short, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert {row["run"] for row in result["members"]} == {"a", "b"}
    assert all(row["members"] == 2 for row in result["members"])
    assert main(["compare", "a", "b", *short]) == 0
    assert "rank test against a" in capsys.readouterr().out
    assert main(["evolve", "--resume", "a", "--no-report"]) == 0
