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
from snn_control.envs.blimp.sensing.errors import SenseParameters
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


@pytest.mark.parametrize("preset", ["default", "clean", "stress"])
def test_measurements_with_senses_equal_those_of_the_environment(preset: str) -> None:
    pid = PID()
    env: Any = gymnasium.make("snn_control/BlimpAltitude-v1", preset=preset, duration_s=90.0)
    observation, _ = env.unwrapped.reset(seed=5)
    robot = BlimpRobot(
        draw_scenario(blimp_parameters(preset, None), 5, 90.0), senses=SenseParameters()
    )
    over = False
    while not over:
        measurement = robot.measure()
        assert measurement is not None
        assert [
            measurement.range_m,
            measurement.battery_v,
            measurement.barometer_m,
            measurement.vertical_acceleration_m_s2,
        ] == observation[[2, 4, 5, 6]].tolist()
        command = pid.step(observation[:1])
        robot.command(float(command[0]))
        observation, _, _, over, _ = env.unwrapped.step(command)
        robot.advance()
        while not robot.finished and not robot.measure_due():
            robot.advance()
    assert robot.finished


def test_senses_change_measurements_and_no_motion() -> None:
    scenario = draw_scenario(blimp_parameters("default", None), 6, 30.0)
    plain, sensed = BlimpRobot(scenario), BlimpRobot(scenario, senses=SenseParameters())
    ranges = []
    for robot in (plain, sensed):
        taken = []
        while not robot.finished:
            if measurement := robot.measure():
                taken.append(measurement)
                robot.command(3.0 + measurement.tick % 3)
            robot.advance()
        ranges.append([measurement.range_m for measurement in taken])
        missing = {measurement.barometer_m is None for measurement in taken}
        assert missing == {robot is plain}
    np.testing.assert_array_equal(plain.trace()["height_m"], sensed.trace()["height_m"])
    assert ranges[0] != ranges[1]
    assert np.abs(np.subtract(ranges[0], ranges[1])).max() < 0.05


def test_late_measurements_keep_the_acceleration() -> None:
    """Two ticks that are taken at one physics step have no time between them."""
    robot = BlimpRobot(
        draw_scenario(blimp_parameters("clean", None), 1, 20.0),
        senses=SenseParameters(accelerometer_noise_m_s2=0.0, accelerometer_bias_m_s2=0.0),
    )
    while robot.step < 100:
        robot.advance()
    late = [robot.measure() for _ in range(3)]
    assert all(late)
    assert late[1].vertical_acceleration_m_s2 == late[2].vertical_acceleration_m_s2  # type: ignore[union-attr]


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
