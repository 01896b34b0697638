"""Words of a counter against SplitMix64 and against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from snn_control.compiled import kernel
from snn_control.evolution.counter_random import (
    LEVELS,
    draw_key,
    level,
    normal_quantiles,
    occurs,
    probability_limit,
    word,
)


@kernel()
def words(key: np.uint64, n_rows: int, n_words: int) -> np.ndarray:
    drawn = np.empty((n_rows, n_words), np.uint64)
    for row in range(n_rows):
        row_key = word(key, row)
        for k in range(n_words):
            drawn[row, k] = word(row_key, k)
    return drawn


@kernel()
def parts(drawn: np.ndarray, limit: np.uint64) -> tuple[np.ndarray, np.ndarray]:
    levels, events = np.empty((len(drawn), 4), np.int64), np.empty(len(drawn), np.bool_)
    for k in range(len(drawn)):
        for part in range(4):
            levels[k, part] = level(drawn[k], part)
        events[k] = occurs(drawn[k], limit)
    return levels, events


@kernel()
def limit_of(probability: float) -> np.uint64:
    return probability_limit(probability)


@kernel()
def first_words(key: np.uint64) -> np.ndarray:
    return np.array([word(key, k) for k in range(5)])


def test_words_of_a_key_are_the_outputs_of_splitmix64() -> None:
    """Outputs of the reference implementation for the seed 1234567."""
    assert first_words(np.uint64(1234567)).tolist() == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


def test_levels_are_uniform_and_uncorrelated() -> None:
    drawn = words(np.uint64(3), 64, 4096)
    levels, _ = parts(drawn.ravel(), np.uint64(0))
    assert np.array_equal(levels[:, 1], (drawn.ravel() >> np.uint64(16)) % LEVELS)
    for part in range(4):
        counts = np.bincount(levels[:, part] // 256, minlength=256)
        assert stats.chisquare(counts).pvalue > 1e-4
    assert np.abs(np.corrcoef(levels.T) - np.eye(4)).max() < 0.01
    rows = levels[:, 0].reshape(64, 4096)
    assert np.abs(np.corrcoef(rows) - np.eye(64)).max() < 0.08
    assert abs(np.corrcoef(rows[:, :-1].ravel(), rows[:, 1:].ravel())[0, 1]) < 0.01


@pytest.mark.parametrize("probability", [0.0, 1e-4, 0.3, 1.0])
def test_events_occur_with_the_given_probability(probability: float) -> None:
    drawn = words(np.uint64(4), 64, 4096).ravel()
    _, events = parts(drawn, limit_of(probability))
    spread = np.sqrt(probability * (1 - probability) / len(drawn))
    assert abs(events.mean() - probability) <= 4 * spread


def test_quantiles_have_the_moments_of_a_normal_variate() -> None:
    z = normal_quantiles()
    assert z.shape == (LEVELS,)
    assert abs(z.mean()) < 1e-12
    assert z.var() == pytest.approx(1.0, rel=1e-12)
    assert (z**4).mean() == pytest.approx(3.0, rel=2e-3)
    assert stats.kstest(z, "norm").statistic < 2e-4
    assert not z.flags.writeable


def test_keys_follow_the_state_of_the_generator() -> None:
    keys = [draw_key(np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert keys[0] == keys[1] != keys[2]
    assert keys[0].dtype == np.uint64
