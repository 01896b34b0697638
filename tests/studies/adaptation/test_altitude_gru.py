"""GRU of the blimp: equal to torch, differentiable model against the plant, training, errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from snn_control.envs.blimp import plant
from snn_control.envs.blimp.disturbances import draw_disturbed
from snn_control.errors import ParameterError, UnknownNameError
from snn_control.studies.adaptation import altitude_gru
from snn_control.studies.adaptation.support import gru_training
from snn_control.studies.adaptation.support.differentiable_blimp import Episodes, Window
from snn_control.studies.adaptation.support.gru_controller import (
    HIDDEN,
    N_INPUTS,
    GRUController,
    n_multiplications,
    n_parameters,
)
from snn_control.studies.adaptation.support.gru_training import GRUTraining, train_gru
from snn_control.training.blimp.adaptive.flight import fly_one


def weights(seed: int = 1) -> dict[str, np.ndarray]:
    drawn = gru_training._initial(torch.Generator().manual_seed(seed))
    return {name: value.detach().double().numpy() for name, value in drawn.items()}


def test_the_controller_equals_the_cell_of_torch() -> None:
    arrays = weights()
    cell = torch.nn.GRUCell(N_INPUTS, HIDDEN, dtype=torch.float64)
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    cell.load_state_dict({name: torch.from_numpy(arrays[name]) for name in names})
    made, hidden, before_m, command = GRUController(arrays), torch.zeros(HIDDEN).double(), 0.3, 0.0
    for error_m, reference_m, dt_s in ((0.3, 1.0, 0.0), (0.2, 1.5, 0.1), (-0.4, 0.5, 0.3)):
        rate_m_s = (error_m - before_m) / dt_s if dt_s else 0.0
        inputs = torch.tensor([2.0 * error_m, 2.0 * rate_m_s, command / 5.0, reference_m - 1.0])
        hidden = cell(inputs.double(), hidden)
        output = hidden @ torch.from_numpy(arrays["weight_out"][0]) + arrays["bias_out"][0]
        command = 10.0 * torch.tanh(output).item()
        before_m = error_m
        step = made.step(np.array([error_m, reference_m, dt_s]))
        assert step.item() == pytest.approx(command, abs=1e-6)


def test_size() -> None:
    assert sum(array.size for array in weights().values()) == n_parameters() <= 2100
    assert n_multiplications() < n_parameters() + 2 * HIDDEN


@pytest.mark.parametrize("condition", ["clean", "all", "wide"])
def test_the_differentiable_model_follows_the_plant(condition: str) -> None:
    """Heights over 6 s of commands that swing around hover, from the start of an episode."""
    scenario = draw_disturbed(condition, 7)
    constants, state = scenario.constants.copy(), np.empty(plant.STATE_SIZE)
    episodes = Episodes([Window(scenario, 0.0, 60.0)])
    plant.reset(state, constants)
    random, heights = np.random.default_rng(3), []
    for tick in range(60):
        command = 4.5 - 5.0 * (tick > 25) + random.normal()
        plant.advance(state, constants, np.ascontiguousarray(scenario.gust_m_s2[2]), command, 10)
        episodes._command = torch.tensor([command], dtype=torch.float32)
        episodes._advance(tick)
        heights.append((state[plant.HEIGHT], episodes._height_m.item()))
    truth, model = np.array(heights).T
    assert np.ptp(truth) > 0.1
    assert np.abs(model - truth).max() < 0.1 * np.ptp(truth)


def test_training_lowers_the_error_and_repeats() -> None:
    config = GRUTraining(updates=40, batch=24, chunk_ticks=100, validate_every=20)
    seen: list[float] = []
    first = train_gru(config, 1, lambda update, iae_m_s: seen.append(iae_m_s), ["clean"])
    again = train_gru(config, 1, conditions=["clean"])
    for name, array in first.items():
        np.testing.assert_array_equal(array, again[name])
    scenario = draw_disturbed("clean", 5, 60.0)
    untrained, trained = (fly_one(GRUController(each), scenario) for each in (weights(1), first))
    assert trained.iae_m_s() < 0.7 * untrained.iae_m_s()
    assert len(seen) == 2


def test_the_study_writes_weights_and_rows(tmp_path: Path) -> None:
    training = GRUTraining(updates=2, batch=4, chunk_ticks=20, validate_every=2)
    config = altitude_gru.Config(
        seeds=2, networks=2, conditions=("clean",), duration_s=20.0, training=training
    )
    rows = {row["controller"]: row for row in altitude_gru.run(config, folder=tmp_path).rows}
    assert list(rows) == ["frozen", "adaptive", "gru", "gru 0", "gru 1"]
    assert rows["frozen"]["iae_ratio"] == 1.0
    mean = 0.5 * (rows["gru 0"]["iae_m_s"] + rows["gru 1"]["iae_m_s"])
    assert rows["gru"]["iae_m_s"] == pytest.approx(mean)
    with np.load(tmp_path / altitude_gru.FILE) as file:
        named = {name.removeprefix("1/"): file[name] for name in file if name.startswith("1/")}
    scenario = draw_disturbed("clean", config.first_seed, 20.0)
    assert fly_one(GRUController(named), scenario).iae_m_s() > 0.0


def test_wrong_settings_are_refused() -> None:
    with pytest.raises(ParameterError, match="networks"):
        altitude_gru.Config(networks=0)
    with pytest.raises(ParameterError, match="belong to training"):
        altitude_gru.Config(first_seed=gru_training.FIRST_SEED - 12)
    with pytest.raises(UnknownNameError):
        altitude_gru.Config(conditions=("rain",))
    with pytest.raises(ParameterError, match="updates"):
        GRUTraining(updates=0)
    with pytest.raises(ParameterError, match="at most 600"):
        GRUTraining(chunk_ticks=601)
