"""Perceptron against its equations, and in batches."""

from __future__ import annotations

import numpy as np
import pytest

from snn_control.controllers.swimmer.mlp import MLP
from snn_control.envs.swimmer.swim import action_names, observation_names
from snn_control.errors import ParameterError


def make(**settings: object) -> MLP:
    return MLP(observation_names(6), action_names(5), 0.03, **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("hidden", "activation", "n"), [((64, 64), "tanh", 6085), ((256, 256), "relu", 73477)]
)
def test_numbers_of_parameters_are_the_published_ones(
    hidden: tuple[int, ...], activation: str, n: int
) -> None:
    assert make(hidden=hidden, activation=activation).n_parameters == n


def test_actions_equal_the_equations_and_those_of_a_batch() -> None:
    mlp, rng = make(hidden=(7, 3)), np.random.default_rng(0)
    rows = 0.5 * rng.normal(size=(4, mlp.n_parameters))
    observations = rng.normal(size=(4, 23))
    many = mlp.act(mlp.layers(rows), observations, 250)
    for k in range(4):
        one = make(hidden=(7, 3), parameters=rows[k])
        for _ in range(250):
            one.step(np.zeros(23))
        np.testing.assert_allclose(one.step(observations[k]), many[k], atol=1e-12)
        x, start = np.append(observations[k], -0.5), 0
        for size, last in ((7, False), (3, False), (5, True)):
            weights = rows[k, start : start + x.size * size].reshape(x.size, size)
            start += x.size * size
            x = x @ weights + rows[k, start : start + size]
            start += size
            x = np.clip(x, -1.0, 1.0) if last else np.tanh(x)
        np.testing.assert_allclose(many[k], x, atol=1e-12)


@pytest.mark.parametrize(
    "wrong", [{"activation": "sine"}, {"hidden": ()}, {"hidden": (0,)}, {"parameters": np.ones(3)}]
)
def test_wrong_settings_are_errors(wrong: dict) -> None:
    with pytest.raises(ParameterError):
        make(**wrong)
