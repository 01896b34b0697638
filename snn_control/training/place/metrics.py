"""How good a recogniser of places is: metrics with their definitions.

Recall is right answers over all queries, answered or not; precision right answers over those given.
An answer is given where its confidence is above a threshold.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

BINS = 15


def precision_recall(confidence: FloatArray, right: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Return precision and recall at every threshold, from none given to all, (n_thresholds + 1,).

    Args:
        confidence: of each query's answer, (n,).
        right: whether it is right, (n,).
    """
    order = np.argsort(-confidence, kind="stable")
    given = np.arange(1, len(order) + 1)
    hits = np.cumsum(right[order])
    last = np.append(np.diff(confidence[order]) != 0, True)  # of answers as sure as each other
    precision = np.concatenate([[1.0], hits[last] / given[last]])
    recall = np.concatenate([[0.0], hits[last] / len(order)])
    return precision, recall


def auc_pr(confidence: FloatArray, right: BoolArray) -> float:
    """Return the area below precision over recall, by trapezoids; at most the share right."""
    precision, recall = precision_recall(confidence, right)
    return float(np.trapezoid(precision, recall))


def recall_at_full_precision(confidence: FloatArray, right: BoolArray) -> float:
    """Return the largest recall without a wrong answer (R@100P)."""
    precision, recall = precision_recall(confidence, right)
    return float(recall[precision == 1.0].max())


def auroc(known: FloatArray, unknown: FloatArray) -> float:
    """Return how often a known place is more familiar than an unknown one; ties count half."""
    order = np.sort(unknown)
    below = np.searchsorted(order, known, "left") + np.searchsorted(order, known, "right")
    return float(below.mean() / 2.0 / len(unknown))


def calibration_error(probability: FloatArray, right: BoolArray) -> float:
    """Return the expected calibration error over 15 bins of equal width."""
    at = np.minimum((probability * BINS).astype(int), BINS - 1)
    off = [abs(probability[at == k].sum() - right[at == k].sum()) for k in range(BINS)]
    return float(np.sum(off) / len(right))


def rank_of_truth(scores: FloatArray, truth: int) -> int:
    """Return how many places have a better score than the true one, or the same."""
    return int((scores >= scores[truth]).sum()) - 1
