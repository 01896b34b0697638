"""Logistic regression with a ridge prior."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

_STEPS = 50


def fit(
    features: FloatArray,
    labels: npt.NDArray[np.bool_],
    counts: FloatArray | None = None,
    ridge: float = 1.0,
) -> FloatArray:
    """Return the intercept and the weights, shape (n_features + 1,).

    Newton's method on the log-likelihood minus `ridge` / 2 times the squared weights of the
    standardised features; the prior keeps weights finite for separable classes.

    Args:
        features: shape (n, n_features).
        labels: True for the positive class, shape (n,).
        counts: weight of each row, shape (n,); None: 1.
        ridge: strength of the prior, at least 0.
    """
    counts = np.ones(len(features)) if counts is None else counts
    mean, spread = features.mean(axis=0), features.std(axis=0)
    spread = np.where(spread > 0.0, spread, 1.0)
    x = np.column_stack([np.ones(len(features)), (features - mean) / spread])
    prior = np.diag([1e-6] + [ridge] * features.shape[1])
    # One additional label of each class, spread over all rows, keeps the intercept finite.
    extra = 1.0 / counts.sum()
    target = (labels + extra) / (1.0 + 2.0 * extra)
    weights = np.zeros(x.shape[1])
    for _ in range(_STEPS):
        p = probability(weights, x[:, 1:])
        slope = x.T @ (counts * (target - p)) - prior @ weights
        step = np.linalg.solve((x * (counts * p * (1.0 - p))[:, None]).T @ x + prior, slope)
        weights = weights + step
        if np.abs(step).max() < 1e-9:
            break
    own = weights[1:] / spread
    return np.concatenate([[weights[0] - own @ mean], own])


def probability(weights: FloatArray, features: FloatArray) -> FloatArray:
    """Return the probability of the positive class, shape (n,)."""
    result: FloatArray = 0.5 * (1.0 + np.tanh(0.5 * score(weights, features)))
    return result


def score(weights: FloatArray, features: FloatArray) -> FloatArray:
    """Return the log-odds of the positive class, shape (n,)."""
    log_odds: FloatArray = weights[0] + features @ weights[1:]
    return log_odds


def odds_to_probability(log_odds: float) -> float:
    """Return the probability for log-odds."""
    return 0.5 * (1.0 + math.tanh(0.5 * log_odds))
