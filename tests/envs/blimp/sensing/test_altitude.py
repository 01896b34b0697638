"""Sensors of `BlimpAltitude-v1`: the flight of v0, noise as stated, independent streams."""

from __future__ import annotations

import subprocess
import sys

import gymnasium
import numpy as np
import pytest

from snn_control.envs.blimp import plant
from snn_control.envs.blimp.presets import PRESETS
from snn_control.envs.blimp.scenario import draw_scenario
from snn_control.envs.blimp.sensing.errors import SenseParameters, draw_sense_errors, in_steps
from snn_control.errors import ParameterError, UnknownNameError
from tests.paths import ROOT

NUMBERS = set(vars(SenseParameters())) - {"room_seed"}
PERFECT = dict.fromkeys(NUMBERS, 0.0) | {"barometer_drift_s": 1.0}


def make(version: int, **options):
    name = f"snn_control/BlimpAltitude-v{version}"
    return gymnasium.make(name, disable_env_checker=True, **options).unwrapped


def episode(env, seed: int) -> tuple[np.ndarray, np.ndarray, list[float]]:
    """Return observations, true heights and rewards of random commands."""
    observation, info = env.reset(seed=seed)
    rng = np.random.default_rng(2)
    rows, heights, rewards, truncated = [observation], [info["height_m"]], [], False
    while not truncated:
        action = rng.uniform(1.0, 5.0, 1)
        observation, reward, _, truncated, info = env.step(action)
        rows.append(observation)
        heights.append(info["height_m"])
        rewards.append(reward)
    return np.array(rows), np.array(heights), rewards


@pytest.mark.parametrize("seed", [3, 4])
def test_the_motion_is_that_of_v0(seed: int) -> None:
    old, old_heights, old_rewards = episode(make(0, duration_s=20.0), seed)
    new, heights, rewards = episode(make(1, duration_s=20.0), seed)
    noiseless, _, _ = episode(make(1, duration_s=20.0, senses={"lidar_noise_m": 0.0}), seed)
    np.testing.assert_array_equal(heights, old_heights)
    assert rewards == old_rewards
    np.testing.assert_array_equal(noiseless[:, :5], old)
    np.testing.assert_array_equal(new[:, [1, 3, 4]], old[:, [1, 3, 4]])
    assert np.any(new[:, 2] != old[:, 2])


def test_perfect_sensors_agree_with_the_motion() -> None:
    rows, heights, _ = episode(make(1, duration_s=30.0, senses=PERFECT), 5)
    np.testing.assert_allclose(rows[:, 5], heights, rtol=1e-6)
    env = make(1, duration_s=30.0, senses=PERFECT)
    env.reset(seed=5)
    speeds, rng = [env.body.speed_m_s], np.random.default_rng(2)
    for _ in range(len(rows) - 1):
        env.step(rng.uniform(1.0, 5.0, 1))
        speeds.append(env.body.speed_m_s)
    expected = np.diff(speeds) / rows[1:, 3]
    np.testing.assert_allclose(rows[1:, 6], expected, rtol=1e-5, atol=1e-8)
    assert rows[0, 6] == 0.0


def test_noise_has_the_stated_spread() -> None:
    scenario = draw_scenario(PRESETS["clean"], 8, 40_000.0)
    errors = draw_sense_errors(SenseParameters(), scenario)
    assert errors.lidar_m.std() == pytest.approx(0.005, rel=0.02)
    white = np.diff(errors.barometer_m) / np.sqrt(2.0)
    assert white.std() == pytest.approx(0.05, rel=0.02)
    smooth = errors.barometer_m[: len(errors.barometer_m) // 1200 * 1200].reshape(-1, 1200)
    assert smooth.mean(axis=1).std() == pytest.approx(0.12, abs=0.02)  # mean over one time constant
    assert errors.acceleration_m_s2.std() == pytest.approx(0.02, rel=0.02)
    biases = [
        draw_sense_errors(SenseParameters(), draw_scenario(PRESETS["clean"], k, 60.0))
        .acceleration_m_s2.mean()
        for k in range(100)
    ]  # fmt: skip
    assert np.std(biases) == pytest.approx(0.03, rel=0.2)


def test_each_sensor_has_a_random_stream_of_its_seed() -> None:
    scenario = draw_scenario(PRESETS["default"], 8, 30.0)
    errors = draw_sense_errors(SenseParameters(), scenario)
    silent = draw_sense_errors(SenseParameters(barometer_noise_m=0.0), scenario)
    np.testing.assert_array_equal(errors.lidar_m, silent.lidar_m)
    np.testing.assert_array_equal(errors.acceleration_m_s2, silent.acceleration_m_s2)
    assert np.any(errors.barometer_m != silent.barometer_m)
    correlation = np.corrcoef([errors.lidar_m, errors.barometer_m, errors.acceleration_m_s2])
    assert np.abs(correlation - np.eye(3)).max() < 0.3


def test_barometers_in_one_room_share_their_drift() -> None:
    room = SenseParameters(barometer_noise_m=0.0, room_seed=5)
    drifts, ends_s = [], []
    for seed in (1, 2):
        scenario = draw_scenario(PRESETS["default"], seed, 600.0)
        times_s = np.append(scenario.tick_step, scenario.n_steps) * plant.PHYSICS_STEP_S
        drift_m = draw_sense_errors(room, scenario).barometer_m
        drifts.append(np.interp(np.arange(600), times_s, drift_m))
        ends_s.append(times_s.size)
        own = draw_sense_errors(SenseParameters(barometer_noise_m=0.0), scenario)
        assert np.any(own.barometer_m != drift_m)
    assert ends_s[0] != ends_s[1]
    one, other = drifts
    np.testing.assert_allclose(one, other, atol=0.05)
    assert np.corrcoef(one, other)[0, 1] > 0.99


def test_values_are_rounded_to_steps_and_to_float32() -> None:
    assert in_steps(1.2344, 0.01) == float(np.float32(1.23))
    assert in_steps(-1.2356, 0.01) == float(np.float32(-1.24))
    assert in_steps(0.1, 0.0) == float(np.float32(0.1))


def test_invalid_parameters_are_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"lidar_noise_.*lidar_noise_m"):
        make(1, senses={"lidar_noise_": 1.0})
    for senses in ({"lidar_noise_m": -1.0}, {"barometer_drift_s": 0.0}):
        with pytest.raises(ParameterError):
            make(1, senses=senses)


def test_v0_is_not_reported_as_out_of_date() -> None:
    script = "import gymnasium, snn_control.envs; gymnasium.make('snn_control/BlimpAltitude-v0')"
    done = subprocess.run(
        [sys.executable, "-W", "default", "-c", script], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    assert "out of date" not in done.stderr
