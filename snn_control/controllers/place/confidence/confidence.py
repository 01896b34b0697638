"""Confidence of a match: probability that it is correct, and detection of unknown places.

The features of the scores S of a sequence of L frames, both divided by the root of L, are the lead
of the best place over its best rival and the best score. Rivals are places further than
`same_place` from the best. A logistic regression over both features and log L, fitted on queries of
known places with all lengths together, gives the probability that an answer is correct. For each of
a few lengths another logistic regression separates these queries from the same queries with their
places removed from the map. Its threshold accepts the fraction `false_acceptance` of the unknown
places; with too few samples for that quantile it is extrapolated by an exponential tail. Between
two lengths it is interpolated.

On a map that has grown from n_0 to n places, an unknown place has n / n_0 times as many chances to
resemble one of them. The maximum of its scores, and so the threshold, rises by tail ln(n / n_0),
with tail the scale of the exponential tail of unknown scores (log-odds). On a map that has shrunk
the threshold is unchanged.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from snn_control.controllers.place.confidence.logistic import (
    fit,
    odds_to_probability,
    probability,
    score,
)

FloatArray = npt.NDArray[np.float64]

LENGTHS = (1, 2, 3, 5, 7, 10, 14, 20, 30)
"""Fitted lengths of sequences, frames."""
N_FEATURES = 2
_NEVER = 50.0
"""Threshold above all log-odds, for lengths that cannot be fitted."""
_TAIL = 0.9
"""Quantile of the unknown scores at which their tail begins."""


@dataclass(frozen=True, eq=False)
class Sample:
    """Features of the scores of calibration queries at one length."""

    known: FloatArray
    """Features with the true places on the map, (n, N_FEATURES)."""
    correct: npt.NDArray[np.bool_]
    """Correctness of the answers of `known`, (n,)."""
    unknown: FloatArray
    """Features with the true places removed from the map, (n, N_FEATURES)."""


@dataclass(frozen=True, eq=False)
class Confidence:
    """Fitted regressions of probability and familiarity."""

    correct: FloatArray
    """Weights of the probability of a correct answer: intercept, features, log L; (4,)."""
    known: FloatArray
    """Weights of the familiarity score for each length, (len(LENGTHS), 3)."""
    thresholds: FloatArray
    """Threshold of the familiarity score for each length, log-odds, (len(LENGTHS),)."""
    tails: FloatArray
    """Scale of the tail of unknown scores for each length, log-odds, (len(LENGTHS),)."""
    n_places: int
    """Number of places of the map in the fit."""

    @classmethod
    def fit(
        cls, samples: Mapping[int, Sample], false_acceptance: float, n_places: int
    ) -> Confidence:
        """Fit on samples by length; a length without samples uses the fit of the next shorter one.

        Without samples of length 1 (a map of a few places) all places are unknown.

        Args:
            samples: samples by length.
            false_acceptance: accepted fraction of unknown places that are classified as known.
            n_places: number of places on the map.
        """
        known, thresholds, tails = [], [], []
        separation, threshold, tail = np.zeros(1 + N_FEATURES), _NEVER, 0.0
        for length in LENGTHS:
            if length in samples:
                sample = samples[length]
                rows = np.vstack([sample.known, sample.unknown])
                separation = fit(rows, np.arange(len(rows)) < len(sample.known))
                scores = score(separation, sample.unknown)
                start = np.quantile(scores, _TAIL)
                tail = float((scores[scores >= start] - start).mean())
                expected = false_acceptance * len(scores)
                threshold = float(np.quantile(scores, 1.0 - false_acceptance))
                threshold += tail * max(-math.log(expected), 0.0)
            known.append(separation)
            thresholds.append(threshold)
            tails.append(tail)
        correct = np.zeros(2 + N_FEATURES)
        if samples:
            rows = np.vstack([_with_length(s.known, length) for length, s in samples.items()])
            correct = fit(rows, np.concatenate([s.correct for s in samples.values()]))
        return cls(correct, np.array(known), np.array(thresholds), np.array(tails), n_places)

    def judge(self, features: FloatArray, length: int, n_places: int) -> tuple[float, float, bool]:
        """Return the probability that the answer is correct, the familiarity and the decision.

        A place is known if its familiarity is above 0.5.

        Args:
            features: result of `features`, (N_FEATURES,).
            length: number of summed frames.
            n_places: number of places on the map now.
        """
        at = np.interp(np.log(length), np.log(LENGTHS), np.arange(len(LENGTHS)))
        low = int(at)
        high, fraction = min(low + 1, len(LENGTHS) - 1), at - low
        rows = features[None]
        rises = max(math.log(max(n_places, 1) / self.n_places), 0.0)
        ends = [
            score(self.known[k], rows)[0] - self.thresholds[k] - self.tails[k] * rises
            for k in (low, high)
        ]
        above = float((1.0 - fraction) * ends[0] + fraction * ends[1])
        correct = float(probability(self.correct, _with_length(rows, length))[0])
        return correct, odds_to_probability(above), above > 0.0


def features(sums: FloatArray, length: int, same_place: int) -> tuple[int, FloatArray]:
    """Return the position of the best place and the features of its confidence.

    Args:
        sums: scores, larger is better, (n_places,), at least one.
        length: number of summed frames.
        same_place: places to either side of the best one that do not count as rivals.
    """
    best = int(sums.argmax())
    same = near(best, same_place, len(sums))
    rivals = [part.max() for part in (sums[: same.start], sums[same.stop :]) if part.size]
    top = float(sums[best])
    lead = top - max(rivals) if rivals else 0.0
    return best, np.array([lead, top]) / np.sqrt(length)


def near(place: int, same_place: int, n_places: int) -> slice:
    """Return the positions on the map that count as the same place as `place`."""
    return slice(max(place - same_place, 0), min(place + same_place + 1, n_places))


def sample_of(known: Sequence[tuple[FloatArray, bool]], unknown: Sequence[FloatArray]) -> Sample:
    """Collect the features of queries into a sample."""
    return Sample(
        np.array([row for row, _ in known]).reshape(-1, N_FEATURES),
        np.array([correct for _, correct in known], bool),
        np.array(unknown).reshape(-1, N_FEATURES),
    )


def _with_length(rows: FloatArray, length: int) -> FloatArray:
    return np.column_stack([rows, np.full(len(rows), np.log(length))])
