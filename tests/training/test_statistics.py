"""Intervals and paired ratios against SciPy and a bootstrap."""

import numpy as np
import pytest
from scipy import stats

from snn_control.training.statistics import half_width, paired_ratio


@pytest.mark.parametrize("n", [2, 5, 20, 31, 200])
def test_half_width_is_student_t(n):
    values = np.random.default_rng(n).normal(3.0, 2.0, n)
    low, high = stats.t.interval(0.95, n - 1, values.mean(), stats.sem(values))
    assert half_width(values) == pytest.approx((high - low) / 2, rel=2e-3)


def test_half_width_of_few_or_equal_values():
    assert np.isnan(half_width(np.array([1.0])))
    assert half_width(np.full(20, 0.1)) == 0.0


def test_ratio_and_interval_agree_with_a_bootstrap_over_the_seeds():
    rng = np.random.default_rng(0)
    theirs = rng.gamma(20.0, 0.1, 200)
    mine = 0.8 * theirs + rng.normal(0.0, 0.05, 200)
    ratio, half = paired_ratio(mine, theirs)
    picks = rng.integers(200, size=(4000, 200))
    drawn = mine[picks].mean(axis=1) / theirs[picks].mean(axis=1)
    assert ratio == pytest.approx(mine.mean() / theirs.mean())
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert half == pytest.approx((high - low) / 2, rel=0.1)


def test_pairing_narrows_the_interval():
    rng = np.random.default_rng(1)
    base = rng.gamma(5.0, 1.0, 30)
    paired = paired_ratio(1.1 * base, base)[1]
    shuffled = paired_ratio(1.1 * rng.permutation(base), base)[1]
    assert paired < 1e-9 < 0.1 < shuffled


def test_the_ratio_to_zero_is_nan():
    assert np.isnan(paired_ratio(np.ones(3), np.zeros(3))).all()
