"""Streams of digits and their learners, against independent ones in torch."""

from __future__ import annotations

import math

import numpy as np
import pytest

from snn_control.errors import ParameterError
from tests.needs import NEEDS_DIGITS
from tests.studies import digit_learners as peer

pytest.importorskip("sklearn", reason=NEEDS_DIGITS)

from snn_control.studies.adaptation.support.need_rule import NeedRule, learn_by_need
from snn_control.studies.support.digits.descent import constant_rate, trial_rate
from snn_control.studies.support.digits.mixture import mixture
from snn_control.studies.support.digits.network import PARAMETERS, TRUNK, draw_parameters
from snn_control.studies.support.digits.stream import draw_stream


def test_each_swap_exchanges_two_labels() -> None:
    stream = draw_stream(3, 1050, 100, 0.0)
    assert stream.mappings.shape == (11, 10)
    np.testing.assert_array_equal(stream.mappings[0], np.arange(10))
    for before, after in zip(stream.mappings, stream.mappings[1:], strict=False):
        changed = before != after
        assert changed.sum() == 2
        assert set(before[changed]) == set(after[changed])
    for i in range(1050):
        assert stream.truth[i] == stream.mappings[i // 100][stream.classes[i]]
    np.testing.assert_array_equal(stream.labels, stream.truth)


def test_noise_replaces_labels_and_nothing_else() -> None:
    clean, noisy = draw_stream(3, 20_000, 500, 0.0), draw_stream(3, 20_000, 500, 0.3)
    np.testing.assert_array_equal(clean.order, noisy.order)
    np.testing.assert_array_equal(clean.truth, noisy.truth)
    wrong = noisy.labels != noisy.truth
    assert wrong.mean() == pytest.approx(0.3 * 0.9, abs=0.01)
    np.testing.assert_array_equal(np.bincount(noisy.labels[wrong], minlength=10) > 300, True)
    np.testing.assert_array_equal(draw_stream(3, 20_000, 100, 0.3).order, noisy.order)
    np.testing.assert_array_equal(draw_stream(3, 20_000, 0, 0.3).mappings, [np.arange(10)])


@pytest.mark.parametrize("limit", [math.inf, 0.2])
def test_constant_rate_is_gradient_descent(limit: float) -> None:
    stream, parameters = draw_stream(5, 200, 50, 0.3), draw_parameters(5)
    assert parameters.shape == (PARAMETERS,)
    expected = peer.constant(stream, parameters, 0.1, limit)
    accuracy, rate = constant_rate(stream, parameters, 0, 0.1, limit)
    np.testing.assert_allclose(parameters, expected, rtol=0.0, atol=1e-10)
    assert (0.0 < accuracy < 1.0, rate) == (True, 0.1)


def test_mixture_descends_the_gradient_of_its_likelihood() -> None:
    stream, parameters = draw_stream(6, 200, 50, 0.0), draw_parameters(6)
    rates = np.array([0.1, 0.6, 2.0])
    accuracy, hidden = peer.mixed(stream, parameters, 0.1, 0.3, rates, 0.02)
    ours, used = mixture(stream, parameters, 0, 0.1, 0.3, rates, 0.02)
    assert ours == accuracy
    np.testing.assert_allclose(parameters[:TRUNK], hidden, rtol=0.0, atol=1e-9)
    assert 0.1 < used < 2.0


@pytest.mark.parametrize(("seed", "noise"), [(7, 0.0), (8, 0.3)])
def test_published_need_rule_is_that_of_the_paper(seed: int, noise: float) -> None:
    stream, parameters = draw_stream(seed, 2000, 100, noise), draw_parameters(seed)
    rate, expected = peer.published_need(stream, parameters, 0.05)
    _, ours = learn_by_need(stream, parameters, 0, NeedRule(rate=0.05), seed)
    assert ours != 0.05
    assert ours == pytest.approx(rate, rel=1e-9)
    np.testing.assert_allclose(parameters, expected, rtol=0.0, atol=1e-8)


def test_repairs_change_the_rule_one_by_one() -> None:
    """Different parameters with each option, and a rate within its bound."""
    stream = draw_stream(9, 3000, 20, 0.0)
    rules = (
        NeedRule(rate=0.05),
        NeedRule(rate=0.05, coin=True),
        NeedRule(rate=0.05, whole_batch=True),
        NeedRule(rate=0.05, whole_batch=True, observed_labels=True),
        NeedRule(rate=0.05, relative=0.1),
    )
    learned = set()
    for rule in rules:
        parameters = draw_parameters(9)
        learn_by_need(stream, parameters, 0, rule, 9)
        learned.add(parameters.tobytes())
    assert len(learned) == len(rules)
    bounded = NeedRule(rate=0.05, coin=True, relative=0.5, highest=0.06)
    assert learn_by_need(stream, draw_parameters(9), 0, bounded, 9)[1] <= 0.06
    for rate, relative in ((0.0, 0.0), (0.05, -0.1)):
        with pytest.raises(ParameterError, match="need rule"):
            NeedRule(rate=rate, relative=relative)


def test_random_walk_takes_half_of_the_steps() -> None:
    """Rates after n fair decisions are a walk of n / 2 steps, reflected at 0."""
    counted = []
    for seed in range(12):
        stream = draw_stream(seed, 2000, 0, 0.0)
        labels = stream.labels[30::10]
        coins = np.random.default_rng([seed, 3]).random(2000)[30::10] < 0.5
        rate = 0.01
        for label, coin in zip(labels, coins, strict=True):
            rate += coin * (0.001 if label >= 5 else -0.001)
            rate = 1e-8 if rate < 0.0 else rate
        rule = NeedRule(rate=0.01, coin=True)
        ours = learn_by_need(stream, draw_parameters(seed), 0, rule, seed)[1]
        assert ours == pytest.approx(rate, rel=1e-9, abs=1e-12)
        counted.append(coins.mean())
    assert np.mean(counted) == pytest.approx(0.5, abs=0.03)


def test_trials_raise_a_rate_that_is_too_small_within_bounds() -> None:
    stream = draw_stream(2, 4000, 0, 0.0)
    _, rate = trial_rate(stream, draw_parameters(2), 0, 1e-3, 0.5, 0.1, 0.05, 1e-3, 1.0)
    assert rate > 0.01
    _, rate = trial_rate(stream, draw_parameters(2), 0, 1e-3, 0.5, 0.1, 0.05, 1e-4, 2e-3)
    assert rate <= 2e-3
