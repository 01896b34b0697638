"""Vector environments: equal to the single ones with the same seeds, also after their resets."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

import snn_control.envs  # noqa: F401 - registers the environments
from snn_control.errors import ParameterError

OPTIONS: dict[str, dict[str, Any]] = {
    "BlimpAltitude-v0": {"preset": "stress", "duration_s": 6.0},
    "Swim-v0": {"n_links": 4, "n_ticks": 40, "damage": {"noise_rad": 0.05}},
}
SEEDS = [7, 3, 11, 5]
BODY = {"height_m": 0.01, "speed_m_s": 0.02}
"""Differences between the native plant of the blimp, which stays upright, and that in MuJoCo."""
RANGES_M = [0.021, 0.0, 0.021, 0.0, 0.0]
"""Differences of the observations: 1 cm of height and a step of the lidar."""


def vector(name: str, n: int = len(SEEDS), **more: Any) -> Any:
    return gymnasium.make_vec(
        f"snn_control/{name}", n, vectorization_mode="vector_entry_point", **OPTIONS[name] | more
    )


@pytest.mark.parametrize("name", OPTIONS)
def test_episodes_equal_those_of_single_environments(name: str) -> None:
    """Three episodes of each, whose later seeds come from the generator of another vector."""
    together, blimp, other = vector(name), name.startswith("Blimp"), vector(name)
    other.reset(seed=SEEDS)
    seeds = other.np_random
    singles = [gymnasium.make(f"snn_control/{name}", **OPTIONS[name]).unwrapped for _ in SEEDS]
    rng = np.random.default_rng(0)
    observations, info = together.reset(seed=SEEDS)
    firsts = [env.reset(seed=seed) for env, seed in zip(singles, SEEDS, strict=True)]
    starting, n_started = [False] * len(SEEDS), 0
    for _ in range(200):
        for k, (observation, single_info) in enumerate(firsts):
            apart = np.array(RANGES_M) if blimp else 0.0
            assert (np.abs(observations[k] - observation) <= apart + 1e-12).all()
            for key, value in single_info.items():
                apart = BODY.get(key, 0.0) if blimp else 0.0
                assert abs(info[key][k] - value) <= apart + 1e-12, key
                assert info[f"_{key}"][k]
        actions = rng.uniform(*((1.0, 6.0) if blimp else (-1.0, 1.0)), together.action_space.shape)
        observations, rewards, terminated, truncated, info = together.step(actions)
        assert not terminated.any()
        for k, env in enumerate(singles):
            if starting[k]:
                firsts[k] = env.reset(seed=int(seeds.integers(2**31)))
                assert rewards[k] == 0.0
                assert not truncated[k]
                n_started += 1
                starting[k] = False
                continue
            observation, reward, _, ended, single_info = env.step(actions[k])
            firsts[k] = observation, single_info
            assert rewards[k] == pytest.approx(reward, abs=0.05 if blimp else 1e-12)
            assert truncated[k] == ended
            starting[k] = bool(ended)
    assert n_started >= 2 * len(SEEDS)
    together.close()


@pytest.mark.parametrize("name", OPTIONS)
def test_spaces_and_mode(name: str) -> None:
    together, single = vector(name), gymnasium.make(f"snn_control/{name}", **OPTIONS[name])
    assert together.num_envs == len(SEEDS)
    assert together.single_observation_space == single.observation_space
    assert together.single_action_space == single.action_space
    assert together.metadata["autoreset_mode"] == AutoresetMode.NEXT_STEP
    observations, _ = together.reset(seed=1)
    assert together.observation_space.contains(observations)


@pytest.mark.parametrize("name", OPTIONS)
def test_a_masked_reset_leaves_the_others_alone(name: str) -> None:
    together = vector(name)
    together.reset(seed=SEEDS)
    actions = np.full(together.action_space.shape, 0.5)
    for _ in range(5):
        before = together.step(actions)[0]
    mask = np.array([True, False, True, False])
    after, info = together.reset(seed=SEEDS, options={"reset_mask": mask})
    np.testing.assert_array_equal(after[~mask, 0], before[~mask, 0])
    assert (info["time_s"][mask] == 0.0).all()
    assert (info["time_s"][~mask] > 0.0).all()


@pytest.mark.parametrize("name", OPTIONS)
def test_copies_are_independent(name: str) -> None:
    together = vector(name)
    together.reset(seed=SEEDS)
    actions = np.full(together.action_space.shape, 0.5)
    together.step(actions)
    copies = [copy.deepcopy(together), pickle.loads(pickle.dumps(together))]
    ahead = [[each.step(actions)[0] for _ in range(3)] for each in copies]
    expected = [together.step(actions)[0] for _ in range(3)]
    for steps in ahead:
        np.testing.assert_array_equal(steps, expected)
    assert (expected[0] != expected[2]).any()


@pytest.mark.parametrize("name", OPTIONS)
def test_bad_input_is_refused(name: str) -> None:
    together = vector(name)
    actions = np.zeros(together.action_space.shape)
    with pytest.raises(gymnasium.error.ResetNeeded):
        together.step(actions)
    with pytest.raises(ParameterError, match="the first reset is of all"):
        together.reset(options={"reset_mask": np.array([True, False, False, False])})
    together.reset(seed=np.int64(3))
    for bad in (actions[:2], np.full_like(actions, np.nan), actions[0]):
        with pytest.raises(ParameterError, match="actions of shape"):
            together.step(bad)
    with pytest.raises(ParameterError, match="2 seeds; expected 4"):
        together.reset(seed=[1, 2])
    with pytest.raises(ParameterError, match="seed is -1"):
        together.reset(seed=-1)
    with pytest.raises(ParameterError, match="reset_mask"):
        together.reset(options={"reset_mask": [1, 0]})
    with pytest.raises(ParameterError, match="num_envs is 0"):
        vector(name, 0)
    with pytest.raises(ParameterError, match="draw nothing"):
        vector(name, render_mode="rgb_array")
