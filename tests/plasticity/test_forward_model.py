"""Forward-model rule against a textbook Kalman filter, and the local rule against that filter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from snn_control.plasticity.forward_model import (
    BIAS,
    GAIN,
    POSITION,
    SHADOW,
    SIZE,
    SPEED,
    VARIANCE,
    correct,
    correct_locally,
    relocate,
    spread,
    start,
)
from snn_control.plasticity.optional_kernel import plain

H, SD_M = 0.1, 0.01
WALKS = (0.02, 0.05, 0.01)
UPPER = np.triu_indices(4)


def begun(at: int = 0) -> np.ndarray:
    row = np.zeros(at + SIZE)
    start(row, at, 0.5, 1.1, -0.2, SD_M, 0.2, 0.1, 0.05)
    return row


def covariance(row: np.ndarray) -> np.ndarray:
    full = np.zeros((4, 4))
    full[UPPER] = row[VARIANCE : VARIANCE + 10]
    return full + np.triu(full, 1).T


def moved(row: np.ndarray, push: float, h: float = H) -> None:
    """Advance the mean without drag."""
    gained = h * (row[GAIN] * push + row[BIAS])
    row[POSITION] += h * row[SPEED] + 0.5 * h * gained
    row[SPEED] += gained


def transition(push: float, h: float = H) -> np.ndarray:
    g = 0.5 * h * h
    return np.array([[1, h, g * push, g], [0, 1, h * push, h], [0, 0, 1, 0], [0, 0, 0, 1.0]])


@pytest.mark.parametrize("engine", [lambda rule: rule, plain], ids=["native", "reference"])
def test_filter_equals_the_textbook(engine: Any) -> None:
    rng = np.random.default_rng(3)
    row = begun()
    mean, p = row[:4].copy(), covariance(row)
    q = H * np.diag([0.0, *np.square(WALKS)])
    for _ in range(200):
        push, measured = rng.uniform(0.0, 0.5), rng.normal(0.5, 0.1)
        moved(row, push)
        engine(spread)(row, 0, H, push, *WALKS)
        f = transition(push)
        mean, p = f @ mean, f @ p @ f.T + q
        engine(correct)(row, 0, measured, SD_M, 1.0, 100.0, 100.0)
        gain = p[:, 0] / (p[0, 0] + SD_M**2)
        mean = mean + gain * (measured - mean[0])
        p = p - np.outer(gain, p[0])
        np.testing.assert_allclose(row[:4], mean, rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(covariance(row), p, rtol=1e-6, atol=1e-12)


def test_consider_filter_keeps_parameters_and_their_variance() -> None:
    """Independent form: (I - K H) P (I - K H)' + K R K' with the gains of the parameters at 0."""
    row = begun()
    for push in (0.1, 0.4):
        moved(row, push)
        spread(row, 0, H, push, *WALKS)
    p, before = covariance(row), row[:4].copy()
    gain = p[:, 0] / (p[0, 0] + SD_M**2)
    gain[2:] = 0.0
    kept = np.eye(4) - np.outer(gain, [1, 0, 0, 0])
    correct(row, 0, 0.9, SD_M, 0.0, 100.0, 100.0)
    expected = kept @ p @ kept.T + SD_M**2 * np.outer(gain, gain)
    np.testing.assert_allclose(covariance(row), expected, rtol=1e-9)
    assert row[GAIN] == before[GAIN]
    assert row[BIAS] == before[BIAS]
    assert row[POSITION] != before[POSITION]


def test_learns_a_constant_gain_and_bias() -> None:
    rng = np.random.default_rng(4)
    row, true = begun(), np.array([0.5, 0.0, 0.7, -0.1])
    for _ in range(3000):
        push = rng.uniform(0.0, 0.3)
        true = transition(push) @ true
        moved(row, push)
        spread(row, 0, H, push, 0.01, 0.005, 0.002)
        correct(row, 0, true[0] + rng.normal(0.0, SD_M), SD_M, 1.0, 3.0, 1.0)
    assert abs(row[GAIN] - 0.7) < 0.05
    assert abs(row[GAIN] * 0.15 + row[BIAS] - (0.7 * 0.15 - 0.1)) < 0.01


def test_parameters_stay_within_their_limits() -> None:
    row = begun()
    for _ in range(50):
        moved(row, 0.3)
        spread(row, 0, H, 0.3, *WALKS)
        correct(row, 0, row[POSITION] + 5.0, SD_M, 1.0, 1.5, 0.3)
        assert abs(row[GAIN]) <= 1.5
        assert abs(row[BIAS]) <= 0.3


def test_local_rule_is_the_filter_with_its_settled_gains() -> None:
    """With a constant push, the two parameters act as one: the sum of both corrections is equal."""
    push = 0.2
    row = begun()
    for _ in range(3000):
        spread(row, 0, H, push, *WALKS)
        before = covariance(row)
        correct(row, 0, row[POSITION], SD_M, 1.0, 100.0, 100.0)
    gains = before[:, 0] / (before[0, 0] + SD_M**2)
    rates = np.array([gains[0], gains[1], gains[2] / push, gains[3]])
    filtered, local = row.copy(), row.copy()
    rng = np.random.default_rng(5)
    for _ in range(100):
        measured = rng.normal(0.5, 0.1)
        for each in (filtered, local):
            moved(each, push)
        spread(filtered, 0, H, push, *WALKS)
        correct(filtered, 0, measured, SD_M, 1.0, 100.0, 100.0)
        correct_locally(local, 0, measured, push, 1.0, rates, 1.0, 100.0, 100.0)
        np.testing.assert_allclose(local[:2], filtered[:2], rtol=1e-6, atol=1e-9)


def test_local_rule_without_learning_keeps_the_parameters() -> None:
    row = begun()
    correct_locally(row, 0, 0.9, 0.3, 1.0, np.array([0.3, 1.0, 0.3, 0.1]), 0.0, 3.0, 1.0)
    assert row[GAIN] == 1.1
    assert row[BIAS] == -0.2
    assert row[SPEED] == 0.4


def test_relocation_keeps_what_was_learned() -> None:
    row = begun(at=2)
    spread(row, 2, H, 0.2, *WALKS)
    relocate(row, 2, 1.7, 0.01, 0.2)
    assert row[2 + POSITION] == 1.7
    assert row[2 + GAIN] == 1.1
    assert row[:2].tolist() == [0.0, 0.0]
    off_diagonal = covariance(row[2:])[0, 1:]
    assert off_diagonal.tolist() == [0.0, 0.0, 0.0]


def test_the_shadow_starts_with_the_estimate() -> None:
    row = begun()
    assert row[SHADOW : SHADOW + 4].tolist() == row[:4].tolist()


def test_engines_agree_bit_for_bit() -> None:
    rng = np.random.default_rng(6)
    compiled, python = begun(), begun()
    for _ in range(300):
        push, measured = rng.uniform(0.0, 0.5), rng.normal(0.5, 0.1)
        for row, engine in ((compiled, lambda rule: rule), (python, plain)):
            moved(row, push)
            engine(spread)(row, 0, H, push, *WALKS)
            engine(correct)(row, 0, measured, SD_M, 1.0, 3.0, 1.0)
    assert compiled.tolist() == python.tolist()
