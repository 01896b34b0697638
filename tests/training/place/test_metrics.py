"""Metrics of place recognition, against results by hand."""

from __future__ import annotations

import numpy as np
import pytest

from snn_control.training.place.metrics import (
    auc_pr,
    auroc,
    calibration_error,
    precision_recall,
    rank_of_truth,
    recall_at_full_precision,
)

CONFIDENCE = np.array([0.9, 0.8, 0.7, 0.7, 0.1])
CORRECT = np.array([True, True, False, True, False])


def test_precision_and_recall_by_hand() -> None:
    precision, recall = precision_recall(CONFIDENCE, CORRECT)
    np.testing.assert_allclose(precision, [1.0, 1.0, 1.0, 0.75, 0.6])
    np.testing.assert_allclose(recall, [0.0, 0.2, 0.4, 0.6, 0.6])
    assert auc_pr(CONFIDENCE, CORRECT) == pytest.approx(0.4 + 0.2 * 0.875)
    assert recall_at_full_precision(CONFIDENCE, CORRECT) == pytest.approx(0.4)
    assert recall_at_full_precision(CONFIDENCE, ~CORRECT) == 0.0
    assert (
        recall_at_full_precision(CONFIDENCE, np.ones(5, bool))
        == auc_pr(CONFIDENCE, np.ones(5, bool))
        == 1.0
    )


def test_auroc_counts_pairs() -> None:
    known, unknown = np.array([3.0, 1.0, 2.0]), np.array([1.0, 0.0])
    pairs = [(k > u) + 0.5 * (k == u) for k in known for u in unknown]
    assert auroc(known, unknown) == pytest.approx(np.mean(pairs))


def test_calibration_error_by_hand() -> None:
    assert calibration_error(np.array([0.99, 0.98, 0.5, 0.5]), np.array([1, 1, 1, 0], bool)) == (
        pytest.approx(0.03 / 4)
    )
    assert calibration_error(np.ones(4), np.zeros(4, bool)) == 1.0


def test_calibration_errors_of_different_bins_do_not_cancel() -> None:
    """Bins end at k / 15: .06 and .07 are in two of them, .07 and .13 in one, 1 in the last."""
    assert calibration_error(np.array([1.0, 0.9]), np.array([0, 1], bool)) == (
        pytest.approx((1.0 + 0.1) / 2)
    )
    half = np.array([1, 0, 1, 0], bool)
    assert calibration_error(np.array([0.9, 0.9, 0.1, 0.1]), half) == pytest.approx(0.4)
    assert calibration_error(np.array([0.06, 0.07]), np.array([0, 1], bool)) == (
        pytest.approx((0.06 + 0.93) / 2)
    )
    assert calibration_error(np.array([0.07, 0.13]), np.array([0, 1], bool)) == (
        pytest.approx(0.8 / 2)
    )


def test_rank_of_truth() -> None:
    assert rank_of_truth(np.array([3.0, 9.0, 5.0, 4.0]), 2) == 1
    assert rank_of_truth(np.array([3.0, 9.0, 5.0, 5.0]), 2) == 2, "a tie does not count as a hit"
    assert rank_of_truth(np.zeros(9), 4) == 8
