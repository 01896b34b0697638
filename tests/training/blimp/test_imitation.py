"""Imitation fitness and targets against independent computations."""

from __future__ import annotations

import numpy as np

from snn_control.training.blimp.imitation import (
    imitation_cost,
    moving_average,
    pid_targets,
    published_fit,
)


def test_moving_average_equals_a_convolution() -> None:
    x = np.random.default_rng(0).normal(size=50)
    np.testing.assert_allclose(moving_average(x), np.convolve(x, np.ones(4) / 4, "valid"))


def test_published_fit_equals_numpy() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 200))
    kernel = np.ones(4) / 4
    p, q = np.convolve(a, kernel, "valid"), np.convolve(b, kernel, "valid")
    expected = np.abs(p - q).mean() + 1 - np.corrcoef(p, q)[0, 1]
    np.testing.assert_allclose(published_fit(a, b), expected)


def test_chatter_raises_the_cost_but_not_the_published_fit() -> None:
    target = np.sin(np.arange(400) / 15)
    chatter = target + 2.0 * (-1.0) ** np.arange(400)
    assert published_fit(chatter, target) < 1e-9
    assert imitation_cost(chatter, target) > 1.5
    assert imitation_cost(target, target) < 1e-9


def test_targets_follow_the_published_relations() -> None:
    error = np.round(0.3 * np.sin(np.arange(300) / 20), 2)
    targets = pid_targets(error)
    d = np.diff(error, prepend=error[0]) * 10
    derivative = 14 * (d + np.r_[0.0, d[:-1]]) / 2
    derivative[:2] = 0.0
    np.testing.assert_allclose(targets["pd"], 9 * error + derivative, atol=1e-9)
    np.testing.assert_allclose(targets["i"], 0.075 * np.cumsum(error), atol=1e-9)


def test_targets_are_compressed_beyond_15() -> None:
    targets = pid_targets(np.full(5, 2.0))["pd"]
    np.testing.assert_allclose(targets[2:], 15 + 3 * 5 / 90)
