"""Statistics and verdicts of the comparison with the baseline."""

import numpy as np
import pytest
import scipy.stats

from snn_control.report.comparison import compare
from snn_control.report.inputs import Evaluation, ReportInputs
from snn_control.report.statistics import mean_ci95, paired_difference, t95


@pytest.mark.parametrize("degrees", [1, 4, 19, 30, 31, 60, 200])
def test_quantiles_are_those_of_students_t(degrees):
    assert t95(degrees) == pytest.approx(scipy.stats.t.ppf(0.975, degrees), rel=2e-3)


def test_interval_covers_the_mean_in_95_percent_of_cases():
    rng = np.random.default_rng(0)
    draws = [mean_ci95(rng.normal(3, 1, 6)) for _ in range(2000)]
    covered = np.mean([abs(mean - 3) <= half for mean, half in draws])
    assert covered == pytest.approx(0.95, abs=0.015)


def test_only_common_finite_seeds_are_paired():
    assert paired_difference({1: 2.0, 2: 3.0, 3: 9.0}, {1: 1.0, 2: 2.0, 4: 0.0}) == (1.0, 0.0)
    assert paired_difference({1: 2.0}, {1: 1.0}) is None


@pytest.mark.parametrize(
    ("metric", "shift", "mark"),
    [
        ("hold_rmse_m", -0.5, "ahead"),
        ("hold_rmse_m", 0.5, "behind"),
        ("hold_rmse_m", 0.0, "even"),
        ("total_reward", 0.5, "ahead"),
        ("spikes_per_s", 0.5, ""),
    ],
)
def test_verdict_follows_the_paired_difference(metric, shift, mark):
    rng = np.random.default_rng(1)
    theirs = rng.normal(10, 3, 12)
    ours = theirs + shift + rng.permutation(np.linspace(-0.1, 0.1, 12))
    evaluations = [_evaluation("net", "subject", metric, ours)]
    evaluations.append(_evaluation("pid", "baseline", metric, theirs))
    inputs = ReportInputs(None, {}, {}, evaluations=evaluations)  # type: ignore[arg-type]
    (row,) = compare(inputs, "default")
    assert row.mark == mark


def _evaluation(controller, role, metric, values):
    mean, half = mean_ci95(values)
    episodes = [{metric: value} for value in values]
    seeds = tuple(range(len(values)))
    return Evaluation(
        controller, role, "x", "default", seeds, episodes, {metric: mean}, {metric: half}
    )
