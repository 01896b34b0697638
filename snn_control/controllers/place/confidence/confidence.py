"""How sure an answer is, and whether the place is on the map at all.

Two features of the scores S of a sequence of L frames, both by the root of L: the lead of the best
place over its best rival, and the best score itself. Rivals are places further than `same_place`
from the best. On queries of known places a logistic regression over both and log L, of all lengths
together, gives the probability that an answer is right. For each of a few lengths another one tells
these queries from the same with their own places off the map; its threshold lets
`false_acceptance` of the unknown pass; where too few of them were seen for one to pass, it lies
higher, as an exponential tail says. Between two lengths it is interpolated.

On a map that has grown to n places from the n_0 that it was fitted on, an unknown one has n / n_0
times as many chances to look like one of them. The best of them lies tail ln(n / n_0) higher, tail
the scale of the exponential tail of unknown scores (log-odds), and so does the threshold. On a map
that became smaller it stays.
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
"""Lengths of sequences that are fitted."""
N_FEATURES = 2
_NEVER = 50.0
"""Log-odds that no place has."""
_TAIL = 0.9
"""Quantile of the unknown scores where their tail begins."""


@dataclass(frozen=True, eq=False)
class Sample:
    """Scores of calibration queries at one length, as features."""

    known: FloatArray
    """With the places on the map, (n, N_FEATURES)."""
    right: npt.NDArray[np.bool_]
    """Whether those were answered rightly."""
    unknown: FloatArray
    """With their places off the map, (n, N_FEATURES)."""


@dataclass(frozen=True, eq=False)
class Confidence:
    """Fitted regressions."""

    right: FloatArray
    """Weights of the probability of a right answer: constant, features, log L; (4,)."""
    known: FloatArray
    """Weights of the score of a known place by length, (len(LENGTHS), 3)."""
    thresholds: FloatArray
    """Of that score's log-odds by length, (len(LENGTHS),)."""
    tails: FloatArray
    """Scale of the tail of unknown scores, log-odds, (len(LENGTHS),)."""
    n_places: int
    """Of the map that it was fitted on."""

    @classmethod
    def fit(
        cls, samples: Mapping[int, Sample], false_acceptance: float, n_places: int
    ) -> Confidence:
        """Fit on samples by length; lengths that have none take the fit of the next below.

        Where not even that of 1 is there (a map of a few places), nothing is known.

        Args:
            samples: by length.
            false_acceptance: share of unknown places that pass as known.
            n_places: on the map.
        """
        known, thresholds, tails = [], [], []
        telling, threshold, tail = np.zeros(1 + N_FEATURES), _NEVER, 0.0
        for length in LENGTHS:
            if length in samples:
                sample = samples[length]
                rows = np.vstack([sample.known, sample.unknown])
                telling = fit(rows, np.arange(len(rows)) < len(sample.known))
                scores = score(telling, sample.unknown)
                start = np.quantile(scores, _TAIL)
                tail = float((scores[scores >= start] - start).mean())
                expected = false_acceptance * len(scores)
                threshold = float(np.quantile(scores, 1.0 - false_acceptance))
                threshold += tail * max(-math.log(expected), 0.0)
            known.append(telling)
            thresholds.append(threshold)
            tails.append(tail)
        right = np.zeros(2 + N_FEATURES)
        if samples:
            rows = np.vstack([_with_length(s.known, length) for length, s in samples.items()])
            right = fit(rows, np.concatenate([s.right for s in samples.values()]))
        return cls(right, np.array(known), np.array(thresholds), np.array(tails), n_places)

    def judge(self, features: FloatArray, length: int, n_places: int) -> tuple[float, float, bool]:
        """Return probability that the answer is right, how known the place is, and whether it is.

        A place is known from 0.5 on.

        Args:
            features: of `features`, (N_FEATURES,).
            length: frames that the scores were summed over.
            n_places: on the map now.
        """
        at = np.interp(np.log(length), np.log(LENGTHS), np.arange(len(LENGTHS)))
        low = int(at)
        high, share = min(low + 1, len(LENGTHS) - 1), at - low
        rows = features[None]
        rises = max(math.log(max(n_places, 1) / self.n_places), 0.0)
        ends = [
            score(self.known[k], rows)[0] - self.thresholds[k] - self.tails[k] * rises
            for k in (low, high)
        ]
        above = float((1.0 - share) * ends[0] + share * ends[1])
        right = float(probability(self.right, _with_length(rows, length))[0])
        return right, odds_to_probability(above), above > 0.0


def features(sums: FloatArray, length: int, same_place: int) -> tuple[int, FloatArray]:
    """Return the position of the best place, and the features of its confidence.

    Args:
        sums: scores, larger is better, (n_places,), at least one.
        length: frames that they were summed over.
        same_place: places to either side of the best that are no rivals.
    """
    best = int(sums.argmax())
    same = near(best, same_place, len(sums))
    rivals = [part.max() for part in (sums[: same.start], sums[same.stop :]) if part.size]
    top = float(sums[best])
    lead = top - max(rivals) if rivals else 0.0
    return best, np.array([lead, top]) / np.sqrt(length)


def near(place: int, same_place: int, n_places: int) -> slice:
    """Return the positions on the map that are as good as `place`."""
    return slice(max(place - same_place, 0), min(place + same_place + 1, n_places))


def sample_of(known: Sequence[tuple[FloatArray, bool]], unknown: Sequence[FloatArray]) -> Sample:
    """Put features of queries together."""
    return Sample(
        np.array([row for row, _ in known]).reshape(-1, N_FEATURES),
        np.array([right for _, right in known], bool),
        np.array(unknown).reshape(-1, N_FEATURES),
    )


def _with_length(rows: FloatArray, length: int) -> FloatArray:
    return np.column_stack([rows, np.full(len(rows), np.log(length))])
