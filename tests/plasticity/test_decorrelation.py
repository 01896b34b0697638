"""Anti-Hebbian decorrelation against the matrix inverse, and its effect on disturbances."""

from __future__ import annotations

import numpy as np
import pytest

from snn_control.errors import ParameterError
from snn_control.plasticity.decorrelation import Decorrelation


def test_weights_equal_the_inverse_in_any_order() -> None:
    disturbances = np.random.default_rng(0).normal(size=(200, 12)) * np.arange(1, 13)
    expected = np.linalg.inv(3.0 * np.eye(12) + disturbances.T @ disturbances)
    for order in (slice(None), slice(None, None, -1)):
        layer = Decorrelation(12, 3.0)
        layer.learn(disturbances[order])
        np.testing.assert_allclose(layer.lateral, expected, rtol=1e-9, atol=1e-12)
        np.testing.assert_array_equal(layer.lateral, layer.lateral.T)


def test_learning_the_inputs_whitens_them() -> None:
    rng = np.random.default_rng(1)
    inputs = rng.normal(size=(20_000, 6)) @ rng.normal(size=(6, 6))
    layer = Decorrelation(6, 1e-3)
    layer.learn(inputs)
    outputs = layer.apply(inputs)
    np.testing.assert_allclose(outputs.T @ inputs, np.eye(6), atol=1e-4)


def test_only_disturbances_are_suppressed() -> None:
    layer = Decorrelation(4, 1.0)
    glare = np.array([1.0, 1.0, 0.0, 0.0])
    layer.learn(np.tile(30.0 * glare, (50, 1)))
    assert abs(layer.apply(glare)).max() < 1e-4
    other = np.array([1.0, -1.0, 0.5, 0.0])
    np.testing.assert_allclose(layer.apply(other), other, atol=1e-9)


@pytest.mark.parametrize("wrong", [np.zeros(4), np.zeros((2, 3)), np.full((1, 4), np.nan)])
def test_invalid_disturbances_change_nothing(wrong: np.ndarray) -> None:
    layer = Decorrelation(4, 2.0)
    with pytest.raises(ParameterError, match="disturbances"):
        layer.learn(wrong)
    np.testing.assert_array_equal(layer.lateral, np.eye(4) / 2.0)
    with pytest.raises(ParameterError, match="stiffness"):
        Decorrelation(4, 0.0)
