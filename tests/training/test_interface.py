"""Vectors of spaces: names, flattening, choices, casts and limits."""

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces

import snn_control.envs  # noqa: F401 - registers the environments
from snn_control.errors import InterfaceMismatchError
from snn_control.training.interface import Interface

UNIT = spaces.Box(-1.0, 1.0, (2,), np.float32)


class Spaces(gymnasium.Env):
    """Environment of any two spaces."""

    def __init__(self, observation=UNIT, action=UNIT):
        self.observation_space, self.action_space = observation, action


def test_stock_environments_have_numbered_entries_and_their_period():
    cart = Interface.of(gymnasium.make("CartPole-v1"))
    assert cart.observation_names == ("obs_0", "obs_1", "obs_2", "obs_3")
    assert cart.action_names == ("action_0", "action_1")
    assert cart.control_period_s == 0.02
    swimmer = Interface.of(gymnasium.make("Swimmer-v5"))
    assert len(swimmer.observation_names) == 8
    assert swimmer.control_period_s == pytest.approx(0.04)


def test_declared_names_stay_and_actions_are_unchanged():
    interface = Interface.of(gymnasium.make("snn_control/BlimpAltitude-v0"))
    assert interface.observation_names[0] == "height_error_m"
    assert interface.action_names == ("motor_command",)
    action = np.array([25.0])
    assert interface.act(action) is action


@pytest.mark.parametrize(
    ("space", "vector", "expected"),
    [
        (spaces.Box(-1, 1, (2, 2), np.float32), [-3.0, 0.5, 3.0, -0.25], [[-1, 0.5], [1, -0.25]]),
        (spaces.Discrete(3, start=-1), [0.1, 0.2, 0.0], 0),
        (spaces.Discrete(3), [0.2, 0.2, 0.1], 0),
        (spaces.MultiDiscrete([2, 3]), [0.0, 1.0, 0.3, 0.9, 0.5], [1, 1]),
        (spaces.MultiBinary(3), [0.1, -0.1, 0.0], [1, 0, 0]),
    ],
)
def test_actions_belong_to_their_space(space, vector, expected):
    interface = Interface.of(Spaces(action=space))
    assert len(interface.action_names) == len(vector)
    action = interface.act(np.array(vector))
    assert space.contains(action)
    assert np.array_equal(action, expected)


def test_observations_are_flat_and_discrete_ones_one_hot():
    both = spaces.Dict({"a": UNIT, "b": spaces.Discrete(3)})
    interface = Interface.of(Spaces(observation=both))
    assert len(interface.observation_names) == 5
    values = interface.observe({"a": np.array([0.5, -0.5], np.float32), "b": 2})
    assert values.tolist() == [0.5, -0.5, 0.0, 0.0, 1.0]
    assert values.dtype == np.float64


@pytest.mark.parametrize(
    "wrong", [{"action": spaces.Dict({"a": UNIT})}, {"observation": spaces.Sequence(UNIT)}]
)
def test_a_space_without_a_vector_form_is_an_error(wrong):
    with pytest.raises(InterfaceMismatchError, match="wrap the environment"):
        Interface.of(Spaces(**wrong))
