"""Swimmer against published and measured numbers and against MuJoCo's sensors."""

from __future__ import annotations

import math
from typing import Any

import gymnasium
import mujoco
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import snn_control.envs  # noqa: F401 - registers the environments
from snn_control.envs.swimmer.body import SwimmerBody, swimmer_model
from snn_control.envs.swimmer.damage import Damage
from snn_control.envs.swimmer.mjcf import swimmer_mjcf
from snn_control.envs.swimmer.start import draw_start
from snn_control.errors import ConfigError, ParameterError

PERIOD_TICKS = 60


def prior(joint_rad: np.ndarray, tick: int, limit_rad: float) -> np.ndarray:
    """Efforts of the circuit of arXiv:2201.05242 with unit weights, in closed form."""
    bend = np.clip(joint_rad / limit_rad, -1.0, 1.0)
    dorsal, ventral = np.clip(bend, 0.0, 1.0), np.clip(-bend, 0.0, 1.0)
    first = float(tick % PERIOD_TICKS < PERIOD_TICKS // 2)
    b_dorsal = np.concatenate([[first], dorsal[:-1]])
    b_ventral = np.concatenate([[1.0 - first], ventral[:-1]])
    return np.clip(b_dorsal - b_ventral, 0.0, 1.0) - np.clip(b_ventral - b_dorsal, 0.0, 1.0)


def swim(env: gymnasium.Env, seed: int, ticks: int = 1000) -> float:
    inner: Any = env.unwrapped
    observation, _ = env.reset(seed=seed)
    total = 0.0
    for tick in range(ticks):
        joint_rad = observation[: inner.body.n_joints]
        observation, reward, _, _, _ = env.step(prior(joint_rad, tick, inner.body.limit_rad))
        total += float(reward)
    return total


@pytest.mark.parametrize(
    ("n_links", "expected", "tolerance"), [(3, 289.41, 0.5), (6, 800.260, 0.5), (12, 904.48, 0.5)]
)
def test_return_of_the_prior_matches_the_published_body(
    n_links: int, expected: float, tolerance: float
) -> None:
    env = gymnasium.make("snn_control/Swim-v0", n_links=n_links)
    assert np.mean([swim(env, seed) for seed in range(5)]) == pytest.approx(expected, abs=tolerance)


def test_link_velocities_equal_the_sensors() -> None:
    body = SwimmerBody(8)
    body.reset(draw_start(8, 4, 1))
    rng = np.random.default_rng(0)
    for _ in range(50):
        body.advance(rng.uniform(-1.0, 1.0, 7))
    body.model.opt.disableflags ^= mujoco.mjtDisableBit.mjDSBL_SENSOR
    mujoco.mj_forward(body.model, body.data)
    for k in range(8):
        velocity = body.data.sensor(f"velocity_{k}").data
        turning = body.data.sensor(f"turning_{k}").data
        expected = [velocity[0], velocity[1], turning[2]]
        assert body.link_velocities[3 * k : 3 * k + 3] == pytest.approx(expected, abs=1e-12)
    assert body.forward_speed_m_s == pytest.approx(-body.data.sensor("velocity_0").data[1])


def test_body_has_the_published_masses_and_joints() -> None:
    model = swimmer_model(6)
    assert model.body_subtreemass[0] == pytest.approx(0.06)
    assert model.jnt_range[3:] == pytest.approx(np.tile([-math.pi / 3, math.pi / 3], (5, 1)))
    assert model.dof_armature == pytest.approx([0.0] * 3 + [1e-6] * 5)
    assert (model.opt.timestep, model.opt.density, model.opt.viscosity) == (0.002, 3000.0, 0.0)


def test_gymnasium_checker_passes() -> None:
    check_env(gymnasium.make("snn_control/Swim-v0", n_ticks=20).unwrapped, skip_render_check=True)


def test_equal_seeds_are_bitwise_equal() -> None:
    first, second = (
        gymnasium.make("snn_control/Swim-v0", damage={"noise_rad": 0.05}) for _ in range(2)
    )
    assert swim(first, 3, 200) == swim(second, 3, 200)
    assert swim(first, 3, 200) != swim(first, 4, 200)


def test_locked_joint_keeps_its_angle() -> None:
    body = SwimmerBody(6, Damage(locked_joints=(2,)))
    body.reset(draw_start(6, 0, 1))
    before = body.joint_rad.copy()
    for _ in range(1000):
        body.advance(np.ones(5))
    assert body.joint_rad[2] == pytest.approx(before[2], abs=math.radians(0.2))
    assert abs(body.joint_rad[1] - before[1]) > 0.1


def test_lost_muscle_has_no_force() -> None:
    for muscle, dorsal, ventral in (("dorsal_1", 0.0, -1.0), ("both_1", 0.0, 0.0)):
        body = SwimmerBody(6, Damage(lost_muscles=(muscle,)))
        for effort, force in ((1.0, dorsal), (-1.0, ventral)):
            body.reset(draw_start(6, 0, 1))
            body.advance(np.full(5, effort))
            assert body.data.actuator_force[1] == pytest.approx(force)
            assert body.data.actuator_force[0] == pytest.approx(effort)


def test_sensor_errors_have_their_deviation() -> None:
    env: Any = gymnasium.make(
        "snn_control/Swim-v0", damage={"noise_rad": 0.05, "bias_rad": 0.2}
    ).unwrapped
    observation, _ = env.reset(seed=5)
    errors = []
    for _ in range(1000):
        errors.append(observation[:5] - env.body.joint_rad)
        observation = env.step(np.zeros(5))[0]
    assert np.std(errors, axis=0) == pytest.approx(0.05, rel=0.1)
    assert np.abs(np.mean(errors, axis=0)).max() > 0.05


def test_viscosity_lowers_the_speed() -> None:
    thin = swim(gymnasium.make("snn_control/Swim-v0"), 0, 300)
    thick = swim(gymnasium.make("snn_control/Swim-v0", damage={"viscosity_pa_s": 1.0}), 0, 300)
    assert thick < 0.8 * thin


@pytest.mark.parametrize("n_links", [2, 31, -1])
def test_invalid_numbers_of_links_are_errors(n_links: int) -> None:
    with pytest.raises(ParameterError, match="3 to 30"):
        swimmer_mjcf(n_links)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ({"locked_joints": [5]}, "joints 0 to 4"),
        ({"lost_muscles": ["dorsal_9"]}, "joints 0 to 4"),
        ({"lost_muscles": ["left_1"]}, "expected `dorsal_`"),
        ({"noise_rad": -1.0}, "noise_rad"),
        ({"viscosity_pa_s": float("nan")}, "viscosity_pa_s"),
    ],
)
def test_invalid_damage_is_an_error(damage: dict, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        gymnasium.make("snn_control/Swim-v0", damage=damage)


def test_unknown_damage_is_an_error() -> None:
    with pytest.raises(ConfigError, match="lost_muscles"):
        gymnasium.make("snn_control/Swim-v0", damage={"lost_muscle": ["dorsal_1"]})
