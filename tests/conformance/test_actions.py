"""Inputs of all environments: invalid actions, actions out of range, steps outside an episode."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest

import snn_control.envs as envs
from snn_control.envs.actions import finite_action
from snn_control.envs.route.body import RouteBody, can_draw
from snn_control.envs.route.conditions import Conditions
from snn_control.envs.swimmer.batch import SwimmerBatch
from snn_control.envs.swimmer.body import SwimmerBody
from snn_control.envs.swimmer.robot import SwimmerRobot
from snn_control.envs.swimmer.start import draw_start
from snn_control.errors import ParameterError
from tests.needs import NEEDS_RENDERER

INVALID: dict[str, Any] = {
    "nan": lambda right: np.where(np.arange(right.size) == 0, np.nan, right),
    "inf": lambda right: np.full_like(right, np.inf),
    "-inf": lambda right: np.full_like(right, -np.inf),
    "none": lambda right: None,
    "nones": lambda right: np.full(right.shape, None),
    "too many": lambda right: np.append(right, 0.1),
    "none at all": lambda right: right[:0],
    "row": lambda right: right[None],
    "scalar": lambda right: 0.1,
    "text": lambda right: "up",
    "texts": lambda right: right.astype(str),
    "complex": lambda right: right + 1j,
    "bool": lambda right: right > 0.0,
    "dict": lambda right: {"motor_command": 1.0},
    "ragged": lambda right: [[0.1], [0.1, 0.2]],
}
SHORT = {
    "snn_control/BlimpAltitude-v0": {"duration_s": 3.0},
    "snn_control/CorridorNav-v0": {"duration_s": 3.0},
    "snn_control/Route-v0": {"n_ticks": 3, "length_m": 50.0},
    "snn_control/Swim-v0": {"n_ticks": 20},
}
"""Options for short episodes."""


@pytest.fixture(params=envs.environments())
def name(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: Any) -> Iterator[str]:
    if "Route" in request.param and not can_draw():
        pytest.skip(NEEDS_RENDERER)
    monkeypatch.chdir(tmp_path)
    yield request.param
    assert not list(tmp_path.iterdir())


def action_of(env: gymnasium.Env, fraction: float = 0.5) -> np.ndarray:
    """Return an action between the middle and the upper bound of each entry."""
    space: Any = env.action_space
    return np.asarray(fraction * space.high + (1.0 - fraction) * 0.5 * (space.low + space.high))


@pytest.mark.parametrize("wrapped", [True, False])
def test_invalid_actions_are_refused_and_change_nothing(name: str, wrapped: bool) -> None:
    episodes = []
    for disturbed in (False, True):
        env: Any = envs.make(name) if wrapped else envs.make(name).unwrapped
        env.reset(seed=3)
        right, results = action_of(env), []
        for kind, wrong in INVALID.items():
            observation, reward, *_ = env.step(right)
            results.append((kind, observation.tobytes(), reward))
            if disturbed:
                with pytest.raises(ParameterError, match=r"action is .*; expected"):
                    env.step(wrong(right))
        env.close()
        episodes.append(results)
    assert episodes[0] == episodes[1]


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int64, list])
def test_accepted_actions_are_copies_of_doubles(kind: Any) -> None:
    action = [1.0, -2.0, 1e300] if kind in (np.float64, list) else [1, -2, 3]
    passed = action if kind is list else np.array(action, kind)
    result = finite_action(passed, 3)
    assert result.dtype == np.float64
    assert result.tolist() == action
    assert not np.shares_memory(result, np.asarray(passed))
    for k, bad in enumerate((np.nan, np.inf, -np.inf)):
        wrong = np.array([1.0, -2.0, 3.0])
        wrong[k] = bad
        with pytest.raises(ParameterError, match="expected 3 finite numbers"):
            finite_action(wrong, 3)


def test_actions_out_of_range_are_clipped(name: str) -> None:
    """Gymnasium's swimmer counts the whole effort in its reward, so only the motion is compared."""
    env = envs.make(name).unwrapped
    observations = []
    for scale in (1.0, 3.0, 1e9, 1e30, 1e300):
        env.reset(seed=3)
        with np.errstate(over="ignore"):
            observation = env.step(action_of(env, 1.0).astype(np.float64) * scale)[0]
        observations.append(np.asarray(observation).tobytes())
    assert len(set(observations)) == 1
    env.close()


