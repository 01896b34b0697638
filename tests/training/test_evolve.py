"""Evolution: bit-identical resuming after a kill, settings, objectives."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from snn_control.controllers import load
from snn_control.errors import ConfigError
from snn_control.runs import Run
from snn_control.training.budget import Budget
from snn_control.training.evolve import EvolveConfig, evolve, strategy_settings

CONFIG = """
method: evolve
system: blimp
name: tiny
strategy_config: {population: 6}
task: {sizes: {pairs: 6}, sequences: 2, sequence_ticks: 60, scenarios: 2, duration_s: 100.0}
"""
GENERATIONS = 60
HEAD = {"method": "evolve", "system": "blimp", "name": "x"}


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "snn_control", "evolve", *words, "--no-report", "--json"]


def curve(folder: Path) -> list[dict[str, float]]:
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k != "elapsed_s"} for line in lines]


def test_a_killed_run_resumes_bit_identical_with_other_workers(tmp_path: Path) -> None:
    config = tmp_path / "tiny.yaml"
    config.write_text(CONFIG)
    budget = ("--budget", f"{GENERATIONS}gen", "--seed", "5")
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    subprocess.run(
        command(str(config), *budget, "--out", str(whole), "--workers", "2"),
        check=True,
        capture_output=True,
    )
    process = subprocess.Popen(
        command(str(config), *budget, "--out", str(killed)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    metrics = killed / "metrics.jsonl"
    deadline = time.monotonic() + 120
    while not (metrics.exists() and metrics.read_bytes().count(b"\n") >= 5):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert Run.open(killed).restore("last").step >= 1
    subprocess.run(
        command("--resume", str(killed), "--budget", f"{GENERATIONS}gen", "--workers", "1"),
        check=True,
        capture_output=True,
    )
    assert curve(killed) == curve(whole)
    assert len(curve(whole)) == GENERATIONS
    for name in ("model.json", "model.safetensors"):
        best = "checkpoints/best"
        assert (killed / best / name).read_bytes() == (whole / best / name).read_bytes()


def test_unknown_keys_propose_the_closest() -> None:
    with pytest.raises(ConfigError, match="Did you mean: `strategy`"):
        EvolveConfig.read(HEAD | {"stratgy": "cma_es"}, "file")
    with pytest.raises(ConfigError, match="Did you mean: `pairs`"):
        EvolveConfig.read(HEAD | {"task": {"sizes": {"pair": 3}}}, "file")


@pytest.mark.parametrize(
    ("strategy", "settings", "message"),
    [
        ("cma_es", {"populaton": 6}, r"unknown key 'populaton'. Did you mean: `population`"),
        ("cma_es", {"population": "many"}, "population: 'many' is not of type int or NoneType"),
        ("genetic", {"crossover": "blent"}, "crossover: unknown 'blent'. Did you mean: `blend`"),
    ],
)
def test_wrong_settings_of_a_strategy_are_errors(
    strategy: str, settings: dict[str, object], message: str
) -> None:
    content = HEAD | {"strategy": strategy, "strategy_config": settings}
    config = EvolveConfig.read(content, "file")
    with pytest.raises(ConfigError, match=f"strategy_config: {message}"):
        strategy_settings(config)


def test_settings_of_a_strategy_may_be_none() -> None:
    content = HEAD | {"strategy_config": {"population": None, "sigma": 1}}
    settings = strategy_settings(EvolveConfig.read(content, "file"))
    assert (settings.population, settings.sigma) == (None, 1.0)


def test_several_objectives_leave_a_front_of_models(tmp_path: Path) -> None:
    config = EvolveConfig.read(
        HEAD
        | {
            "strategy": "nsga2",
            "strategy_config": {"population": 8},
            "task": {
                "sizes": {"pairs": 6}, "sequences": 2, "sequence_ticks": 60, "scenarios": 2,
                "duration_s": 100.0, "objectives": ["imitation", "rmse_m", "spikes_per_s"],
            },
        },
        "test",
    )  # fmt: skip
    run = Run.create(tmp_path / "run", command="", config=config, seed=0)
    stale = tmp_path / "run/exports/front/99.json"
    stale.parent.mkdir(parents=True)
    stale.touch()
    evolve(config, run, seed=0, budget=Budget(generations=4))
    rows = json.loads((tmp_path / "run/exports/front.json").read_text())
    models = sorted(path.name for path in stale.parent.glob("*.json"))
    assert [f"exports/front/{name}" for name in models] == [row["model"] for row in rows]
    assert len(rows) >= 2
    values = np.array([[row[name] for name in config.task.objectives] for row in rows])
    for row in values:
        dominated_by = np.all(values <= row, axis=1) & np.any(values < row, axis=1)
        assert not dominated_by.any()
    assert load(tmp_path / "run" / rows[0]["model"]).observation_names == ("height_error_m",)


def test_objectives_must_fit_the_strategy(tmp_path: Path) -> None:
    task = {"objectives": ["imitation", "rmse_m"], "sequences": 1, "scenarios": 1}
    config = EvolveConfig.read(HEAD | {"task": task}, "test")
    run = Run.create(tmp_path / "run", command="", config=config, seed=0)
    with pytest.raises(ConfigError, match="nsga2"):
        evolve(config, run, seed=0, budget=Budget(generations=1))
