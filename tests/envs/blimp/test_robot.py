"""Simulated blimp robot: equal to the Gymnasium environment if commands arrive in time."""

from typing import Any

import gymnasium
import numpy as np
import pytest

import snn_control.envs  # noqa: F401 - registers the environments
from snn_control.controllers import PID
from snn_control.envs.blimp.presets import blimp_parameters
from snn_control.envs.blimp.robot import BlimpRobot
from snn_control.envs.blimp.scenario import draw_scenario
from snn_control.errors import ParameterError


@pytest.mark.parametrize("preset", ["default", "clean", "stress"])
def test_robot_equals_the_environment_bit_for_bit(preset: str) -> None:
    pid = PID()
    env: Any = gymnasium.make("snn_control/BlimpAltitude-v0", preset=preset, duration_s=90.0)
    env = env.unwrapped
    observation, _ = env.reset(seed=5)
    robot = BlimpRobot(draw_scenario(blimp_parameters(preset, None), 5, 90.0))
    over = False
    while not over:
        measurement = robot.measure()
        assert measurement is not None
        assert measurement.height_ref_m - measurement.range_m == observation[0]
        assert measurement.battery_v == observation[4]
        command = pid.step(observation[:1])
        robot.command(float(command[0]))
        observation, _, _, over, _ = env.step(command)
        robot.advance()
        while not robot.finished and not robot.measure_due():
            robot.advance()
    assert robot.finished
    for name, expected in env.trace().items():
        np.testing.assert_array_equal(robot.trace()[name], expected)
    assert robot.metrics() == env.metrics()
    with pytest.raises(ParameterError, match="ended after 90 s"):
        robot.advance()


def test_motors_stop_after_the_command_timeout() -> None:
    scenario = draw_scenario(blimp_parameters("clean", None), 1, 20.0)
    robot = BlimpRobot(scenario, motor_timeout_s=2.0)
    robot.command(4.0)
    while not robot.finished:
        robot.advance()
    commands = robot.trace()["motor_command"]
    assert (commands[:200] == 4.0).all()
    assert (commands[200:] == 0.0).all()
    with pytest.raises(ParameterError, match="finite"):
        robot.command(float("nan"))
