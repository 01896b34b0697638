"""Batched plant against single plants, bit for bit."""

import numpy as np
import pytest

from snn_control.envs.blimp import plant
from snn_control.envs.blimp.batch import BlimpPlants, stack_scenarios
from snn_control.envs.blimp.presets import PRESETS
from snn_control.envs.blimp.scenario import draw_scenario
from snn_control.errors import ParameterError


def test_batch_equals_single_plants():
    scenarios = [draw_scenario(PRESETS["default"], s, 20.0) for s in range(4)]
    plants = BlimpPlants(scenarios)
    errors = [plants.reset().copy()]
    while not plants.done.all():
        errors.append(plants.step(3.0 + 9.0 * errors[-1]).copy())
    for k, s in enumerate(scenarios):
        state = np.empty(plant.STATE_SIZE)
        plant.reset(state, s.constants)
        for tick in range(s.substeps.size):
            error = s.reference_m[tick] - plant.sense(state, s.constants)
            assert error == errors[tick][k]
            plant.advance(state, s.constants, s.gust_m_s2[2], 3.0 + 9.0 * error, s.substeps[tick])
        assert plants.height_m[k] == state[plant.HEIGHT]
        assert plants.time_s[k] == 20.0


def test_finished_scenarios_keep_their_state():
    plants = BlimpPlants([draw_scenario(PRESETS["clean"], 0, t) for t in (1.0, 2.0)])
    for _ in range(15):
        plants.step(np.zeros(2))
    assert plants.done.tolist() == [True, False]
    assert plants.time_s.tolist() == [1.0, 1.5]


def test_invalid_input_is_an_error():
    with pytest.raises(ParameterError, match="no scenario"):
        stack_scenarios([])
    plants = BlimpPlants([draw_scenario(PRESETS["clean"], 0, 1.0)])
    with pytest.raises(ParameterError, match="expected float64"):
        plants.step(np.zeros(2))
