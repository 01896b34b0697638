"""Swimmers on disk, untrained, and on bodies of other lengths."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from snn_control.controllers import Swimmer, load, save
from snn_control.controllers.swimmer.circuit import (
    HalfCentre,
    strengths_of,
    swimmer_circuit,
    unit_strengths,
)
from snn_control.controllers.swimmer.homeostasis import Homeostasis
from snn_control.controllers.swimmer.plan import SwimmerPlan
from snn_control.errors import ModelFileError, ParameterError
from snn_control.network import Network
from snn_control.runs.checksums import to_json

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


def test_a_saved_swimmer_is_loaded_unchanged(tmp_path: Path) -> None:
    homeostasis = Homeostasis(np.array([0.4, 0.5]), rate_per_s=2.0)
    saved = Swimmer(network("spiking", **TRAINED), 45, True, homeostasis)
    read = load(save(saved, tmp_path / "mine"))
    assert isinstance(read, Swimmer)
    assert read.to_document().settings == saved.to_document().settings
    rng = np.random.default_rng(0)
    for _ in range(200):
        q = rng.uniform(-0.9, 0.9, 3)
        np.testing.assert_array_equal(read.step(q), saved.step(q))


@pytest.mark.parametrize("cells", ["graded", "spiking", "free"])
def test_untrained_is_the_circuit_before_training(cells: str, tmp_path: Path) -> None:
    path = save(Swimmer(network(cells, **TRAINED), 45, True), tmp_path / "mine")
    untrained, fresh = load(path, untrained=True), Swimmer(network(cells))
    assert isinstance(untrained, Swimmer)
    assert (untrained.period_ticks, untrained.posture_start) == (60, False)
    rng = np.random.default_rng(1)
    for _ in range(200):
        q = rng.uniform(-0.9, 0.9, 3)
        np.testing.assert_array_equal(untrained.step(q), fresh.step(q))


@pytest.mark.parametrize("cells", ["graded", "spiking", "free"])
def test_strengths_are_read_from_a_network(cells: str) -> None:
    strengths = strengths_of(network(cells, **TRAINED))
    assert strengths == TRAINED | {"brake": -1.0, "turn": 1.0}
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
def test_wrong_settings_in_a_file_are_errors(settings: dict, tmp_path: Path) -> None:
    path = save(Swimmer(network("graded")), tmp_path / "mine")
    document = json.loads(path.read_text())
    path.write_bytes(to_json(document | {"settings": settings}))
    with pytest.raises((ModelFileError, ParameterError), match=r"settings|period|set|homeo"):
        load(path)


def test_a_circuit_is_rescaled_to_bodies_of_another_length(tmp_path: Path) -> None:
    trained = Swimmer(network("spiking", **TRAINED), 60, True)
    path = save(trained, tmp_path / "mine")
    longer, shorter = load(path, n_links=9), load(path, n_links=3)
    assert isinstance(longer, Swimmer)
    assert isinstance(shorter, Swimmer)
    assert (len(longer.action_names), len(shorter.action_names)) == (8, 2)
    assert (longer.period_ticks, shorter.period_ticks) == (60, round(60 * np.sqrt(3 / 4)))
    assert (longer.posture_start, shorter.posture_start) == (True, True)
    gains = [strengths_of(s.networks[0])["proprioception"] for s in (longer, shorter)]
    assert gains == pytest.approx([4.7, 4.7 * (4 / 3) ** 2])
    # Joint limits: 0.9 rad on the original body, less with nine links.
    bent = np.full(8, 4 / 9 * 0.9)
    graded = Swimmer(network("graded"))
    again = graded.plan.on(9).network().populations
    assert [p.size for p in again] == [16, 16, 16]
    first = longer.step(bent), load(path, n_links=9).step(1.1 * bent)
    np.testing.assert_array_equal(*first)  # saturated


def test_the_plan_of_a_swimmer_rebuilds_it(tmp_path: Path) -> None:
    for cells in ("graded", "spiking", "free"):
        swimmer = Swimmer(network(cells, **TRAINED), 45, True)
        again = Swimmer.planned(swimmer.plan)
        assert again.to_document().settings == swimmer.to_document().settings
        rng = np.random.default_rng(2)
        for _ in range(50):
            q = rng.uniform(-0.9, 0.9, 3)
            np.testing.assert_allclose(again.step(q), swimmer.step(q), atol=1e-9)


def test_only_circuits_with_shared_strengths_fit_other_bodies(tmp_path: Path) -> None:
    own = swimmer_circuit(3, 0.9).unshared(["proprioception"]).network()
    path = save(Swimmer(own), tmp_path / "own")
    with pytest.raises(ParameterError, match="fits the body"):
        load(path, n_links=5)
    dead = SwimmerPlan(n_links=4).network(["stretch_dorsal_1"])
    with pytest.raises(ParameterError, match="fits the body"):
        load(save(Swimmer(dead), tmp_path / "dead"), n_links=5)
    with pytest.raises(ParameterError, match="n_links is 0"):
        load("swimmer-spiking", n_links=0)
    with pytest.raises(ParameterError, match="3 to 30"):
        load(save(Swimmer(network("graded")), tmp_path / "mine"), n_links=31)


def test_options_apply_on_any_body() -> None:
    adapting = Homeostasis(np.full(7, 0.5))
    swimmer = load("swimmer", n_links=9, homeostasis=Homeostasis(np.full(7, 0.5)))
    assert isinstance(swimmer, Swimmer)
    assert swimmer.to_document().settings["homeostasis"] == adapting.document()
    slow = load("swimmer", untrained=True, period_ticks=90)
    assert isinstance(slow, Swimmer)
    assert slow.period_ticks == 90
    assert load("swimmer", period_ticks=90).period_ticks == 90  # type: ignore[attr-defined]
