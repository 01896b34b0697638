"""PPO of a swimmer: equal dynamics in training and simulation, learning, resuming, errors."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from snn_control.config import from_mapping
from snn_control.controllers import Swimmer, load
from snn_control.controllers.swimmer.circuit import strengths_of
from snn_control.controllers.swimmer.plan import SwimmerPlan
from snn_control.engines.layout import lay_out
from snn_control.engines.native import NativeEngine
from snn_control.envs.swimmer.batch import SwimmerPool
from snn_control.errors import ConfigError, NotFiniteError, ParameterError, UnknownNameError
from snn_control.runs import Run
from snn_control.training.budget import Budget
from snn_control.training.optimisation import read_optimisation
from snn_control.training.swimmer.closed_loop import swim
from snn_control.training.swimmer.ppo import train_ppo
from snn_control.training.swimmer.ppo_config import PpoConfig
from tests.needs import NEEDS_RL

pytest.importorskip("stable_baselines3", reason=NEEDS_RL)

SMALL = PpoConfig(
    "ppo",
    "small",
    swimmer=SwimmerPlan(n_links=4, posture_start=True),
    bodies=2,
    epochs=2,
    validate_every=1,
    validation_starts=2,
)


def start(folder: Path, config: PpoConfig = SMALL) -> Run:
    return Run.create(folder, command="", config=config, seed=1)


def test_the_vector_environment_equals_the_simulation() -> None:
    from snn_control.training.swimmer.ppo_parts import CircuitActor, SwimmerVecEnv

    plan = SwimmerPlan(n_links=4, cells="graded", sub_ticks=1, posture_start=True, period_ticks=41)
    env = SwimmerVecEnv(plan, 3, seed=5, reward_scale=0.1)
    starts, actor = env.starts(), CircuitActor(plan, ["oscillator"])
    values, total = env.reset(), np.zeros(3)
    for tick in range(1000):
        with torch.no_grad():
            efforts = actor(torch.from_numpy(values).float()).numpy().astype(float)
        env.step_async(efforts)
        values, rewards, done, infos = env.step_wait()
        total += rewards / 0.1
        assert done.all() == (tick == 999)
    assert all(info["TimeLimit.truncated"] for info in infos)
    np.testing.assert_allclose(env.last_returns, total)
    layout = lay_out(plan.network())
    rows = layout.rows([plan.network()])
    own = swim(layout, *rows, SwimmerPool(4), starts, period_ticks=41, posture_start=True)
    np.testing.assert_allclose(env.last_returns, own.returns[0], rtol=1e-3)
    assert not np.array_equal(
        env.starts()[0].joint_rad, starts[0].joint_rad
    )  # starts of the next round


def test_the_actor_equals_the_validated_network() -> None:
    from snn_control.training.swimmer.ppo_parts import CircuitActor

    strengths = {"proprioception": 2.0, "ipsilateral": 3.0}
    plan = SwimmerPlan(n_links=4, cells="graded", sub_ticks=1, strengths=strengths)
    actor = CircuitActor(plan, ["ipsilateral"])
    assert actor.circuit.strengths() == pytest.approx({"ipsilateral": 3.0})
    own, planned = NativeEngine(actor.circuit.network()), NativeEngine(plan.network())
    inputs = np.random.default_rng(0).uniform(0.0, 1.0, (20, len(planned.network.inputs)))
    np.testing.assert_allclose(own.run(inputs).readouts, planned.run(inputs).readouts, atol=1e-6)


def test_it_learns_within_a_few_rounds(tmp_path: Path) -> None:
    config = dataclasses.replace(SMALL, epochs=10, bodies=4, validation_starts=4)
    run = start(tmp_path / "run", config)
    model = train_ppo(config, run, seed=1, budget=Budget(environment_steps=20_000))
    run.finish()
    swimmer = load(model)
    assert isinstance(swimmer, Swimmer)
    assert swimmer.posture_start
    strengths = strengths_of(swimmer.networks[0])
    assert strengths["proprioception"] > 1.1
    assert strengths["contralateral"] < 0.0
    rows = run.metrics()
    assert [row["environment_steps"] for row in rows] == [4000 * k for k in range(1, 6)]
    assert rows[-1]["best"] < rows[0]["best"] - 0.05


def test_an_interrupted_training_resumes_to_the_same_result(tmp_path: Path) -> None:
    config = dataclasses.replace(SMALL, bodies=1)
    whole = start(tmp_path / "whole", config)
    model = train_ppo(config, whole, seed=3, budget=Budget(generations=2))
    interrupted = start(tmp_path / "broken", config)
    train_ppo(config, interrupted, seed=3, budget=Budget(generations=1))
    interrupted.close()
    broken, checkpoint = Run.resume(tmp_path / "broken")
    arrays, budget = checkpoint.arrays, Budget(generations=2)
    assert checkpoint.step == 1
    resumed = train_ppo(config, broken, seed=3, budget=budget, resume_from=arrays)
    for suffix in (".json", ".safetensors"):
        assert model.with_suffix(suffix).read_bytes() == resumed.with_suffix(suffix).read_bytes()
    assert [r["validation"] for r in whole.metrics()] == [r["validation"] for r in broken.metrics()]
    for lacking in ("step", next(name for name in arrays if name.startswith("exp_avg/"))):
        less = {name: array for name, array in arrays.items() if name != lacking}
        with pytest.raises(ConfigError, match=lacking):
            train_ppo(config, broken, seed=3, budget=budget, resume_from=less)


def test_exploding_steps_are_errors_and_save_the_parameters(tmp_path: Path) -> None:
    config = dataclasses.replace(SMALL, bodies=1, learning_rate=1e30, largest_gradient=1e30)
    run = start(tmp_path / "run", config)
    with pytest.raises(NotFiniteError, match="lower"):
        train_ppo(config, run, seed=1, budget=Budget(generations=4))
    assert (
        "largest_gradient" in json.loads((run.folder / "crash/message.json").read_text())["message"]
    )
    with np.load(run.folder / "crash/arrays.npz") as kept:
        values = {name: kept[name] for name in kept.files if name.startswith("value/")}
    assert any(not np.isfinite(value).all() for value in values.values())
    assert run.manifest["status"] == "crashed"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"trained": ["propriception"]}, "proprioception"),
        ({"trained": []}, "at least one"),
        ({"swimmer": {"clock_free": True, "sub_ticks": 15}}, "half-centre"),
        ({"swimmer": {"n_link": 3}}, "n_links"),
        ({"environment_steps": 100}, "environment_steps"),
        ({"updates_per_round": 3}, "divisor"),
        ({"batch": 1}, "batch"),
        ({"batch": 300}, "divisor"),
        ({"discount": 1.0}, "discount"),
        ({"swimmer": {"control_period_s": 0.05}}, "period"),
        ({"swimmer": {"period_ticks": 1}}, "period_ticks"),
        ({"swimmer": {"n_links": 0}}, "n_links"),
        ({"swimmer": {"strengths": {"ipsilaterl": 2.0}}}, "ipsilateral"),
        ({"flights": ["a.csv"]}, "unknown key"),
        ({"action_std": 0.0}, "action_std"),
        ({"epoch": 3}, "epochs"),
    ],
)
def test_wrong_configurations_are_errors(wrong: dict, message: str) -> None:
    with pytest.raises((ConfigError, ParameterError, UnknownNameError), match=message):
        from_mapping(PpoConfig, {"method": "ppo", "name": "x"} | wrong, "file")


def test_the_shipped_configuration_starts_untrained() -> None:
    config = read_optimisation("swimmer")
    assert isinstance(config, PpoConfig)
    own = load("swimmer-spiking", untrained=True)
    assert isinstance(own, Swimmer)
    assert strengths_of(config.swimmer.network()) == strengths_of(own.networks[0])
    assert config.swimmer.period_ticks == own.period_ticks
