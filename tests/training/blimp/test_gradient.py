"""Training by surrogate gradients: learning, bit-identical resuming, errors."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from snn_control.controllers import Altitude, load
from snn_control.controllers.blimp.free_networks import FreeNetwork, free_network
from snn_control.errors import ConfigError, NotFiniteError, ParameterError
from snn_control.runs import Run
from snn_control.training.blimp.gradient import train
from snn_control.training.blimp.train_config import TrainConfig
from snn_control.training.budget import Budget

TINY = TrainConfig(
    method="gradient",
    name="tiny",
    network=FreeNetwork(encode=12, hidden=8),
    batch=16,
    window_ticks=24,
    burn_in_ticks=4,
    validate_every=5,
    sequences=4,
    validation_sequences=2,
    sequence_ticks=200,
)


def start(folder: Path, config: TrainConfig = TINY) -> Run:
    return Run.create(folder, command="", config=config, seed=3)


def costs(run: Run) -> list[tuple[float, float, float]]:
    return [(r["step"], r["validation"], r["loss"]) for r in run.metrics()]


def test_training_lowers_the_cost_and_saves_a_controller(tmp_path: Path) -> None:
    run = start(tmp_path / "run")
    model = train(TINY, run, seed=3, budget=Budget(generations=150))
    validations = [record["validation"] for record in run.metrics()]
    assert min(validations) == run.metrics()[-1]["best"]
    assert min(validations) < 0.8 * validations[0]
    controller = load(model)
    assert isinstance(controller, Altitude)
    assert controller.networks[0].n_spiking == 20
    assert np.isfinite(controller.step(np.array([0.2]))).all()


def test_a_resumed_training_has_the_same_result(tmp_path: Path) -> None:
    config = dataclasses.replace(TINY, validate_every=1)
    budget = Budget(generations=6)
    whole, broken = start(tmp_path / "whole", config), start(tmp_path / "broken", config)
    expected = train(config, whole, seed=3, budget=budget)

    class StoppedError(Exception):
        pass

    def stop(step: int, *_: float) -> None:
        if step == 4:
            raise StoppedError

    with pytest.raises(StoppedError):
        train(config, broken, seed=3, budget=budget, on_progress=stop)
    broken.close()
    resumed, checkpoint = Run.resume(tmp_path / "broken")
    assert 1 <= checkpoint.step < 6
    model = train(config, resumed, seed=3, budget=budget, resume_from=checkpoint.arrays)
    assert costs(resumed) == costs(whole)
    for suffix in (".json", ".safetensors"):
        assert model.with_suffix(suffix).read_bytes() == expected.with_suffix(suffix).read_bytes()


def test_a_non_finite_loss_saves_the_parameters(tmp_path: Path) -> None:
    run = start(tmp_path / "run")
    wild = dataclasses.replace(TINY, learning_rate=1e30)
    with pytest.raises(NotFiniteError, match="learning_rate"):
        train(wild, run, seed=3, budget=Budget(generations=40))
    assert (tmp_path / "run/crash/arrays.npz").exists()
    assert run.manifest["status"] == "crashed"


def test_a_checkpoint_of_another_training_is_an_error(tmp_path: Path) -> None:
    run = start(tmp_path / "run")
    with pytest.raises(ConfigError, match="of another training"):
        train(
            TINY, run, seed=3, budget=Budget(generations=1),
            resume_from={"generation": np.array(1)},
        )  # fmt: skip


def test_a_checkpoint_without_moments_of_adam_is_an_error(tmp_path: Path) -> None:
    run = start(tmp_path / "run")
    train(TINY, run, seed=3, budget=Budget(generations=2))
    _, checkpoint = Run.resume(tmp_path / "run")
    arrays = {k: v for k, v in checkpoint.arrays.items() if not k.startswith("exp_avg_sq/")}
    with pytest.raises(ConfigError, match="exp_avg_sq/"):
        train(
            TINY, start(tmp_path / "other"), seed=3, budget=Budget(generations=4),
            resume_from=arrays,
        )  # fmt: skip


def test_the_loss_is_linear_in_the_weight_of_the_raw_error(tmp_path: Path) -> None:
    losses = []
    for raw in (0.0, 0.5, 2.0):
        run = start(tmp_path / f"{raw}", dataclasses.replace(TINY, raw=raw))
        train(dataclasses.replace(TINY, raw=raw), run, seed=3, budget=Budget(generations=1))
        losses.append(run.metrics()[0]["loss"])
    average, half, double = losses
    assert 0.0 < average < half
    assert double - average == pytest.approx(4 * (half - average), rel=1e-4)


def test_window_sizes_must_be_consistent() -> None:
    with pytest.raises(ConfigError, match="must remain"):
        dataclasses.replace(TINY, burn_in_ticks=22)
    with pytest.raises(ConfigError, match="longer than sequence_ticks"):
        dataclasses.replace(TINY, window_ticks=300)
    with pytest.raises(ParameterError, match="empty or not positive"):
        FreeNetwork(smallest_gain=10.0, largest_gain=5.0)


def test_random_networks_have_no_pairs_and_repeat_by_seed() -> None:
    one, two = (free_network(FreeNetwork(), np.random.default_rng(1)) for _ in range(2))
    gains = np.asarray(one.connections[0].weights)
    np.testing.assert_array_equal(gains, two.connections[0].weights)
    assert len(np.unique(np.abs(gains))) == gains.size
    assert one.n_spiking == 80


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"validate_every": 0}, "validate_every"),
        ({"batch": 0}, "batch"),
        ({"learning_rate": -1.0}, "learning_rate"),
        ({"surrogate_alpha": float("nan")}, "surrogate_alpha"),
        ({"burn_in_ticks": -1}, "burn_in_ticks"),
        ({"name": "a/b"}, "name"),
        ({"name": "pid"}, "name"),
    ],
)
def test_settings_out_of_range_are_errors(changed: dict, message: str) -> None:  # type: ignore[type-arg]
    with pytest.raises((ConfigError, ParameterError), match=message):
        dataclasses.replace(TINY, **changed)
