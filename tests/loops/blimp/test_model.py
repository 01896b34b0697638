"""Model of the observer compared with the native plant."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest

from snn_control.controllers.blimp.motion import BlimpMotion
from snn_control.envs.blimp import plant
from snn_control.envs.blimp.parameters import BlimpParameters
from snn_control.envs.blimp.presets import blimp_parameters
from snn_control.envs.blimp.scenario import constants_row
from snn_control.loops.blimp.model import NOISE, BlimpModel
from snn_control.supervision.observer import Observer

NOMINAL = blimp_parameters("clean", {"spread": 0.0, "start_height_m": 3.0})


def follow(parameters: BlimpParameters, commands: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """Return true and predicted heights for commands of 0.1 s each."""
    constants, state = constants_row(parameters), np.zeros(plant.STATE_SIZE)
    plant.reset(state, constants)
    motion = BlimpMotion.from_parameters(asdict(parameters))
    observer = Observer(BlimpModel(motion), NOISE)
    observer.start(state.item(plant.HEIGHT), 0.006, motion.hover_motor_units, 0.0)
    heights = []
    for k, command in enumerate(commands):
        observer.model.send(command, 0.1 * k)
        plant.advance(state, constants, np.zeros(100), command, 10)
        observer.predict(0.1 * (k + 1))
        heights.append((state.item(plant.HEIGHT), observer.position_m))
    true_m, predicted_m = np.array(heights).T
    return true_m, predicted_m


@pytest.mark.parametrize("seed", range(5))
def test_predictions_without_measurements_follow_the_plant(seed: int) -> None:
    rng = np.random.default_rng(seed)
    commands = np.repeat(rng.uniform(0.5, 6.0, 10), 10).tolist()
    true_m, predicted_m = follow(NOMINAL, commands)
    assert np.ptp(true_m) > 0.2
    assert abs(predicted_m - true_m).max() < 0.03


def test_the_slew_of_the_servo_costs_centimetres() -> None:
    commands = [8.0 if k // 20 % 2 else -8.0 for k in range(100)]
    true_m, predicted_m = follow(NOMINAL, commands)
    assert np.ptp(true_m) > 0.5
    assert abs(predicted_m - true_m).max() < 0.25


@pytest.mark.parametrize("hover", [2.5, 3.0, 4.0])
def test_the_hover_command_keeps_the_height(hover: float) -> None:
    model = BlimpModel(BlimpMotion(hover_motor_units=hover))
    assert abs(model.acceleration_at(model.hover_command(0.0))) < 0.02, "counts are integers"
    assert abs(model.hover_command(0.0) - hover) < 0.35
    heavier = model.hover_command(-0.1)
    assert model.acceleration_at(heavier) == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize("command", [-12.0, -3.0, -0.1, 0.0, 0.1, 0.3, 3.0, 9.9, 10.0, 15.0])
def test_thrust_is_that_of_the_plant(command: float) -> None:
    constants = constants_row(NOMINAL)
    duty = plant.signed_duty(command, constants[plant.DEAD_ZONE], constants[plant.INTEGER_PWM])
    thrust = plant.thrust(constants[plant.GAIN], 0.0, duty, 0) * np.copysign(1.0, duty)
    model = BlimpModel(BlimpMotion())
    assert model.acceleration_at(command) == pytest.approx(thrust + constants[plant.BIAS])


def test_nominal_parameters_are_those_of_the_environment() -> None:
    assert BlimpMotion() == BlimpMotion.from_parameters(asdict(BlimpParameters()))
    assert BlimpMotion.from_parameters({"thrust_gain_m_s2": 1.5}).thrust_gain_m_s2 == 1.5
