"""Forward model of the blimp against the native plant: prediction, learning, frozen lidar."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from snn_control.controllers.blimp import forward_kernels as kernels
from snn_control.controllers.blimp import forward_layout as layout
from snn_control.controllers.blimp.forward_config import (
    CHANGES,
    DELAYS,
    BlimpForwardConfig,
    Hypothesis,
)
from snn_control.controllers.blimp.forward_model import BlimpForwardModel
from snn_control.controllers.blimp.motion import BlimpMotion
from snn_control.envs.blimp import plant
from snn_control.envs.blimp.parameters import BlimpParameters
from snn_control.envs.blimp.presets import blimp_parameters
from snn_control.envs.blimp.scenario import constants_row
from snn_control.errors import ParameterError

EXACT = {"spread": 0.0, "quantisation": False, "blind_zone": False, "start_height_m": 1.0}
ONE = BlimpForwardConfig(hypotheses=DELAYS[:1], beyond_delay_s=0.0, range_sd_m=0.005)


class Blimp:
    """Native plant without disturbances, driven at 10 Hz."""

    def __init__(self, **changes: float) -> None:
        nominal = blimp_parameters("clean", EXACT | changes)
        self.constants = constants_row(nominal)
        self.state = np.empty(plant.STATE_SIZE)
        plant.reset(self.state, self.constants)
        self.gust = np.zeros(100)

    @property
    def height_m(self) -> float:
        return float(self.state[plant.HEIGHT])

    def hold(self, command: float, steps: int = 10) -> None:
        plant.advance(self.state, self.constants, self.gust, command, steps)


def commands(n: int, seed: int = 0) -> list[float]:
    """Return commands around hover, each held for a second, some of them reversed."""
    rng = np.random.default_rng(seed)
    levels = 3.1 + rng.uniform(-2.0, 2.0, n)
    levels[rng.random(n) < 0.1] = -3.0
    return np.repeat(levels, 10)[:n].tolist()


def test_motors_and_servo_are_those_of_the_plant() -> None:
    parameters = BlimpParameters()
    for command in (-10.0, -3.0, -0.2, 0.0, 0.2, 0.31, 3.1, 9.99, 12.0):
        expected = plant.signed_duty(command, parameters.dead_zone_motor_units, 1.0)
        assert kernels.signed_duty(command, parameters.dead_zone_motor_units) == expected
    assert math.isclose(
        BlimpForwardModel(ONE)._numbers[layout.SERVO_STEP],
        parameters.servo_rate_rad_s * plant.PHYSICS_STEP_S,
    )


def test_prediction_is_the_height_after_the_dead_time() -> None:
    """Prediction at a tick, with known parameters, against the height 0.33 s later."""
    blimp, model = Blimp(), BlimpForwardModel(ONE)
    heights, predictions, sent = [blimp.height_m], [], 0.0
    for command in commands(300):
        model.tick((1.0, blimp.height_m, 0.1), sent, True, 0.0)
        predictions.append(model.readouts["predicted_height_m"])
        for _ in range(10):
            blimp.hold(command, 1)
            heights.append(blimp.height_m)
        sent = command
    later = [heights[10 * k + 33] for k in range(290)]
    errors = np.abs(np.array(predictions[:290]) - later)
    assert errors[5:].max() < 2e-3
    moved = np.abs(np.array(later) - heights[: 10 * len(later) : 10])
    assert moved.max() > 0.05, "the blimp moves in the dead time"


@pytest.mark.parametrize(("gain", "hover"), [(0.8, 3.1), (1.4, 3.1), (1.11, 4.5)])
def test_learns_gain_and_lift(gain: float, hover: float) -> None:
    blimp, model = Blimp(thrust_gain_m_s2=gain, hover_motor_units=hover), BlimpForwardModel(ONE)
    sent, learned = 0.0, []
    for command in commands(4000, seed=1):
        held = command - 3.1 + hover + 1.5 * (1.0 - blimp.height_m)
        model.tick((1.0, blimp.height_m, 0.1), sent, True, 1.0)
        blimp.hold(held)
        sent = held
        learned.append((model.readouts["learned_gain_m_s2"], model.readouts["learned_bias_m_s2"]))
    mean = np.mean(learned[2000:], axis=0)
    assert math.isclose(mean[0], gain, rel_tol=0.1)
    assert math.isclose(mean[1], blimp.constants[plant.BIAS], abs_tol=0.03)


@pytest.mark.parametrize("chosen", [1, 2, 3, 4])
def test_the_hypothesis_of_the_true_delay_and_lag_wins(chosen: int) -> None:
    true = DELAYS[chosen]
    blimp = Blimp(transport_delay_s=true.delay_s, motor_time_constant_s=true.lag_s)
    model, sent = BlimpForwardModel(BlimpForwardConfig(range_sd_m=0.005)), 0.0
    for command in commands(1200, seed=2):
        held = command + 1.5 * (1.0 - blimp.height_m)
        model.tick((1.0, blimp.height_m, 0.1), sent, True, 1.0)
        blimp.hold(held)
        sent = held
    assert model.hypothesis == chosen
    assert model.readouts[f"weight_{chosen}"] > 0.9


def test_command_gives_the_nominal_acceleration_on_another_blimp() -> None:
    """Settled thrust of the command less weight, against that of the nominal blimp at hover."""
    model = BlimpForwardModel(replace(ONE, output_gain=1.0))
    model.tick((1.0, 1.0, 0.0), 0.0, True, 0.0)
    for gain, bias in ((1.11, -0.1836), (0.7, -0.25), (1.6, -0.3), (-1.11, -0.1836)):
        model.restore([gain, bias, 1.0, 0])
        for output in (-2.0, 0.0, 1.0):
            command = model.command(output)
            push = math.copysign((9.0 + 3.0 * abs(command)) / 45.0, command) ** 2
            acceleration = gain * math.copysign(push, command) + bias
            assert math.isclose(acceleration, 0.0602 * output, abs_tol=2e-4)


def hovering(
    model: BlimpForwardModel,
    blimp: Blimp,
    ticks: int,
    seen_m: float | None = None,
    reference_m: float = 1.0,
) -> None:
    """Hold a height by the prediction; `seen_m` is the range of a frozen lidar."""
    for _ in range(ticks):
        range_m = round(blimp.height_m, 2) if seen_m is None else seen_m
        model.tick((reference_m, range_m, 0.1), model_command(model, reference_m), None, 1.0)
        blimp.hold(model_command(model, reference_m))


def model_command(model: BlimpForwardModel, reference_m: float) -> float:
    readouts = model.readouts
    error_m = reference_m - readouts["predicted_height_m"]
    return model.command(20.0 * error_m - 20.0 * readouts["model_climb_rate_m_s"])


def test_a_frozen_lidar_is_detected_and_its_lessons_are_withdrawn() -> None:
    model, blimp = BlimpForwardModel(replace(ONE, shadow_gate_m=0.08)), Blimp()
    hovering(model, blimp, 200)
    learned = model.parameters
    assert not model.lost
    hovering(model, blimp, 200, seen_m=round(blimp.height_m, 2), reference_m=1.4)
    assert model.lost
    np.testing.assert_allclose(model.parameters, learned, atol=0.02)
    assert abs(blimp.height_m - 1.4) < 0.35, "dead reckoning"
    hovering(model, blimp, 100, reference_m=1.4)
    assert not model.lost
    assert abs(blimp.height_m - 1.4) < 0.05


def test_without_the_gate_a_frozen_lidar_teaches_a_wrong_lift() -> None:
    model, blimp = BlimpForwardModel(replace(ONE, shadow_gate_m=0.0)), Blimp()
    hovering(model, blimp, 200)
    hovering(model, blimp, 100, seen_m=round(blimp.height_m, 2), reference_m=1.4)
    assert abs(blimp.height_m - 1.4) > 1.0


def test_an_inverted_actuator_is_recognised() -> None:
    config = BlimpForwardConfig(hypotheses=CHANGES, share=0.01, factor=1.0, range_sd_m=0.005)
    blimp, model, sent = Blimp(), BlimpForwardModel(config), 0.0
    rng = np.random.default_rng(3)
    for k in range(400):
        model.tick((1.0, blimp.height_m, 0.1), sent, True, 1.0)
        if k == 200:
            blimp.constants[plant.GAIN] *= -1.0
        sent = model.command(15.0 * (1.0 - blimp.height_m)) + rng.normal(0.0, 0.5)
        blimp.hold(sent)
    assert model.readouts["learned_gain_m_s2"] < -0.7


def test_a_long_gap_restarts_the_motion_and_keeps_the_parameters() -> None:
    model, blimp = BlimpForwardModel(ONE), Blimp()
    hovering(model, blimp, 100)
    learned = model.parameters
    model.tick((1.0, 2.5, 30.0), 3.1, True, 1.0)
    assert model.readouts["model_height_m"] == 2.5
    np.testing.assert_allclose(model.parameters, learned, atol=1e-3)


def test_settings_round_trip() -> None:
    config = BlimpForwardConfig(hypotheses=CHANGES, motion=BlimpMotion(thrust_gain_m_s2=1.3))
    again = BlimpForwardModel.from_settings(BlimpForwardModel(config).document())
    assert again.config == config


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hypotheses": ()}, "at least one"),
        ({"share": 1.0}, "share"),
        ({"factor": 0.5}, "factor"),
        ({"range_sd_m": 0.0}, "range_sd_m"),
        ({"bias_walk_m_s2_rs": math.nan}, "bias_walk_m_s2_rs"),
        ({"gain_limit_m_s2": 1.0}, "all hypotheses contradict the limit"),
        ({"bias_limit_m_s2": 0.1}, "all hypotheses contradict the limit"),
        ({"beyond_delay_s": 2.0}, "beyond_delay_s"),
    ],
)
def test_wrong_settings_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        BlimpForwardConfig(**options)


@pytest.mark.parametrize("options", [{"delay_s": 1.0}, {"lag_s": 0.0}, {"delay_s": -0.1}])
def test_wrong_hypotheses_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        Hypothesis(**options)


@pytest.mark.parametrize("settings", [{"hypothesis": 1}, {"motion": {"mass_kg": 1.0}}])
def test_unknown_settings_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ParameterError, match="forward model of the blimp"):
        BlimpForwardModel.from_settings(settings)


@pytest.mark.parametrize(
    "parameters", [[1.1, -0.2, 1.0], [math.nan, -0.2, 1.0, 0], [5.0, -0.2, 1.0, 0]]
)
def test_wrong_parameters_are_refused(parameters: list[float]) -> None:
    with pytest.raises(ParameterError):
        BlimpForwardModel(ONE).restore(parameters)


BANK = replace(ONE, hypotheses=CHANGES, share=0.01, factor=1.0)


def driven(model: BlimpForwardModel, blimp: Blimp, signs: list[float], gain: float) -> list[int]:
    """Hold 1 m by the model's command; return the changes of the hypothesis at each tick."""
    changes, sent = [], 0.0
    for sign in signs:
        model.tick((1.0, blimp.height_m, 0.1), sent, True, 1.0)
        climb, error = model.predicted[1], model.predicted[0]
        sent = model.command(gain * error - 40.0 * climb)
        blimp.constants[plant.GAIN] = sign * 1.11
        blimp.hold(sent)
        changes.append(model.changes)
    return changes


