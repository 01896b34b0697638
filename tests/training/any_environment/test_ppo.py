"""PPO in any environment: learning, resuming, free parameters and their ranges, errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snn_control.cli.main import main
from snn_control.config import overridden
from snn_control.controllers import load
from snn_control.errors import (
    ConfigError,
    FitnessError,
    NotFiniteError,
    SnnControlError,
    UnknownNameError,
)
from snn_control.evolution.parameter_codec import parameters_of
from snn_control.runs import Run
from snn_control.runs.checksums import read_arrays
from snn_control.training.any_environment.ppo_config import EnvironmentPpoConfig
from snn_control.training.interface import Interface
from snn_control.training.optimisation import optimisation_config, optimise, read_optimisation
from snn_control.training.systems import find_system
from tests.needs import NEEDS_RL

pytest.importorskip("sb3_contrib", reason=NEEDS_RL)

FAULTY = "tests.training.any_environment.faulty_environments:Faulty-v0"
ONE_GAIN = "tests.training.any_environment.faulty_environments:one_gain"
WEIGHTS: dict[str, Any] = {"*.weights": [-3, 3], "hidden_1.bias": [-1, 1]}
CART: dict[str, Any] = {
    "environment": "CartPole-v1",
    "arguments": {"hidden": [8]},
    "parameters": WEIGHTS,
}
GAIN: dict[str, Any] = {
    "environment": FAULTY,
    "controller": ONE_GAIN,
    "arguments": {"neurons": 1},
    "parameters": {"out.bias": [-1, 1]},
}


def config(task: dict[str, Any], values: dict[str, Any] | None = None) -> Any:
    content = {
        "method": "ppo",
        "name": "own",
        "environments": 4,
        "ticks": 16,
        "batch": 32,
        "epochs": 2,
        "validate_every": 1,
        "task": task,
    }
    return optimisation_config(overridden(content, values or {}), "own.yaml")


def trained(folder: Path, made: Any, budget: str, **options: Any) -> tuple[Run, Path]:
    run = Run.create(folder, command="test", config=made, seed=2)
    return run, optimise(made, run, seed=2, budget=budget, **options)


def records(run: Run) -> list[dict[str, Any]]:
    """Return the records without times."""
    return [row | {"elapsed_s": 0} for row in run.metrics()]


def last(run: Run) -> dict[str, bytes]:
    """Return the arrays of the last checkpoint as bytes."""
    (path,) = (run.folder / "checkpoints" / "last").glob("*.npz")
    return {name: array.tobytes() for name, array in read_arrays(path).items()}


def test_the_pole_of_a_cart_is_balanced_longer_after_a_few_thousand_steps(tmp_path: Path) -> None:
    values = {
        "environments": 16, "ticks": 64, "batch": 256, "epochs": 10, "validate_every": 3,
        "task.episodes": 5, "task.arguments.hidden": [16],
    }  # fmt: skip
    run, model = trained(tmp_path / "run", config(CART, values), "8gen")
    rows = records(run)
    assert rows[0]["validation"] > -30.0
    assert rows[-1]["best"] < -100.0
    assert rows[-1]["environment_steps"] > 8 * 16 * 64
    own = find_system(load(model))
    assert own is not None
    assert own.environment == "CartPole-v1"


@pytest.mark.slow
@pytest.mark.parametrize("environment", ["CartPole-v1", "InvertedPendulum-v5"])
def test_the_defaults_solve_poles(environment: str, tmp_path: Path) -> None:
    task = CART | {"environment": environment, "arguments": {"hidden": [16]}, "episodes": 5}
    made = optimisation_config({"method": "ppo", "name": "own", "task": task}, "own.yaml")
    run, _ = trained(tmp_path / "run", made, "45000steps")
    assert records(run)[-1]["best"] <= (-400.0 if environment == "CartPole-v1" else -600.0)


def test_a_bias_approaches_the_best_of_a_closed_form(tmp_path: Path) -> None:
    """Action: bias + 0.25 in the first tick, bias - 0.25 in the nine others."""
    values = {"learning_rate": 0.01, "ticks": 40, "batch": 80, "epochs": 5}
    _, model = trained(tmp_path / "run", config(GAIN, values), "40gen")
    params: Any = load(model).networks[0].populations[0].params
    assert params.bias[0] == pytest.approx(0.7, abs=0.02)


@pytest.mark.parametrize(
    "task",
    [
        CART | {"episodes": 2, "scenarios": "fresh"},
        CART | {"environment": "InvertedPendulum-v5", "arguments": {"recurrent": True}},
    ],
)
def test_an_interrupted_training_resumes_to_the_same_result(
    task: dict[str, Any], tmp_path: Path
) -> None:
    """The rounds end within episodes of up to 500 control periods."""
    made = config(task, {"validate_every": 2})
    whole, model = trained(tmp_path / "whole", made, "6gen")
    part, _ = trained(tmp_path / "part", made, "4gen")
    part.close()
    resumed, checkpoint = Run.resume(part.folder)
    again = optimise(made, resumed, seed=2, budget="6gen", resume_from=checkpoint.arrays)
    assert last(resumed) == last(whole)
    for suffix in (".json", ".safetensors"):
        assert model.with_suffix(suffix).read_bytes() == again.with_suffix(suffix).read_bytes()
    assert records(resumed) == records(whole)
    less = {name: array for name, array in checkpoint.arrays.items() if name != "network_state"}
    with pytest.raises(ConfigError, match="network_state"):
        optimise(made, resumed, seed=2, budget="7gen", resume_from=less)


def test_a_resumed_environment_that_cannot_repeat_begins_new_episodes(tmp_path: Path) -> None:
    task = GAIN | {"options": {"fault": "random"}, "deterministic": False}
    run, _ = trained(tmp_path / "run", config(task, {"ticks": 8}), "1gen")
    run.close()
    resumed, checkpoint = Run.resume(run.folder)
    assert checkpoint.arrays["episode_ticks"].tolist() == [8] * 4
    made = config(task, {"ticks": 8})
    optimise(made, resumed, seed=2, budget="2gen", resume_from=checkpoint.arrays)
    (path,) = (run.folder / "checkpoints" / "last").glob("*.npz")
    after = read_arrays(path)
    assert after["episode_ticks"].tolist() == [8] * 4
    assert after["episodes"].tolist() == [1] * 4


def test_only_free_parameters_change_and_stay_in_their_ranges(tmp_path: Path) -> None:
    ranges: dict[str, Any] = {
        "input->hidden_1.weights": [-0.3, 0.3],
        "hidden_1.tau_mem_s": [0.01, 0.1],
        "hidden_1.threshold": [0.5, 2.0, "log"],
    }
    made = config(CART | {"parameters": ranges}, {"learning_rate": 0.2})
    run, _ = trained(tmp_path / "run", made, "3gen")
    run.close()
    run, checkpoint = Run.resume(run.folder)
    genome = checkpoint.arrays["value/lstm_actor.genome"]
    assert ((genome >= 0.0) & (genome <= 1.0)).all()
    assert ((genome == 0.0) | (genome == 1.0)).any()
    mapping = made.task.genome(Interface.of(made.task.make_environment()))
    after = parameters_of(mapping.controller(genome.astype(np.float64)).networks[0])
    before = parameters_of(mapping.codec.template)
    for name, value in before.items():
        if name not in ranges:
            np.testing.assert_array_equal(after[name], value)
            continue
        assert not np.array_equal(after[name], value)
        low, high, *_ = ranges[name]
        assert np.all((after[name] >= low * (1 - 1e-9) - 1e-9) & (after[name] <= high + 1e-9))


def test_the_best_validated_model_is_kept(tmp_path: Path) -> None:
    run, model = trained(tmp_path / "run", config(CART, {"learning_rate": 0.1}), "5gen")
    task = config(CART).task
    best = task.genome(Interface.of(task.make_environment())).codec.encode(load(model).networks[0])
    (cost,) = task.fitness(seed=2)(best[None])[0]
    assert cost == min(row["validation"] for row in records(run))


@pytest.mark.parametrize(
    ("fault", "kind", "message"),
    [
        ("raise", FitnessError, "environment [0-3] raised ValueError: the motor is on fire"),
        ("nan", NotFiniteError, "observation obs_1 of tick 3 is nan"),
        ("nan reward", NotFiniteError, "reward of tick [0-9]+ is nan"),
    ],
)
def test_a_fault_of_an_environment_keeps_the_state(
    fault: str, kind: type[Exception], message: str, tmp_path: Path
) -> None:
    """Exploration exceeds the threshold of the fault, the first actions do not."""
    made = config(GAIN | {"options": {"fault": fault, "above": 0.9}}, {"action_std": 0.4})
    with pytest.raises(kind, match=message):
        trained(tmp_path / "run", made, "20gen")
    crash = tmp_path / "run" / "crash"
    text = json.loads((crash / "message.json").read_text())["message"]
    assert text.splitlines()[0]
    with np.load(crash / "arrays.npz") as kept:
        assert {"value/lstm_actor.genome", "actions", "step"} <= {*kept.files}


def test_exploding_steps_are_errors_and_save_the_parameters(tmp_path: Path) -> None:
    made = config(CART, {"learning_rate": 1e30, "largest_gradient": 1e30})
    with pytest.raises(NotFiniteError, match="lower largest_gradient or learning_rate"):
        trained(tmp_path / "run", made, "4gen")
    assert (tmp_path / "run" / "crash" / "arrays.npz").exists()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"task.genes": {"seed": [0, 9]}, "task.parameters": {}}, "no gradient.*`method: evolve`"),
        ({"task.objectives": ["spikes_per_decision"]}, "PPO maximises the reward alone"),
        ({"task.objectives": ["min reward"]}, "PPO maximises the reward alone"),
        ({"task.objectives": ["reward", "spikes_per_decision"]}, "use `method: evolve`"),
        ({"method": "gradient"}, "`method: ppo` \\(`snn-control train`\\) or `method: evolve`"),
        ({"batch": 24}, "divisor of environments \\* ticks, 64"),
        ({"batch": 1}, "divisor"),
        ({"discount": 1.0}, "less than 1"),
        ({"environment_steps": 10}, "environment_steps"),
        ({"environments": 0}, "environments"),
        ({"action_std": 0.0}, "action_std"),
        ({"critic": [8, 0]}, "critic"),
        ({"epoch": 3}, "Did you mean: `epochs`"),
        ({"task.parameter": {}}, "Did you mean: `parameters`"),
        ({"name": "own baseline"}, "name"),
    ],
)
def test_wrong_configurations_are_errors(values: dict[str, Any], message: str) -> None:
    with pytest.raises(SnnControlError, match=message):
        config(CART, values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"task.environment": "CartPole-v9"}, "unknown environment"),
        ({"task.parameters": {"in.weights": [0, 1]}}, "matches no parameter"),
        ({"start": {"hidden_1.bais": 0.0}}, "unknown gene"),
        (
            {"task.controller": "snn_control.controllers:PID", "task.arguments": {}},
            "a PID; expected",
        ),
    ],
)
def test_faults_of_a_task_are_errors_before_the_first_round(
    values: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises((SnnControlError, UnknownNameError), match=message):
        trained(tmp_path / "run", config(CART, values), "1gen")


def test_an_environment_that_differs_between_equal_episodes_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not deterministic"):
        trained(tmp_path / "run", config(GAIN | {"options": {"fault": "random"}}), "1gen")


def test_train_resume_and_eval_take_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "run")
    words = ["--set", "environments=4", "--set", "ticks=16", "--set", "batch=64", "--json"]
    assert main(["train", "cartpole", "--budget", "80steps", *words, "--out", out]) == 0
    data = json.loads(capsys.readouterr().out)
    assert Path(data["report"]).read_text("utf-8").count("CartPole-v1")
    assert main(["train", "--resume", out, "--budget", "3gen", "--no-report", "--json"]) == 0
    model = json.loads(capsys.readouterr().out)["model"]
    assert main(["eval", model, "--episodes", "1", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["rows"]
    assert row["metric"] == "total_reward"
    assert row["mean"] >= 8.0
    assert main(["evolve", "cartpole"]) == 1
    assert "run it with `snn-control train`" in capsys.readouterr().err
    assert isinstance(read_optimisation(Path(out) / "config.yaml"), EnvironmentPpoConfig)
