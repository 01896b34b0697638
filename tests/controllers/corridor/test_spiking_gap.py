"""Spiking gap follower: agreement with the gap follower, engines, files, the shipped model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from snn_control import load
from snn_control.controllers import save
from snn_control.controllers.controller import Controller
from snn_control.controllers.corridor.gap import Gap
from snn_control.controllers.corridor.gap_circuit import CANDIDATES_RAD, gap_circuit
from snn_control.controllers.corridor.spiking_gap import SpikingGap, spiking_gap
from snn_control.engines.reference import ReferenceEngine
from snn_control.envs.corridor.navigation import CorridorNav
from snn_control.errors import ParameterError
from snn_control.network import Network

PICK = [*range(72), 74]
DISTANCES_M = (0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.3, 1.7, 2.1, 2.5)


def drive(controller: Controller, seed: int, world: str = "static") -> list[np.ndarray]:
    """Return the observations of an episode; the last entry of each row is the success."""
    env, rows, done = CorridorNav(world), [], False
    observation, _ = env.reset(seed=seed)
    controller.reset()
    while not done:
        rows.append(observation[PICK])
        observation, _, terminated, truncated, _ = env.step(controller.step(rows[-1]))
        done = terminated or truncated
    return [*rows, np.array(env.metrics()["success"])]


def test_blocked_cells_agree_with_the_free_distances_of_the_gap_follower() -> None:
    gap, circuit = Gap(margin_m=0.1), gap_circuit(margin_m=0.1)
    engine = ReferenceEngine(circuit)
    n_near = circuit.population("near").size
    n = CANDIDATES_RAD.size
    agreeing = []
    for observation in drive(Gap(), 5)[:-1:10]:
        engine.step(observation)
        blocked = engine.spikes[n_near : n_near + 12 * n].reshape(n, 12)[:, 2:] > 0.5
        free_m = gap.free_distances(observation[:72])
        expected = free_m[:, None] < np.array(DISTANCES_M)
        agreeing.append((blocked == expected).mean())
    assert np.mean(agreeing) > 0.95, "thresholds are 15 % apart"


def test_it_passes_corridors_and_chooses_as_the_gap_follower() -> None:
    spiking, gap = spiking_gap(), Gap()
    assert sum(float(drive(spiking, seed)[-1]) for seed in range(10)) >= 9.0
    gap.reset()
    spiking.reset()
    rows = drive(Gap(), 11)[:-1]
    turns = np.array([[c.step(row)[1] for c in (spiking, gap)] for row in rows])
    assert (np.abs(turns[:, 0] - turns[:, 1]) < 0.3).mean() > 0.7


def test_rays_that_were_not_fired_count_as_no_return() -> None:
    one, other = spiking_gap(), spiking_gap()
    observation = np.append(np.full(72, 6.0), 0.0)
    observation[[0, 1, 71]] = 0.6
    partly = observation.copy()
    partly[20:50] = -1.0
    np.testing.assert_array_equal(one.step(observation), other.step(partly))
    assert one.readouts["spikes"] > 0.0
    assert one.spikes.shape == (one.networks[0].n_spiking,)


def test_all_directions_blocked_leads_out_by_the_tight_cells() -> None:
    controller = spiking_gap()
    observation = np.append(np.full(72, 0.27), 0.0)
    observation[10:19] = 3.0
    speed_m_s, turn_rad_s = controller.step(observation)
    assert speed_m_s == pytest.approx(0.0, abs=1e-9)
    assert turn_rad_s > 1.0


@pytest.mark.parametrize("name", ["margin_m", "slow_m", "turn_gain_per_s"])
def test_settings_that_are_not_positive_are_refused(name: str) -> None:
    with pytest.raises(ParameterError, match=f"{name} is -1.0; expected a finite number above 0"):
        spiking_gap(**{name: -1.0})


def test_other_networks_are_refused(tmp_path: Path) -> None:
    swimmer: Network = load("swimmer-spiking").networks[0]
    with pytest.raises(ParameterError, match="expected 72 rays and dyaw_rad"):
        SpikingGap(swimmer)


def test_a_file_and_the_reference_engine_give_the_same_actions(tmp_path: Path) -> None:
    made = spiking_gap(turn_gain_per_s=4.0, margin_m=0.12)
    path = save(made, tmp_path / "model")
    read, reference = load(path), load(path, engine=ReferenceEngine)
    for row in drive(Gap(), 2)[:60]:
        expected = made.step(row)
        np.testing.assert_array_equal(read.step(row), expected)
        np.testing.assert_allclose(reference.step(row), expected, atol=1e-12)
        np.testing.assert_array_equal(read.spikes, reference.spikes)


def test_the_shipped_model_passes_corridors() -> None:
    model = load("corridor-spiking")
    assert model.about["made_by"] == "snn-control evolve corridor-spiking --seed 1"
    assert sum(float(drive(model, seed)[-1]) for seed in range(100, 120)) >= 19.0
