"""Logistic regression against true weights; confidence and hindsight against frequencies."""

from __future__ import annotations

import numpy as np
import pytest

from snn_control.controllers.place.confidence.confidence import (
    LENGTHS,
    Confidence,
    Sample,
    features,
    near,
)
from snn_control.controllers.place.confidence.hindsight import LATER, Hindsight, PastAnswer
from snn_control.controllers.place.confidence.logistic import fit, probability


def test_logistic_regression_recovers_the_weights() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(200_000, 2)) * [1.0, 5.0] + [0.0, 3.0]
    truth = np.array([-0.5, 1.5, 0.2])
    labels = rng.random(len(rows)) < probability(truth, rows)
    np.testing.assert_allclose(fit(rows, labels), truth, atol=0.03)
    twice = fit(np.vstack([rows[:500], rows[:500]]), np.tile(labels[:500], 2))
    np.testing.assert_allclose(fit(rows[:500], labels[:500], np.full(500, 2.0)), twice, atol=1e-9)


def test_logistic_regression_stays_finite_for_separable_classes() -> None:
    rows = np.linspace(-1.0, 1.0, 40)[:, None]
    assert np.isfinite(fit(rows, rows[:, 0] > 0)).all()
    always = fit(rows, np.ones(40, bool))
    assert 0.9 < probability(always, rows).min() < 1.0
    assert np.isfinite(fit(np.ones((10, 2)), np.arange(10) > 4)).all()


def test_features_are_lead_over_rivals_and_best_score() -> None:
    sums = np.array([0.0, 7.0, 9.0, 8.0, 1.0, 6.0, 0.0])
    best, result = features(sums, 4, same_place=1)
    assert best == 2
    assert result.tolist() == [(9.0 - 6.0) / 2.0, 9.0 / 2.0]
    assert features(np.array([3.0, 1.0]), 1, 2)[1].tolist() == [0.0, 3.0]
    assert near(0, 2, 7) == slice(0, 3)
    assert near(6, 2, 7) == slice(4, 7)


def samples(rng: np.random.Generator, n: int = 4000) -> dict[int, Sample]:
    result = {}
    for length in (1, 5, 20):
        lead = rng.gamma(1.0 + 0.2 * length, 0.5, n)
        correct = rng.random(n) < 1.0 / (1.0 + np.exp(1.0 - 2.5 * lead))
        known = np.column_stack([lead, 2.0 + lead + rng.normal(size=n)])
        unknown = rng.gamma(1.0, 0.3, (n, 2))
        result[length] = Sample(known, correct, unknown)
    return result


def test_probabilities_are_frequencies_and_few_unknowns_pass() -> None:
    confidence = Confidence.fit(samples(np.random.default_rng(1)), 0.01, 100)
    for length, sample in samples(np.random.default_rng(2)).items():
        judged = np.array([confidence.judge(row, length, 100) for row in sample.known])
        for low in np.arange(0.2, 1.0, 0.2):
            chosen = (judged[:, 0] >= low) & (judged[:, 0] < low + 0.2)
            if chosen.sum() > 100:
                frequency = sample.correct[chosen].mean()
                assert frequency == pytest.approx(judged[chosen, 0].mean(), abs=0.06)
        passed = [confidence.judge(row, length, 100)[2] for row in sample.unknown]
        assert np.mean(passed) < 0.02
    between = [confidence.judge(np.array([1.0, 3.0]), length, 100)[1] for length in (1, 3, 5)]
    assert min(between[0], between[2]) <= between[1] <= max(between[0], between[2])


def test_threshold_follows_the_growth_of_the_map() -> None:
    rng = np.random.default_rng(3)
    n, growth = 4000, 8
    known = np.column_stack([rng.gamma(20.0, 0.5, n), np.zeros(n)])
    fitted_on = np.column_stack([rng.exponential(1.0, (n, 4)).max(axis=1), np.zeros(n)])
    sample = Sample(known, np.ones(n, bool), fitted_on)
    confidence = Confidence.fit({1: sample}, 0.01, 100)
    grown = np.column_stack([rng.exponential(1.0, (n, 4 * growth)).max(axis=1), np.zeros(n)])
    passed = [confidence.judge(row, 1, 100 * growth)[2] for row in grown]
    unadjusted = [confidence.judge(row, 1, 100)[2] for row in grown]
    assert np.mean(passed) == pytest.approx(0.01, abs=0.006)
    assert np.mean(unadjusted) > 0.05


def test_threshold_is_extrapolated_from_few_unknown_places() -> None:
    rng, passed, unguarded = np.random.default_rng(4), [], []
    later = rng.exponential(1.0, 4000)
    for _ in range(50):
        few = rng.exponential(1.0, 20)
        known = np.column_stack([rng.gamma(20.0, 0.5, 200), np.zeros(200)])
        sample = Sample(known, np.ones(200, bool), np.column_stack([few, np.zeros(20)]))
        confidence = Confidence.fit({1: sample}, 0.01, 100)
        rows = np.column_stack([later, np.zeros(4000)])
        above = rows @ confidence.known[0, 1:] + confidence.known[0, 0]
        passed.append((above > confidence.thresholds[0]).mean())
        unguarded.append((later > few.max()).mean())
    assert np.mean(unguarded) > 0.04
    assert np.mean(passed) < 0.6 * np.mean(unguarded)


def test_threshold_stays_on_a_smaller_map() -> None:
    confidence = Confidence.fit(samples(np.random.default_rng(1)), 0.01, 100)
    for row in samples(np.random.default_rng(2))[5].known[:50]:
        assert confidence.judge(row, 5, 10) == confidence.judge(row, 5, 100)


def test_without_samples_no_place_is_known() -> None:
    confidence = Confidence.fit({}, 0.01, 5)
    assert confidence.known.shape == (len(LENGTHS), 3)
    assert not confidence.judge(np.array([9.0, 9.0]), 1, 5)[2]


def test_hindsight_moves_probabilities_to_the_accuracy() -> None:
    rng, hindsight, reported = np.random.default_rng(0), Hindsight(), []
    for k in range(3000):
        correct = rng.random() < 0.6
        reported.append(hindsight.biased(0.9))
        hindsight.update(PastAnswer(k if correct else 10**6, reported[-1]), k, reference=k)
    assert np.mean(reported[-1000:]) == pytest.approx(0.6, abs=0.05)
    hindsight.reset()
    assert hindsight.bias < -1.0, "a reset drops the answers and keeps the bias"


def test_hindsight_needs_a_confident_long_sequence() -> None:
    hindsight = Hindsight()
    for k in range(50):
        hindsight.update(PastAnswer(k, 0.3), k, reference=None)
    assert hindsight.bias == 0.0
    assert hindsight.biased(0.3) == pytest.approx(0.3)
    for k in range(LATER):
        hindsight.reset()
        hindsight.update(PastAnswer(k, 0.3), k, reference=k)
    assert hindsight.bias == 0.0
    hindsight.reset()
    for k in range(50):
        hindsight.update(None, k, reference=k)
    assert hindsight.bias == 0.0


def test_between_two_places_hindsight_accepts_either() -> None:
    for slack_then, slack_now, moves_up in ((1, 0, True), (0, 1, True), (0, 0, False)):
        hindsight = Hindsight()
        hindsight.update(PastAnswer(1, 0.5), 0, reference=None, slack=slack_then)
        for k in range(1, LATER + 1):
            hindsight.update(None, k, reference=k, slack=slack_now)
        assert (hindsight.bias > 0.0) == moves_up
