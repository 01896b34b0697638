"""Metrics of visual place recognition.

Recall is the number of correct accepted answers divided by the number of all queries; precision is
the number of correct accepted answers divided by the number of accepted answers. An answer is
accepted if its confidence is above a threshold.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

BINS = 15


def precision_recall(confidence: FloatArray, correct: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Return precision and recall from none to all accepted, both (n_thresholds + 1,).

    Args:
        confidence: confidence of each answer, (n,).
        correct: True for correct answers, (n,).
    """
    order = np.argsort(-confidence, kind="stable")
    accepted = np.arange(1, len(order) + 1)
    hits = np.cumsum(correct[order])
    last = np.append(np.diff(confidence[order]) != 0, True)  # of each group of equal confidence
    precision = np.concatenate([[1.0], hits[last] / accepted[last]])
    recall = np.concatenate([[0.0], hits[last] / len(order)])
    return precision, recall


def auc_pr(confidence: FloatArray, correct: BoolArray) -> float:
    """Return the area under the precision-recall curve, by trapezoids; at most recall at 1."""
    precision, recall = precision_recall(confidence, correct)
    return float(np.trapezoid(precision, recall))


def recall_at_full_precision(confidence: FloatArray, correct: BoolArray) -> float:
    """Return the largest recall at a precision of 1 (R@100P)."""
    precision, recall = precision_recall(confidence, correct)
    return float(recall[precision == 1.0].max())


def auroc(known: FloatArray, unknown: FloatArray) -> float:
    """Return the probability that a known place has the higher familiarity; ties count half."""
    order = np.sort(unknown)
    below = np.searchsorted(order, known, "left") + np.searchsorted(order, known, "right")
    return float(below.mean() / 2.0 / len(unknown))


def calibration_error(probability: FloatArray, correct: BoolArray) -> float:
    """Return the expected calibration error over 15 bins of equal width."""
    at = np.minimum((probability * BINS).astype(int), BINS - 1)
    off = [abs(probability[at == k].sum() - correct[at == k].sum()) for k in range(BINS)]
    return float(np.sum(off) / len(correct))


def rank_of_truth(scores: FloatArray, truth: int) -> int:
    """Return the number of other places with a score of at least that of the true one."""
    return int((scores >= scores[truth]).sum()) - 1
