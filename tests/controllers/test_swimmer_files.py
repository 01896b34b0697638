"""Swimmers on disk, and as they were before training."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from snn_control.controllers import Altitude, Swimmer, load, save
from snn_control.controllers.homeostasis import Homeostasis
from snn_control.controllers.swimmer_circuit import (
    HalfCentre,
    strengths_of,
    swimmer_circuit,
    unit_strengths,
)
from snn_control.errors import ModelFileError, ParameterError
from snn_control.network import Network

TRAINED = {"proprioception": 4.7, "oscillator": 0.6, "ipsilateral": 2.0, "contralateral": -1.3}


def network(cells: str, **strengths: float) -> Network:
    free = cells == "free"
    return swimmer_circuit(
        3,
        0.9,
        cells="graded" if cells == "graded" else "spiking",
        sub_ticks={"graded": 1, "spiking": 5, "free": 15}[cells],
        half_centre=HalfCentre() if free else None,
    ).network(strengths)


def test_a_swimmer_comes_back_as_it_was(tmp_path: Path) -> None:
    homeostasis = Homeostasis(np.array([0.4, 0.5]), rate_per_s=2.0)
    saved = Swimmer(network("spiking", **TRAINED), 45, True, homeostasis)
    read = load(save(saved, tmp_path / "mine"))
    assert isinstance(read, Swimmer)
    assert read.settings() == saved.settings()
    rng = np.random.default_rng(0)
    for _ in range(200):
        q = rng.uniform(-0.9, 0.9, 3)
        np.testing.assert_array_equal(read.step(q), saved.step(q))


@pytest.mark.parametrize("cells", ["graded", "spiking", "free"])
def test_untrained_is_the_circuit_before_training(cells: str, tmp_path: Path) -> None:
    path = save(Swimmer(network(cells, **TRAINED), 45, True), tmp_path / "mine")
    untrained, fresh = load(f"{path}:untrained"), Swimmer(network(cells))
    assert isinstance(untrained, Swimmer)
    assert (untrained.period_ticks, untrained.posture_start) == (60, False)
    rng = np.random.default_rng(1)
    for _ in range(200):
        q = rng.uniform(-0.9, 0.9, 3)
        np.testing.assert_array_equal(untrained.step(q), fresh.step(q))


@pytest.mark.parametrize("cells", ["graded", "spiking", "free"])
def test_strengths_are_read_from_a_network(cells: str) -> None:
    found = strengths_of(network(cells, **TRAINED))
    assert found == TRAINED | {"brake": -1.0, "turn": 1.0}
    assert set(strengths_of(unit_strengths(network(cells, **TRAINED))).values()) == {-1.0, 1.0}


@pytest.mark.parametrize(
    "settings",
    [
        {"period_ticks": 1},
        {"period_ticks": "60"},
        {"posture_start": 1},
        {"pace": 3},
        {"homeostasis": {"set_points": [0.5, 2.0]}},
        {"homeostasis": {"set_points": [0.5]}},
        {"homeostasis": {"speed": 1}},
    ],
)
def test_wrong_settings_in_a_file_are_named(settings: dict, tmp_path: Path) -> None:
    path = save(Swimmer(network("graded")), tmp_path / "mine")
    document = json.loads(path.read_text())
    path.write_text(json.dumps(document | {"settings": settings}))
    with pytest.raises((ModelFileError, ParameterError), match=r"settings|period|set|homeo"):
        load(path)


def test_only_swimmers_are_untrained() -> None:
    assert isinstance(load("blimp-altitude"), Altitude)
    with pytest.raises((ModelFileError, ParameterError), match="no swimmer"):
        load("blimp-altitude:untrained")
