"""Match of controller and environment by names and control period."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest

import snn_control.envs
from snn_control import load, rollout
from snn_control.errors import ControlPeriodError, InterfaceMismatchError


class Ramp(gymnasium.Env):
    """Environment with an error of 0.01 m times the tick, for ten ticks; reward: the command."""

    observation_names: tuple[str, ...] = ("dt_s", "height_error_m")
    action_names: tuple[str, ...] = ("motor_command",)
    observation_space = gymnasium.spaces.Box(-10, 10, (2,), np.float64)
    action_space = gymnasium.spaces.Box(-10, 10, (1,), np.float64)

    def __init__(self, control_period_s: float | None = None) -> None:
        if control_period_s is not None:
            self.control_period_s = control_period_s

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.tick = 0
        return np.array([0.1, 0.0]), {"time_s": 0.0}

    def step(self, action: Any) -> Any:
        self.tick += 1
        observation = np.array([0.1, 0.01 * self.tick])
        info = {"time_s": 0.1 * self.tick}
        return observation, float(action[0]), False, self.tick == 10, info


def test_observations_are_selected_by_name() -> None:
    episode = rollout(load("pid"), Ramp(), seed=0)
    np.testing.assert_allclose(episode.trace["p"], 9 * 0.01 * np.arange(10))
    np.testing.assert_allclose(episode.trace["height_error_m"], 0.01 * np.arange(10))
    assert episode.total_reward == pytest.approx(episode.trace["motor_command"].sum())


def test_values_missing_at_some_ticks_are_left_out() -> None:
    class Partial(Ramp):
        def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
            observation, info = super().reset(seed=seed)
            return observation, info | {"mass_kg": 1.0}

        def step(self, action: Any) -> Any:
            *rest, _ = super().step(action)
            return *rest, {"time_s": 0.0}

    episode = rollout(load("pid"), Partial(), seed=0)
    assert "mass_kg" not in episode.trace
    np.testing.assert_array_equal(episode.trace["time_s"], np.zeros(10))
    assert "spikes_per_s" not in episode.metrics


def test_unmatched_names_are_errors_with_both_lists() -> None:
    env = Ramp()
    env.observation_names = ("dt_s", "depth_error_m")
    with pytest.raises(InterfaceMismatchError, match=r"height_error_m.*depth_error_m"):
        rollout(load("pid"), env, seed=0)
    env = Ramp()
    env.action_names = ("thrust_n",)
    with pytest.raises(InterfaceMismatchError, match=r"motor_command.*thrust_n"):
        rollout(load("pid"), env, seed=0)


def test_another_control_period_is_an_error_with_a_remedy() -> None:
    assert rollout(load("pid"), Ramp(0.1), seed=0).total_reward != 0
    with pytest.raises(ControlPeriodError, match=r"0\.1 s.*0\.05 s.*control_period_s=0\.05"):
        rollout(load("pid"), Ramp(0.05), seed=0)
    assert rollout(load("pid", control_period_s=0.05), Ramp(0.05), seed=0).total_reward != 0


def test_the_blimp_declares_its_control_period() -> None:
    env = snn_control.envs.make(
        "BlimpAltitude-v0", parameters={"control_period_s": 0.2}, duration_s=100.0
    )
    with pytest.raises(ControlPeriodError, match=r"0\.2 s"):
        rollout(load("blimp-altitude"), env, seed=0)
