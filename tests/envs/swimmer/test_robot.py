"""Simulated swimmer robot: equal to the Gymnasium environment if efforts arrive in time."""

from __future__ import annotations

import math
from typing import Any

import gymnasium
import numpy as np
import pytest

import snn_control.envs  # noqa: F401 - registers the environments
from snn_control.controllers import load
from snn_control.envs.swimmer.body import SUBSTEPS
from snn_control.envs.swimmer.damage import Damage
from snn_control.envs.swimmer.robot import Measurement, SwimmerRobot
from snn_control.errors import ParameterError

DAMAGES: list[dict[str, Any]] = [{}, {"noise_rad": 0.1, "lost_muscles": ("dorsal_1",)}]


def swim(robot: SwimmerRobot, turn: float = 0.0, n_ticks: int | None = None) -> list[Measurement]:
    """Return the measurements of the shipped circuit at full speed ahead."""
    swimmer: Any = load("swimmer-spiking")
    swimmer.command(1.0, turn)
    measurements: list[Measurement] = []
    while not robot.finished and (n_ticks is None or len(measurements) < n_ticks):
        measurement = robot.measure()
        if measurement is not None:
            measurements.append(measurement)
            robot.command(swimmer.step(measurement.joint_rad))
        robot.advance()
    return measurements


@pytest.mark.parametrize("damage", DAMAGES)
def test_robot_equals_the_environment_bit_for_bit(damage: dict[str, Any]) -> None:
    env: Any = gymnasium.make("snn_control/Swim-v0", n_ticks=200, damage=damage).unwrapped
    robot = SwimmerRobot(6, 3, 200, Damage(**damage))
    swimmer = load("swimmer-spiking")
    observation, _ = env.reset(seed=3)
    total = 0.0
    for measurement in swim(robot):
        np.testing.assert_array_equal(measurement.joint_rad, observation[:5])
        assert [-measurement.forward_m_s, measurement.turning_rad_s] == observation[6:8].tolist()
        observation, reward, _, _, _ = env.step(swimmer.step(observation[:5]))
        total += reward
    assert robot.finished
    assert robot.metrics() == env.metrics()
    assert robot.trace()["reward"].sum() == pytest.approx(total, rel=1e-12)
    with pytest.raises(ParameterError, match="ended after 6 s"):
        robot.advance()


def test_velocity_is_the_derivative_of_the_position() -> None:
    robot = SwimmerRobot(6, 1, 60)
    measurements = swim(robot)
    for before, now, after in zip(
        measurements[10:], measurements[11:], measurements[12:], strict=False
    ):
        moved = (np.array(after.position_m) - np.array(before.position_m)) / 0.06
        along = np.array([math.cos(now.heading_rad), math.sin(now.heading_rad)])
        left = np.array([-along[1], along[0]])
        assert moved @ along == pytest.approx(now.forward_m_s, abs=0.02)
        assert moved @ left == pytest.approx(now.left_m_s, abs=0.02)


def test_robot_moves_along_its_heading() -> None:
    for seed in range(3):
        robot = SwimmerRobot(6, seed, 1000)
        measurements = swim(robot)
        late = measurements[200:]
        moved = np.array(late[-1].position_m) - np.array(late[0].position_m)
        # The head swings about the direction of motion.
        swings = np.exp(1j * np.array([m.heading_rad for m in late])).mean()
        off = math.remainder(math.atan2(moved[1], moved[0]) - np.angle(swings), 2 * math.pi)
        assert abs(off) < 0.2
        assert np.mean([m.forward_m_s for m in late]) > 0.08


def test_effort_is_zero_after_the_timeout() -> None:
    robot = SwimmerRobot(6, 0, 20, effort_timeout_s=0.2)
    robot.command(np.full(5, 0.5))
    while not robot.finished:
        robot.advance()
    efforts = robot.trace()["effort"]
    assert (efforts[:6] == 0.5).all()
    assert (efforts[7:] == 0.0).all()


@pytest.mark.parametrize("bad", [np.zeros(4), np.array([0.0, 0.0, math.nan, 0.0, 0.0])])
def test_invalid_efforts_keep_the_last_ones(bad: np.ndarray) -> None:
    robot = SwimmerRobot(6, 0, 20)
    robot.command(np.full(5, 0.5))
    with pytest.raises(ParameterError, match="5 finite numbers"):
        robot.command(bad)
    for _ in range(SUBSTEPS):
        robot.advance()
    assert (robot.trace()["effort"] == 0.5).all()