def test_the_inverted_hypothesis_always_has_the_other_sign() -> None:
    """Signs of the twins after each change."""
    model, blimp = BlimpForwardModel(BANK), Blimp()
    for sign in (1.0, -1.0, 1.0, -1.0):
        driven(model, blimp, [sign] * 300, 43.0)
        assert not CHANGES[model.hypothesis].inverted
        gains = [model._rows[k * layout.ROW + 2] for k in (model.hypothesis, 3)]
        assert math.copysign(1.0, gains[0]) == sign
        assert gains[1] * sign < 0.0


def test_a_blimp_on_the_floor_tries_the_other_sign() -> None:
    """A bank with both signs at small gains cannot lift the blimp, and learns nothing there."""
    model, blimp = BlimpForwardModel(BANK), Blimp(start_height_m=0.06)
    blimp.constants[plant.GAIN] = -1.11
    model.tick((1.0, blimp.height_m, 0.1), 0.0, True, 1.0)
    heights = []
    for _ in range(200):
        sent = math.copysign(10.0, model._rows[model.hypothesis * layout.ROW + 2])
        blimp.hold(sent)
        model.tick((1.0, blimp.height_m, 0.1), sent, True, 1.0)
        heights.append(blimp.height_m)
    assert max(heights) > 0.5
    assert model.changes >= 1


def test_a_model_of_one_sign_keeps_it_on_the_floor() -> None:
    model = BlimpForwardModel(BlimpForwardConfig())
    for _ in range(100):
        model.tick((1.0, 0.06, 0.1), 10.0, True, 1.0)
    assert model.readouts["learned_gain_m_s2"] > 0.0
