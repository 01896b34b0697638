"""Monitors: contract of all, closed forms of each."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
from scipy import stats

from snn_control.errors import ParameterError
from snn_control.supervision.monitors.age import Age
from snn_control.supervision.monitors.cusum import Cusum
from snn_control.supervision.monitors.identity import Identity
from snn_control.supervision.monitors.interval import Interval
from snn_control.supervision.monitors.jump import Jump
from snn_control.supervision.monitors.limits import Limits
from snn_control.supervision.monitors.monitor import Monitor, Sample
from snn_control.supervision.monitors.nis import Nis, WindowedNis
from snn_control.supervision.monitors.registry import MONITORS
from snn_control.supervision.observer import Innovation


def sample(
    now_s: float, value: float = 1.0, stamp_s: float | None = None, x: float = 0.0
) -> Sample:
    """Return a sample whose innovation has the deviation 2 and the normalised value `x`."""
    return Sample(now_s, now_s if stamp_s is None else stamp_s, value, Innovation(2.0 * x, 4.0))


def healthy(n: int, seed: int = 0, first_s: float = 0.0) -> list[Sample]:
    x = np.random.default_rng(seed).standard_normal(n)
    return [sample(first_s + 0.1 * k, value=1.0 + 0.01 * x[k], x=float(x[k])) for k in range(n)]


@pytest.mark.parametrize("kind", MONITORS.values())
class TestContract:
    def test_healthy_scores_are_finite_and_repeatable(self, kind: type[Monitor]) -> None:
        monitor = kind()
        first = [monitor.sample(each) for each in healthy(200)]
        assert all(score < math.inf for score in first)
        monitor.reset()
        assert [monitor.sample(each) for each in healthy(200)] == first

    def test_copies_are_independent(self, kind: type[Monitor]) -> None:
        monitor = kind()
        for each in healthy(20):
            monitor.sample(each)
        twin = copy.deepcopy(monitor)
        rest = healthy(20, seed=1, first_s=2.0)
        expected = [monitor.sample(each) for each in rest]
        assert [twin.sample(each) for each in rest] == expected

    @pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
    def test_values_that_are_not_finite_never_lower_a_score(
        self, kind: type[Monitor], bad: float
    ) -> None:
        monitor, twin = kind(), kind()
        for each in healthy(30):
            monitor.sample(each)
            twin.sample(each)
        for k in range(30):
            broken = Sample(3.0 + 0.1 * k, 3.0 + 0.1 * k, bad, Innovation(bad, 4.0))
            whole = sample(3.0 + 0.1 * k)
            assert monitor.sample(broken) >= min(twin.sample(whole), 1.0) or monitor.name in (
                "age",
                "interval",
            )
        assert not math.isnan(monitor.sample(sample(6.1)))

    def test_it_sees_a_fault_after_broken_values(self, kind: type[Monitor]) -> None:
        monitor = kind()
        for each in healthy(30):
            monitor.sample(each)
        nominal = max(monitor.sample(each) for each in healthy(100, 2, 3.0))
        monitor.sample(Sample(13.0, 13.0, math.nan, Innovation(math.nan, 4.0)))
        faulty = [
            monitor.sample(Sample(14.0 + k, 10.0 + 0.1 * k, 1e3, Innovation(50.0, 4.0)))
            for k in range(30)
        ]
        assert max(faulty) > nominal or monitor.name == "limits"

    def test_the_name_is_that_of_the_registry(self, kind: type[Monitor]) -> None:
        assert MONITORS[kind.name] is kind
        assert kind.name.isidentifier()


def test_age_grows_in_silence_and_with_late_stamps() -> None:
    monitor = Age()
    assert monitor.silent(5.0) == -math.inf
    assert monitor.sample(sample(1.0, stamp_s=0.9)) == pytest.approx(0.1)
    assert monitor.silent(1.5) == pytest.approx(0.6)
    assert monitor.sample(sample(1.6, stamp_s=0.5)) == pytest.approx(0.7)
    assert monitor.sample(sample(1.7, stamp_s=math.nan)) == pytest.approx(0.8)
    assert monitor.sample(sample(1.8, stamp_s=1.75)) == pytest.approx(0.05)


def test_interval_is_the_mean_of_the_last_ones() -> None:
    monitor = Interval(4)
    scores = [monitor.sample(sample(t)) for t in (0.0, 0.1, 0.2, 0.3, 0.4, 0.9, 1.4)]
    assert scores[:4] == [-math.inf] * 4
    assert scores[4:] == pytest.approx([0.1, 0.2, 0.3])


def test_limits_are_distances() -> None:
    monitor = Limits(0.0, 10.0)
    assert monitor.sample(sample(0.0, 12.5)) == 2.5
    assert monitor.sample(sample(0.0, -1.0)) == 1.0
    assert monitor.sample(sample(0.0, 4.0)) == -4.0


def test_identity_is_the_time_between_stamps_of_equal_values() -> None:
    monitor = Identity()
    values = [1.0, 1.0, 1.0, 1.01, 1.01]
    scores = [monitor.sample(sample(0.5 * k, v)) for k, v in enumerate(values)]
    assert scores == [0.0, 0.5, 1.0, 0.0, 0.5]


def test_nis_has_the_chi_squared_distribution() -> None:
    one, several = Nis(), WindowedNis(10)
    series = healthy(60_000, seed=5)
    singles = np.array([one.sample(each) for each in series])
    means = np.array([several.sample(each) for each in series])[9::10]
    assert stats.kstest(singles, stats.chi2(1).cdf).pvalue > 1e-3
    assert stats.kstest(10 * means, stats.chi2(10).cdf).pvalue > 1e-3


def test_cusum_detects_a_shift_at_the_textbook_delay() -> None:
    """Siegmund's approximation: (exp(-2 d b) + 2 d b - 1) / (2 d^2), b = h + 1.166, d = 0.5."""
    delays, b = [], 8.0 + 1.166
    for seed in range(200):
        monitor, rng = Cusum(0.5), np.random.default_rng(seed)
        for k in range(500):
            if monitor.sample(sample(0.1 * k, x=float(rng.normal(1.0)))) > 8.0:
                delays.append(k + 1)
                break
    assert np.mean(delays) == pytest.approx(2.0 * (math.exp(-b) + b - 1.0), rel=0.08)
    monitor = Cusum()
    assert monitor.sample(sample(0.0, x=-3.0)) == pytest.approx(2.5)
    assert max(monitor.sample(sample(0.0, x=9.0)) for _ in range(99)) == 100.0


def test_jump_is_the_change() -> None:
    monitor = Jump()
    assert [monitor.sample(sample(0.0, v)) for v in (4.0, 3.9, 2.9)] == pytest.approx([0, 0.1, 1.0])


def test_invalid_settings_are_refused() -> None:
    for make in (
        lambda: Interval(0),
        lambda: Limits(1.0, 1.0),
        lambda: WindowedNis(1),
        lambda: Cusum(0.0),
    ):
        with pytest.raises(ParameterError):
            make()
