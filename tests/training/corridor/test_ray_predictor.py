"""Predictors: equality with torch, learning on the world `static`, files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from snn_control.errors import ModelFileError, ParameterError
from snn_control.loops.corridor.predictor import CELLS, Cells, Predicted, Predictor
from snn_control.loops.corridor.rays import N_RAYS, REACH_M, Motion
from snn_control.training.corridor.ray_predictor import (
    PredictorConfig,
    Scans,
    collect_scans,
    correct,
    train_predictor,
)

SMALL = PredictorConfig(scan_episodes=6, width=8, updates=300, batch=32)


@pytest.fixture(scope="module")
def data() -> Scans:
    return collect_scans(SMALL, 1)


@pytest.mark.parametrize("cells", CELLS)
def test_inference_equals_torch(data: Scans, cells: Cells) -> None:
    predictor = train_predictor(data, cells, PredictorConfig(width=8, updates=2), 3)
    weights, biases = (
        [torch.tensor(array) for array in arrays]
        for arrays in (predictor.weights, predictor.biases)
    )
    inputs = torch.tensor(data.inputs[:20])
    expected = correct(inputs, weights, biases, cells, beta=10.0).numpy()
    for each, row in zip(data.inputs[:20], expected, strict=True):
        correction_m, n_spikes = predictor.correction_m(each)
        np.testing.assert_allclose(correction_m, row, atol=1e-9)
        assert (n_spikes > 0.0) == (cells == "spiking")


@pytest.mark.parametrize("cells", CELLS)
def test_a_turned_scan_has_the_turned_prediction(data: Scans, cells: Cells) -> None:
    predictor = train_predictor(data, cells, PredictorConfig(width=8, updates=2), 3)
    inputs = data.inputs[40]
    turned, _ = predictor.correction_m(np.roll(inputs, 11, axis=1))
    np.testing.assert_allclose(turned, np.roll(predictor.correction_m(inputs)[0], 11), atol=1e-9)


@pytest.mark.parametrize("cells", CELLS)
def test_training_lowers_the_error_on_other_episodes(data: Scans, cells: Cells) -> None:
    predictor = train_predictor(data, cells, SMALL, 2)
    again = train_predictor(data, cells, SMALL, 2)
    for one, repeated in zip(predictor.weights, again.weights, strict=True):
        np.testing.assert_array_equal(one, repeated)
    other = collect_scans(SMALL, 9)
    errors = []
    for inputs, estimated_m, fired, true_m in zip(
        other.inputs, other.estimated_m, other.fired, other.true_m, strict=True
    ):
        predicted_m = np.clip(estimated_m + predictor.correction_m(inputs)[0], 0.0, REACH_M)
        weight = ~fired / (0.5 + true_m)
        errors.append(
            [(weight * _loss(each - true_m)).sum() for each in (predicted_m, estimated_m)]
        )
    predicted, remembered = np.mean(errors, axis=0)
    assert predicted < 0.99 * remembered


def _loss(beyond_m: np.ndarray) -> np.ndarray:
    return np.where(beyond_m > 0.0, 0.6 * beyond_m, -0.4 * beyond_m)


def test_both_cells_have_the_same_number_of_parameters(data: Scans) -> None:
    quick = PredictorConfig(width=8, updates=1)
    sizes = {train_predictor(data, cells, quick, 1).n_parameters for cells in CELLS}
    assert sizes == {8 * 4 * 7 + 8 + 8 * 8 * 7 + 8 + 8 * 7 + 1}


def test_measured_rays_are_not_made_farther(data: Scans) -> None:
    predictor = train_predictor(data, "spiking", PredictorConfig(width=8, updates=1), 1)
    completion = Predicted(predictor)
    range_m = np.full(N_RAYS, -1.0)
    range_m[[0, 9, 30]] = 1.0, 2.0, 3.0
    estimated = completion.update(range_m, Motion())
    assert estimated.range_m[[0, 9, 30]] == pytest.approx([1.0, 2.0, 3.0])
    assert ((estimated.range_m >= 0.0) & (estimated.range_m <= REACH_M)).all()
    assert completion.n_spikes > 0.0


def test_weights_are_saved_and_damage_is_an_error(data: Scans, tmp_path: Path) -> None:
    predictor = train_predictor(data, "spiking", PredictorConfig(width=8, updates=1), 1)
    path = tmp_path / "own.npz"
    predictor.save(path)
    loaded = Predictor.load(path)
    np.testing.assert_array_equal(
        loaded.correction_m(data.inputs[5])[0], predictor.correction_m(data.inputs[5])[0]
    )
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ModelFileError, match=r"own\.npz"):
        Predictor.load(path)
    with pytest.raises(ParameterError, match="expected 3 layers"):
        Predictor("spiking", predictor.weights[:2], predictor.biases[:2])
    with pytest.raises(ParameterError, match="kernel is 4"):
        PredictorConfig(kernel=4)