def test_actions_of_other_real_types_are_accepted(name: str) -> None:
    env = envs.make(name).unwrapped
    env.reset(seed=3)
    shape: Any = env.action_space.shape
    for action in (np.ones(shape, np.int64), np.ones(shape, np.float32), [0.5] * shape[0]):
        env.step(action)
    env.close()


@pytest.mark.parametrize("wrapped", [True, False])
def test_steps_outside_an_episode_need_a_reset(name: str, wrapped: bool) -> None:
    options: Any = SHORT.get(name, {})
    env: Any = envs.make(name, **options)
    env = env if wrapped else env.unwrapped
    action = action_of(env, 0.0)
    with pytest.raises(gymnasium.error.ResetNeeded, match=r"reset"):
        env.step(action)
    for _ in range(2):
        env.reset(seed=1)
        ended = False
        while not ended:
            *_, terminated, truncated, _ = env.step(action)
            ended = terminated or truncated
        before = repr(env.unwrapped.metrics())
        for _ in range(2):
            with pytest.raises(gymnasium.error.ResetNeeded, match=r"call reset\(\)"):
                env.step(action)
        assert repr(env.unwrapped.metrics()) == before
    env.close()


def test_results_before_the_first_reset_need_one(name: str) -> None:
    env: Any = envs.make(name).unwrapped
    calls = [call for call in ("metrics", "trace", "refresh_scene") if hasattr(env, call)]
    assert "metrics" in calls
    for call in calls:
        with pytest.raises(gymnasium.error.ResetNeeded, match=r"call reset\(\)"):
            getattr(env, call)()
    env.close()


def test_warnings_of_mujoco_are_logged_and_write_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    body = SwimmerBody(6)
    body.data.qvel[:] = np.nan
    body.advance(np.zeros(5))
    [record] = caplog.records
    assert (record.name, record.levelno) == ("snn_control.mujoco", logging.WARNING)
    assert "QVEL" in record.message
    batch = SwimmerBatch(6, 20)
    for data in batch.pool._data:  # on several threads
        data.qvel[:] = np.nan
    batch.step(np.zeros((20, 5)))
    route = RouteBody(0, 50.0, Conditions())
    route.data.qpos[:] = np.nan
    assert len(caplog.records) == 21
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_batch_and_robot_refuse_efforts_that_are_not_finite(wrong: float) -> None:
    batch = SwimmerBatch(6, 3)
    batch.reset([draw_start(6, k, 10) for k in range(3)])
    before, effort = batch.joint_rad.copy(), np.zeros((3, 5))
    effort[1, 2] = wrong
    with pytest.raises(ParameterError, match="efforts of body 1 are"):
        batch.step(effort)
    np.testing.assert_array_equal(batch.joint_rad, before)
    with pytest.raises(ParameterError, match="efforts are"):
        SwimmerRobot(6, 1, 10).command(effort[1])


def test_huge_efforts_equal_full_ones() -> None:
    ends = []
    for scale in (1.0, 1e11):
        batch, robot = SwimmerBatch(6, 1), SwimmerRobot(6, 1, 10)
        batch.reset([draw_start(6, 1, 10)])
        batch.step(np.full((1, 5), scale))
        robot.command(np.full(5, scale))
        for _ in range(15):
            robot.advance()
        ends.append((batch.joint_rad.tobytes(), robot.body.joint_rad.tobytes()))
    assert ends[0] == ends[1]
