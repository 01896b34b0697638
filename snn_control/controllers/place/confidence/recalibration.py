"""Recalibration of single-frame probabilities in operation, by labels from certain sequences.

A certain match of the long sequence gives the positions of its earlier frames, and so a label of
the answer to the single frame of `LATER` frames ago: correct or not. From enough labels, the
probability of an answer is refitted on the features x of its scores (see `confidence`),

    p = 1 / (1 + exp(-z)),   z = w0 + w . x,   |z| <= ln(n + 1)   for n labels,

by a logistic regression (`logistic.fit`) with w >= 0, so that more evidence never means a smaller
probability. The limit is the largest probability that n correct labels without a wrong one support
(rule of succession). Places, scores, familiarity and `known` do not change, nor do probabilities of
longer sequences: their errors resemble those of the sequence that would label them.

A sequence is certain if it is known with a probability of at least `certainty`, has a lead of at
least `margin` over its rivals and has moved along the map as the odometry did for `agreement`
frames, all of them with evidence. A refit is used only if it predicts held-out labels (folds along
the route) better than the calibration in force, by at least `gain` nats in total; so is the return
to the calibration of the map. A share s of wrong certain sequences moves probabilities by up to
about s.

Labels come from stretches with certain sequences only. Elsewhere the features must transfer, and
probabilities may stay too high.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from snn_control.controllers.place.confidence import logistic
from snn_control.controllers.place.confidence.confidence import Confidence
from snn_control.controllers.place.confidence.hindsight import LATER
from snn_control.controllers.place.confidence.long_sequence import LongMatch
from snn_control.copies import Copied
from snn_control.errors import ParameterError

__all__ = [
    "FrameAnswer",
    "Label",
    "Recalibration",
    "RecalibrationConfig",
    "Version",
    "log_loss",
    "probabilities",
    "refit",
]

FloatArray = npt.NDArray[np.float64]

FOLDS = 4
"""Number of folds along the route."""
KEPT_VERSIONS = 100
"""Number of latest versions that are kept."""
BY_MAP = "the calibration of the map predicts the labels better"
"""Reason of a version that returns to the calibration of the map."""
REFITTED = "a refit predicts held-out labels better"
"""Reason of a version with refitted weights."""


@dataclass(frozen=True)
class RecalibrationConfig:
    """Limits of labels and refits.

    Raises:
        ParameterError: out of range.
    """

    certainty: float = 0.98
    """Smallest probability of a certain long sequence, 0 to 1."""
    margin: float = 3.0
    """Smallest lead of a certain long sequence over its rivals, a feature of the confidence."""
    agreement: int = 5
    """Frames in a row for which a certain sequence agrees with the odometry, 1 to 1000."""
    labels: int = 20
    """Smallest number of labels for a refit, 8 to `window`."""
    places: int = 10
    """Smallest number of different places among them, 1 to `labels`."""
    every: int = 10
    """New labels between two refits, at least 1."""
    window: int = 200
    """Number of latest labels that are kept, at most 100000."""
    gain: float = 3.0
    """Smallest improvement of the log loss of all labels by a new version, nats."""

    def __post_init__(self) -> None:
        ranges = {
            "window": (2 * FOLDS, 100_000),
            "certainty": (0.0, 1.0),
            "margin": (0.0, 1e9),
            "agreement": (1, 1000),
            "labels": (2 * FOLDS, self.window),
            "places": (1, self.labels),
            "every": (1, 100_000),
            "gain": (0.0, 1e9),
        }
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            if not low <= value <= high:  # also refuses NaN
                raise ParameterError(f"{name} is {value}; expected {low:g} to {high:g}")


class FrameAnswer(NamedTuple):
    """Answer to a single frame, before any recalibration."""

    best: int
    """Position of the best place on the map."""
    features: tuple[float, ...]
    """Features of its scores, see `confidence.features`."""
    probability: float
    """Probability by the calibration of the map."""


class Label(NamedTuple):
    """Labelled answer."""

    features: tuple[float, ...]
    probability: float
    """Probability by the calibration of the map."""
    place: int
    """Position on the map from the certain sequence."""
    correct: bool


@dataclass(frozen=True)
class Version:
    """Calibration put in force in operation."""

    number: int
    """Number from 1; 0 is the calibration of the map."""
    frame: int
    """Number of the frame after which it holds, from 1."""
    weights: tuple[float, ...] | None
    """Intercept and weights of the features; None: the calibration of the map."""
    limit: float
    """Largest magnitude of the log-odds."""
    labels: int
    """Number of labels of the refit."""
    places: int
    """Number of different places among them."""
    gain: float
    """Improvement of the log loss of these labels, nats."""
    reason: str
    """`REFITTED` or `BY_MAP`."""


class Recalibration(Copied):
    """Labels and versions of one calibration of a map.

    Args:
        config: limits of labels and refits.
    """

    def __init__(self, config: RecalibrationConfig | None = None) -> None:
        self.config = config or RecalibrationConfig()
        self.frozen = False
        """True to keep the version in force, without new labels."""
        self._confidence: Confidence | None = None
        self.reset()

    def reset(self) -> None:
        """Return to the calibration of the map; labels and versions are dropped."""
        self.versions: deque[Version] = deque(maxlen=KEPT_VERSIONS)
        """Latest versions, the one in force last; empty: the calibration of the map."""
        self.labels: deque[Label] = deque(maxlen=self.config.window)
        """Latest labels."""
        self.n_labels = 0
        """Number of labels since the reset."""
        self.n_frames = 0
        """Number of frames since the reset."""
        self._new = 0
        self.forget()

    def forget(self) -> None:
        """Drop the answers without a label, as after a change of positions on the map.

        A new sequence needs no call: until it is long enough for a match, all answers are new.
        """
        self._pending: deque[tuple[FrameAnswer | None, int, int]] = deque(maxlen=LATER + 1)
        self._agreed, self._offset = 0, 0

    def follow(self, confidence: Confidence | None) -> None:
        """Reset if the calibration of the map is another one than before."""
        if confidence is not self._confidence:
            self._confidence = confidence
            self.reset()

    @property
    def version(self) -> int:
        """Number of the version in force; 0: the calibration of the map."""
        return self.versions[-1].number if self.versions else 0

    @property
    def reason(self) -> str:
        """Reason of the version in force."""
        return self.versions[-1].reason if self.versions else "no refit yet"

    def probability(self, features: Sequence[float] | FloatArray, otherwise: float) -> float:
        """Return the probability by the version in force.

        Args:
            features: features of the scores of an answer, (N_FEATURES,).
            otherwise: probability by the calibration of the map.
        """
        weights = self.versions[-1].weights if self.versions else None
        if weights is None:
            return otherwise
        limit = self.versions[-1].limit
        return float(probabilities(np.array(weights), np.array([features]), limit)[0])

    def update(
        self, answer: FrameAnswer | None, match: LongMatch | None, position: int, slack: int
    ) -> None:
        """Store an answer, label the one of `LATER` frames ago, and refit if that is due.

        Args:
            answer: answer to the present frame; None: it must not be labelled.
            match: match of the long sequence; None: too short, or the frame has no evidence.
            position: odometry distance of the long sequence, places.
            slack: tolerance of an answer, places; 1 between two places.
        """
        if self.frozen:
            self.forget()
            return
        self.n_frames += 1
        self._pending.append((answer, position, slack))
        if match is None:
            self._agreed = 0
            return
        if not self._certain(match, position, slack):
            return
        if len(self._pending) <= LATER:
            return
        past, past_position, past_slack = self._pending[0]
        if past is None:
            return
        place = match.best - (position - past_position)
        correct = abs(past.best - place) <= max(slack, past_slack)
        self.labels.append(Label(past.features, past.probability, place, correct))
        self.n_labels, self._new = self.n_labels + 1, self._new + 1
        if self._new >= self.config.every and len(self.labels) >= self.config.labels:
            self._new = 0
            self._refit()

    def _certain(self, match: LongMatch, position: int, slack: int) -> bool:
        """Return True if the long sequence is certain at this frame, and was at the last ones."""
        config, offset = self.config, match.best - position
        sure = match.known and match.probability >= config.certainty
        if not sure or match.lead < config.margin:
            self._agreed = 0
            return False
        agrees = self._agreed > 0 and abs(offset - self._offset) <= slack
        self._agreed, self._offset = self._agreed + 1 if agrees else 1, offset
        return self._agreed >= config.agreement

    def _refit(self) -> None:
        """Put a new version in force if it predicts the labels better by `gain`."""
        labels, config = list(self.labels), self.config
        n_places = len({label.place for label in labels})
        if n_places < config.places:
            return
        correct = np.array([label.correct for label in labels])
        rows = np.array([label.features for label in labels])
        by_map = np.array([label.probability for label in labels])
        now = np.array([self.probability(each.features, each.probability) for each in labels])
        in_force = log_loss(now, correct)
        gain_of_map = in_force - log_loss(by_map, correct)
        gain = in_force - _held_out_loss(rows, correct)
        limit = math.log(len(labels) + 1.0)
        if gain >= max(config.gain, gain_of_map):
            version = (tuple(refit(rows, correct).tolist()), limit)
            self._begin(*version, len(labels), n_places, gain, REFITTED)
        elif gain_of_map >= config.gain:
            self._begin(None, limit, len(labels), n_places, gain_of_map, BY_MAP)

    def _begin(
        self,
        weights: tuple[float, ...] | None,
        limit: float,
        labels: int,
        places: int,
        gain: float,
        reason: str,
    ) -> None:
        self.versions.append(
            Version(self.version + 1, self.n_frames, weights, limit, labels, places, gain, reason)
        )


def refit(rows: FloatArray, correct: npt.NDArray[np.bool_]) -> FloatArray:
    """Return intercept and weights of a logistic regression with weights of at least 0.

    A feature whose weight would be negative gets 0, and the others are fitted without it.

    Args:
        rows: features, (n, N_FEATURES).
        correct: True for correct answers, (n,).
    """
    kept = list(range(rows.shape[1]))
    while True:
        own = logistic.fit(rows[:, kept], correct)
        lowest = int(np.argmin(own[1:])) if kept else 0
        if not kept or own[1 + lowest] >= 0.0:
            weights = np.zeros(1 + rows.shape[1])
            weights[[0, *(1 + k for k in kept)]] = own
            return weights
        del kept[lowest]


def probabilities(weights: FloatArray, rows: FloatArray, limit: float) -> FloatArray:
    """Return the probabilities of answers, with log-odds up to `limit`, (n,).

    Args:
        weights: intercept and weights of the features, (1 + N_FEATURES,).
        rows: features, (n, N_FEATURES).
        limit: largest magnitude of the log-odds.
    """
    log_odds = np.clip(logistic.score(weights, rows), -limit, limit)
    result: FloatArray = 0.5 * (1.0 + np.tanh(0.5 * log_odds))
    return result


def log_loss(probability: FloatArray, correct: npt.NDArray[np.bool_]) -> float:
    """Return the log loss of all answers, nats; probabilities count up to 1e-9 from 0 and 1."""
    p = np.clip(np.where(correct, probability, 1.0 - probability), 1e-9, 1.0)
    return float(-np.log(p).sum())


def _held_out_loss(rows: FloatArray, correct: npt.NDArray[np.bool_]) -> float:
    """Return the log loss of all labels, each fold along the route by a refit on the others."""
    every, loss = np.arange(len(rows)), 0.0
    for mine in np.array_split(every, FOLDS):
        others = np.setdiff1d(every, mine)
        weights = refit(rows[others], correct[others])
        held_out = probabilities(weights, rows[mine], math.log(len(others) + 1.0))
        loss += log_loss(held_out, correct[mine])
    return loss
