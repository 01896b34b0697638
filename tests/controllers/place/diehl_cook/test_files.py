"""Saved modules: identical responses and training after loading, and broken files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from snn_control.controllers.place.diehl_cook.files import KIND
from snn_control.controllers.place.diehl_cook.module import DiehlCookConfig, DiehlCookModule
from snn_control.errors import ModelFileError, ParameterError
from snn_control.network.files import read_pair, write_pair
from snn_control.plasticity.triplet_stdp import TripletSTDP
from snn_control.runs.checksums import to_json

SMALL = DiehlCookConfig(
    n_inputs=6, n_excitatory=4, rate_per_level_hz=1.0, weight_sum=4.0, first_rest_s=0.06,
    image_s=0.15, rest_s=0.004, epochs=2, assignment_epochs=1, theta_rise_v=5e-4,
    stdp=TripletSTDP(pre_sign=-1),
)  # fmt: skip
"""Module with a rest below the longest delay, so that spikes are in transit between images."""
IMAGES = np.random.default_rng(2).integers(0, 256, (2, 3, 2, 3)).astype(np.uint8)


@pytest.fixture
def module() -> DiehlCookModule:
    module = DiehlCookModule(3, SMALL, seed=4)
    module.fit(IMAGES)
    return module


def test_loaded_module_responds_bit_for_bit(module: DiehlCookModule, tmp_path: Path) -> None:
    document = module.save(tmp_path / "module")
    assert document == tmp_path / "module.json"
    loaded = DiehlCookModule.load(document)
    assert (loaded.n_places, loaded.seed, loaded.config) == (3, 4, SMALL)
    for name in ("weights", "delays_s", "theta_v", "training_counts", "training_places"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(module, name), strict=True)
    np.testing.assert_array_equal(loaded.assigned, module.assigned)
    queries = IMAGES.reshape(-1, 2, 3)
    responses = module.responses(queries, draw=1)
    assert responses.sum() > 10
    np.testing.assert_array_equal(loaded.responses(queries, draw=1), responses)
    for weighted in (False, True):
        np.testing.assert_array_equal(
            loaded.scores(responses, weighted), module.scores(responses, weighted)
        )


def test_saving_again_writes_the_same_bytes(module: DiehlCookModule, tmp_path: Path) -> None:
    module.save(tmp_path / "a")
    DiehlCookModule.load(tmp_path / "a").save(tmp_path / "b")
    for suffix in ("json", "safetensors"):
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


@pytest.mark.parametrize("epochs_before", [0, 1])
def test_loaded_module_continues_learning_bit_for_bit(epochs_before: int, tmp_path: Path) -> None:
    module = DiehlCookModule(3, SMALL, seed=4)
    if epochs_before:
        module.fit(IMAGES, epochs_before)
        assert module.training is not None
        assert module.training.in_transit.steps.size > 0
    loaded = DiehlCookModule.load(module.save(tmp_path / "module"))
    for one in (module, loaded):
        one.fit(IMAGES, epochs=2)
    assert module.training_counts.sum() > 10
    for name in ("weights", "theta_v", "training_counts", "training_places"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(module, name))


def test_untrained_module_stays_untrained(tmp_path: Path) -> None:
    loaded = DiehlCookModule.load(DiehlCookModule(3, SMALL).save(tmp_path / "module"))
    with pytest.raises(ParameterError, match="call `fit` first"):
        _ = loaded.assigned


BROKEN_ARRAYS: dict[str, Any] = {
    "weights": lambda x: x[:, :3],
    "delays": lambda x: x + 101,
    "theta_v": lambda x: np.full_like(x, np.inf),
    "training_counts": lambda x: x[:, :3],
    "training_places": lambda x: x + 3,
    "training.late": lambda x: x.astype(np.int32),
    "training.arrived": lambda x: np.zeros_like(x),
    "training.steps": lambda x: x[::-1] - np.arange(x.size, dtype=np.int32),
    "training.sources": lambda x: x + 6,
    "training.spiked": lambda x: x[:, np.newaxis],
    "training.v_v": lambda x: x.astype(np.float32),
}


@pytest.mark.parametrize("name", BROKEN_ARRAYS)
def test_broken_arrays_are_named(name: str, module: DiehlCookModule, tmp_path: Path) -> None:
    path = module.save(tmp_path / "module")
    document, tensors = read_pair(path, KIND)
    for broken in (
        tensors | {name: np.ascontiguousarray(BROKEN_ARRAYS[name](tensors[name]))},
        {key: value for key, value in tensors.items() if key != name},
    ):
        write_pair(path, document, broken)
        with pytest.raises(ModelFileError, match=rf"module\.json: array '{name}'"):
            DiehlCookModule.load(path)


def test_nan_and_unknown_arrays_are_refused(module: DiehlCookModule, tmp_path: Path) -> None:
    path = module.save(tmp_path / "module")
    document, tensors = read_pair(path, KIND)
    write_pair(path, document, tensors | {"weights": np.full((6, 4), np.nan)})
    with pytest.raises(ModelFileError, match="weights holds NaN"):
        DiehlCookModule.load(path)
    write_pair(path, document, tensors | {"gains": np.ones(4)})
    with pytest.raises(ModelFileError, match="unknown array 'gains'"):
        DiehlCookModule.load(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "place_map"}, "kind is 'place_map', expected 'diehl_cook_module'"),
        ({"schema_version": 2}, "schema_version is 2"),
        ({"n_places": 0}, "n_places: expected an integer"),
        ({"n_places": 2}, "array 'training_places'"),
        ({"seed": "4"}, "seed: expected an integer"),
        ({"config": {"tau_e": 0.1}}, "config: unknown key 'tau_e'. Did you mean: .tau_e_s"),
        ({"config": {"tau_e_s": -0.1}}, "tau_e_s is -0.1"),
        ({"config": {"n_inputs": 7}}, "array 'weights'"),
        ({"random": {"state": 1}}, "field random.inc is missing"),
        ({"random": {"state": -1, "inc": 1}}, "random.state: expected an integer"),
        ({"weights": []}, "unknown field 'weights'"),
        ({"about": None, "config": None}, "config: expected keys and values"),
    ],
)
def test_broken_documents_are_refused(
    change: dict[str, Any], message: str, module: DiehlCookModule, tmp_path: Path
) -> None:
    path = module.save(tmp_path / "module")
    path.write_bytes(to_json(json.loads(path.read_text()) | change))
    with pytest.raises(ModelFileError, match=message):
        DiehlCookModule.load(path)


def test_other_arrays_and_missing_files_are_refused(
    module: DiehlCookModule, tmp_path: Path
) -> None:
    path = module.save(tmp_path / "module")
    arrays = path.with_suffix(".safetensors")
    arrays.write_bytes(safetensors.numpy.save({"weights": module.weights}))
    with pytest.raises(ModelFileError, match="arrays_sha256"):
        DiehlCookModule.load(path)
    arrays.unlink()
    with pytest.raises(ModelFileError, match="No such file"):
        DiehlCookModule.load(path)
