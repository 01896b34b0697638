"""Poisson spike trains: rates, intervals and order."""

from __future__ import annotations

import numpy as np
import pytest

from snn_control.coding.poisson import poisson_spikes
from snn_control.errors import ParameterError

DT_S = 1e-3


def draw(rates: np.ndarray, n_steps: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    return poisson_spikes(rates, n_steps, DT_S, np.random.default_rng(seed))


def test_rates_are_as_requested():
    rates, n_steps = np.linspace(0.0, 800.0, 9), 20_000
    _, sources = draw(rates, n_steps)
    counts, p = np.bincount(sources, minlength=9), rates * DT_S
    assert counts[0] == 0
    assert np.all(np.abs(counts - n_steps * p) <= 4.5 * np.sqrt(n_steps * p * (1 - p)))


def test_gaps_are_geometric_and_steps_equally_likely():
    p, n_steps = 0.1, 200_000
    steps, _ = draw(np.array([100.0]), n_steps)
    gaps = np.diff(steps)
    for gap in (1, 2, 3, 5, 10, 20):
        fraction = p * (1 - p) ** (gap - 1)
        assert abs(np.mean(gaps == gap) - fraction) < 4.5 * np.sqrt(fraction / gaps.size)
    firsts = [draw(np.array([100.0]), 400, seed)[0][0] for seed in range(3000)]
    fraction = float(np.mean(np.array(firsts) == 0))
    assert abs(fraction - p) < 4.5 * np.sqrt(p * (1 - p) / 3000)


def test_sources_are_independent():
    raster = np.zeros((50_000, 2))
    raster[draw(np.array([300.0, 300.0]), 50_000)] = 1.0
    assert abs(np.asarray(np.corrcoef(raster.T))[0, 1]) < 4.5 / np.sqrt(50_000)


def test_spikes_are_ordered_and_at_most_one_a_step():
    steps, sources = draw(np.full(30, 400.0), 500)
    keys = steps.astype(np.int64) * 30 + sources
    assert np.all(np.diff(keys) > 0)
    assert steps.min() >= 0
    assert steps.max() < 500


def test_rate_limits_give_silence_and_a_spike_each_step():
    steps, sources = draw(np.array([0.0, 1000.0, 0.0]), 5)
    np.testing.assert_array_equal(steps, np.arange(5))
    np.testing.assert_array_equal(sources, np.ones(5))
    assert draw(np.array([0.0, 0.0]), 5)[0].size == 0
    assert draw(np.array([500.0]), 0)[0].size == 0


def test_spikes_depend_on_the_seed():
    rates = np.full(20, 50.0)
    first, again, other = draw(rates, 400, 1), draw(rates, 400, 1), draw(rates, 400, 2)
    np.testing.assert_array_equal(first, again)
    assert first[0].size != other[0].size or not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("rates", "n_steps", "dt_s"),
    [
        (np.array([-1.0]), 5, DT_S),
        (np.array([1001.0]), 5, DT_S),
        (np.array([np.nan]), 5, DT_S),
        (np.ones((2, 2)), 5, DT_S),
        (np.ones(2), -1, DT_S),
        (np.ones(2), 5, 0.0),
    ],
)
def test_out_of_range_arguments_are_refused(rates, n_steps, dt_s):
    with pytest.raises(ParameterError, match="expected"):
        poisson_spikes(rates, n_steps, dt_s, np.random.default_rng(0))
