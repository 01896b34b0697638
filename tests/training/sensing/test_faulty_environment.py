"""Faults of environments: each kind on each channel, with its effect on observation and action."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest

from snn_control.errors import ConfigError, InterfaceMismatchError, ParameterError, UnknownNameError
from snn_control.supervision.faults import Channel, Fault, FaultKind
from snn_control.training.environment import make_environment
from snn_control.training.sensing.faulty_environment import FaultyEnvironment, Wire, wires

RANGE = Wire(Channel("lidar", 0.0, 12.0), ("range_m",))
MOTOR = Wire(Channel("motor", -10.0, 10.0, rest=0.0), ("motor_command",))


def blimp(*faults: Fault, **options) -> FaultyEnvironment:
    env = make_environment("BlimpAltitude-v1", preset="clean", duration_s=12.0, **options)
    return FaultyEnvironment(env, faults, [RANGE, MOTOR], derive)


def derive(observation: np.ndarray) -> None:
    observation[0] = observation[1] - observation[2]


def episode(env: gymnasium.Env, seed: int = 1) -> dict[str, np.ndarray]:
    """Return series of an episode at a command that swings."""
    observation, info = env.reset(seed=seed)
    rows, ages, heights, over, k = [observation], [info["age_s"]], [info["height_m"]], False, 0
    while not over:
        observation, _, _, over, info = env.step(np.array([3.0 + np.sin(0.7 * k)]))
        k += 1
        rows.append(observation)
        ages.append(info["age_s"])
        heights.append(info["height_m"])
    return {
        "observed": np.array(rows),
        "age_s": np.array([age["lidar"] for age in ages]),
        "height_m": np.array(heights),
        "time_s": 0.1 * np.arange(len(rows)),
    }


def fault(channel: str, kind: str, **settings) -> Fault:
    return Fault(channel, FaultKind(kind), 4.0, 8.0, seed=1, **settings)


@pytest.mark.parametrize("kind", [kind for kind in FaultKind if kind is not FaultKind.OK])
def test_a_faulty_lidar_changes_the_observation_and_not_the_motion(kind: FaultKind) -> None:
    settings = {"offset": 0.5} if kind is FaultKind.WRONG else {}
    healthy, faulty = episode(blimp()), episode(blimp(fault("lidar", kind, **settings)))
    np.testing.assert_array_equal(healthy["height_m"], faulty["height_m"])
    during = (faulty["time_s"] >= 3.95) & (faulty["time_s"] < 7.95)
    settled = faulty["time_s"] > 8.6
    same = (healthy["observed"] == faulty["observed"]).all(axis=1)
    assert same[faulty["time_s"] < 3.95].all()
    assert same[settled].all()
    assert not same[during].all()
    others = [3, 4, 5, 6]
    np.testing.assert_array_equal(healthy["observed"][:, others], faulty["observed"][:, others])
    seen = faulty["observed"]
    np.testing.assert_array_equal(seen[:, 0], seen[:, 1] - seen[:, 2])
    aged = kind in (FaultKind.OFF, FaultKind.SLOW, FaultKind.DELAYED, FaultKind.INTERMITTENT)
    assert bool(faulty["age_s"][during].max() > 0.3) is aged
    assert healthy["age_s"].max() == 0.0


@pytest.mark.parametrize("kind", [kind for kind in FaultKind if kind is not FaultKind.OK])
def test_a_faulty_motor_changes_the_motion(kind: FaultKind) -> None:
    settings = {"offset": 2.0} if kind is FaultKind.WRONG else {}
    finite = {"not_finite": 0.0} if kind is FaultKind.GARBAGE else {}
    healthy = episode(blimp())
    faulty = episode(blimp(fault("motor", kind, **settings, **finite)))
    same = healthy["height_m"] == faulty["height_m"]
    assert same[:41].all()
    assert not same[60:].any()


def test_every_entry_of_an_environment_is_a_channel() -> None:
    env = gymnasium.make("InvertedPendulum-v5")
    names = [wire.channel.name for wire in wires(env)]
    assert names == ["obs_0", "obs_1", "obs_2", "obs_3", "action_0"]
    faulty = FaultyEnvironment(
        env, [Fault("obs_1", FaultKind.STUCK), Fault("action_0", FaultKind.OFF)]
    )
    faulty.reset(seed=0)
    first, _, _, _, info = faulty.step(np.array([2.0], np.float32))
    second, *_ = faulty.step(np.array([2.0], np.float32))
    assert first[1] == second[1]
    assert np.all(first[[0, 2, 3]] != second[[0, 2, 3]])
    assert info["age_s"]["obs_0"] == 0.0
    assert first.dtype == env.observation_space.dtype


def test_an_episode_in_which_a_fault_changes_nothing_is_an_error() -> None:
    env = blimp(Fault("lidar", FaultKind.DELAYED, 11.99, 12.0))
    with pytest.raises(ParameterError, match=r"delayed of lidar from 11.99 s changed no message"):
        episode(env)


def test_unknown_channels_and_entries_are_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"moto.*motor"):
        blimp(fault("moto", "off"))
    env = make_environment("BlimpAltitude-v0")
    with pytest.raises(ConfigError, match=r"barometer: the observation has no entry 'barometer_m'"):
        FaultyEnvironment(env, [], [Wire(Channel("barometer", 0, 9), ("barometer_m",))])
    with pytest.raises(InterfaceMismatchError, match="one-dimensional boxes"):
        FaultyEnvironment(gymnasium.make("CartPole-v1"), [])
