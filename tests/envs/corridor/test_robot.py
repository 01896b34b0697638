"""Robot on its own clock: equal to the environment, odometry, requests of rays, time out."""

from __future__ import annotations

import math

import numpy as np
import pytest

from snn_control.controllers.corridor.gap import Gap
from snn_control.envs.corridor.navigation import CorridorNav
from snn_control.envs.corridor.robot import CorridorRobot, Measurement
from snn_control.envs.corridor.scenario import Errors, draw_scenario
from snn_control.errors import ParameterError
from snn_control.loops.corridor.interface import displacement


def due(robot: CorridorRobot) -> Measurement | None:
    """Advance to the next measurement; None at the end."""
    while not robot.finished:
        if (measurement := robot.measure()) is not None:
            return measurement
        robot.advance()
    return None


@pytest.mark.parametrize("world", ["static", "moving"])
@pytest.mark.parametrize("seed", [0, 3])
def test_commands_that_arrive_at_once_give_the_episode_of_the_environment(
    world: str, seed: int
) -> None:
    env, gap = CorridorNav(world, duration_s=12.0), Gap()
    robot = CorridorRobot(draw_scenario(world, seed, 12.0))
    observation, _ = env.reset(seed=seed)
    before, done = (0.0, 0.0, 0.0), False
    while not done:
        measured = due(robot)
        assert measured is not None
        range_m = np.where(np.isinf(measured.range_m), 6.0, measured.range_m)
        np.testing.assert_array_equal(range_m, observation[:72])
        moved = displacement(before, measured.odometry, 0.1)
        before = measured.odometry
        expected = (moved.dx_m, moved.dy_m, moved.dyaw_rad)
        np.testing.assert_allclose(expected, observation[72:75], atol=1e-12)
        action = gap.step(observation[[*range(72), 74]])
        robot.command(*action.tolist())
        observation, _, terminated, truncated, _ = env.step(action)
        done = terminated or truncated
    assert due(robot) is None
    metrics = env.metrics()
    assert robot.metrics() == {**metrics, "rays_per_scan": 72.0}


def test_errors_of_odometry_add_up_to_scale_and_drift() -> None:
    errors = Errors(odometry_scale_sd=0.2, yaw_drift_sd_rad_s=0.0)
    scenario = draw_scenario("static", 1, 4.0, errors)
    robot = CorridorRobot(scenario)
    robot.command(0.3, 0.2)
    first, last = due(robot), None
    while (measured := due(robot)) is not None:
        last = measured
    assert first is not None
    assert last is not None
    true_m = math.hypot(*(b - a for a, b in zip(first.pose[:2], last.pose[:2], strict=True)))
    assert math.hypot(*last.odometry[:2]) == pytest.approx(scenario.odometry_scale * true_m)
    assert last.odometry[2] == pytest.approx(last.pose[2] - first.pose[2])


def test_only_requested_rays_are_fired() -> None:
    robot = CorridorRobot(draw_scenario("static", 0, 2.0))
    robot.request(np.array([3, 70, 3]))
    measured = due(robot)
    assert measured is not None
    assert np.flatnonzero(~np.isnan(measured.range_m)).tolist() == [3, 70]
    for wrong in ([-1], [72]):
        with pytest.raises(ParameterError, match="0 to 71"):
            robot.request(np.array(wrong))
    with pytest.raises(ParameterError, match="expected numbers"):
        robot.command(math.nan, 0.0)
    assert robot.metrics()["rays_per_scan"] == 2.0


def test_without_commands_the_robot_stops() -> None:
    robot = CorridorRobot(draw_scenario("static", 0, 3.0), command_timeout_s=0.2)
    robot.command(0.5, 0.0)
    while due(robot) is not None:
        pass
    assert robot.body.speed_m_s < 1e-6
    assert 0.05 < robot.body.x_m < 0.15
    with pytest.raises(ParameterError, match="the episode ended"):
        robot.advance()
    assert np.isnan(robot.trace()["commands"][-1]).all()
