"""Fused flights of adapting controllers against the controller object, and the task."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from snn_control.controllers.blimp.forward_config import BlimpForwardConfig, kernel_constants
from snn_control.controllers.blimp.predicted_pd import PredictedPD, predicted_pd
from snn_control.engines.layout import lay_out
from snn_control.envs.blimp.batch import stack_scenarios
from snn_control.envs.blimp.disturbances import draw_disturbed
from snn_control.errors import ConfigError, ParameterError, UnknownNameError
from snn_control.training.blimp.adaptive.closed_loop import fly_adaptive, sign_changes
from snn_control.training.blimp.adaptive.flight import fly_one
from snn_control.training.blimp.adaptive.task import AdaptiveFitness, AdaptiveTask
from snn_control.training.blimp.scenarios import scenario_batch

SMALL = AdaptiveTask().smallest()
START = {"kp": 43.0, "kd": 46.0, "first_step": 0.1, "top": 9.5, "readout_gain": 1.0,
         "beyond_delay_s": 0.1, "speed_walk_m_s_rs": 0.03, "bias_walk_m_s2_rs": 0.008,
         "range_sd_m": 0.004}  # fmt: skip


def test_fused_flights_equal_those_of_the_controller_tick_by_tick() -> None:
    fitness = AdaptiveFitness(SMALL, seed=2)
    genome = fitness.start(START, 1)
    controller = fitness.controller(genome)
    names = SMALL.conditions
    seeds = np.random.SeedSequence(2).generate_state(len(names))
    scenarios = [
        draw_disturbed(n, int(s), SMALL.duration_s) for n, s in zip(names, seeds, strict=True)
    ]
    flights = [fly_one(controller, scenario) for scenario in scenarios]
    network = controller.networks[0]
    layout = lay_out(network)
    config = fitness.model(genome[5:])
    bank, numbers = kernel_constants(config)
    fused = fly_adaptive(
        layout, *layout.rows([network]), numbers[None], bank, np.array([config.shadow_gate_m]),
        stack_scenarios(scenarios),
    )  # fmt: skip
    np.testing.assert_array_equal(fused.iae_m_s[0], [each.iae_m_s() for each in flights])
    np.testing.assert_array_equal(fused.overshoot_m[0], [each.overshoot_m for each in flights])
    signs = [each.sign_changes_per_min for each in flights]
    np.testing.assert_allclose(fused.sign_changes_per_min[0], signs, rtol=1e-12)


def test_a_better_genome_costs_less_and_equal_ones_the_same() -> None:
    fitness = AdaptiveFitness(SMALL, seed=3)
    good = fitness.start(START, 1)
    sluggish = fitness.start({**START, "kp": 12.0, "kd": 12.0}, 1)
    costs = fitness(np.stack([good, sluggish, good]))
    assert costs.shape == (3, 1)
    assert costs[0] == costs[2]
    assert costs[0] < 0.8 * costs[1]


def test_fixed_numbers_are_no_genes() -> None:
    task = dataclasses.replace(SMALL, fixed={"kp": 40.0, "range_sd_m": 0.005})
    fitness = AdaptiveFitness(task, seed=1)
    assert fitness.n_genes == AdaptiveFitness(SMALL, seed=1).n_genes - 2
    controller = fitness.controller(fitness.start({}, 1))
    assert controller.model.document()["range_sd_m"] == 0.005
    with pytest.raises(UnknownNameError, match="gene"):
        fitness.start({"kp": 1.0}, 1)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"conditions": ("nominal",)}, ConfigError),
        ({"conditions": ("wide", "rain")}, UnknownNameError),
        ({"scenarios": 1}, ParameterError),
        ({"duration_s": 10.0}, ConfigError),
    ],
)
def test_wrong_settings_are_refused(options: dict, error: type[Exception]) -> None:
    with pytest.raises(error):
        AdaptiveTask(**options)


def test_an_unknown_fixed_number_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="gene"):
        AdaptiveFitness(dataclasses.replace(SMALL, fixed={"kq": 1.0}), seed=1)


def test_a_network_of_other_inputs_is_refused() -> None:
    from snn_control.controllers.blimp.thermometer_pd import ThermometerPD, thermometer_pd

    network = thermometer_pd(ThermometerPD(pairs=4))
    layout = lay_out(network)
    bank, numbers = kernel_constants(BlimpForwardConfig())
    with pytest.raises(ParameterError, match="height error and climb rate"):
        fly_adaptive(
            layout, *layout.rows([network]), numbers[None], bank, np.zeros(1),
            scenario_batch(("clean",), 1, 100.0, 1),
        )  # fmt: skip


def test_sign_changes_of_a_known_sequence() -> None:
    commands = np.array([1.0, -1.0, 0.0, -2.0, 3.0, 0.0, 0.0, -1.0])
    assert sign_changes(commands, commands.size) == 3


def test_the_network_multiplies_error_and_climb_rate_by_its_gains() -> None:
    """Code of steps of 0.05: the decoded value is within half a step of kp e - kd v."""
    from snn_control.engines.native import NativeEngine

    numbers = PredictedPD(pairs=60, kp=20.0, kd=10.0, first_step=0.05, top=4.0)
    engine = NativeEngine(predicted_pd(numbers))
    for error_m, climb in ((0.1, 0.0), (0.0, 0.1), (-0.12, 0.05), (0.05, -0.15)):
        engine.reset()
        output = float(engine.step(np.array([error_m, climb]))[0])
        assert abs(output - (20.0 * error_m - 10.0 * climb)) < 0.06
