"""Online recalibration of the probabilities, by later matches of a long sequence.

A confident match of a long sequence gives the positions of its earlier frames. The answers to those
frames, correct or not, move a bias b of the log-odds of all probabilities,

    b <- b + rate (correct - p),

so that probabilities decrease in an environment that is harder than the calibration. No ground
truth is used.
"""

from __future__ import annotations

import math
from collections import deque
from typing import NamedTuple

from snn_control.controllers.place.confidence.logistic import odds_to_probability
from snn_control.copies import Copied

LENGTH, LATER = 20, 10
"""Length of the long sequence, and delay until an answer is rated, frames."""
SURE = 0.98
"""Probability from which a match of the long sequence is taken as correct."""
RATE = 0.03
FARTHEST = 4.0
"""Largest magnitude of the bias."""


class PastAnswer(NamedTuple):
    """Answer to one frame."""

    best: int
    """Position of the best place on the map."""
    probability: float


class Hindsight(Copied):
    """Bias of the confidence, updated from past answers."""

    def __init__(self) -> None:
        self.bias = 0.0
        """Bias of the log-odds."""
        self.reset()

    def reset(self) -> None:
        """Drop the answers that are not rated yet; the bias is kept."""
        self._pending: deque[tuple[PastAnswer | None, int, int]] = deque(maxlen=LATER + 1)

    def biased(self, probability: float) -> float:
        """Return a probability with the bias applied."""
        p = min(max(probability, 1e-9), 1.0 - 1e-9)
        return odds_to_probability(math.log(p / (1.0 - p)) + self.bias)

    def update(
        self, answer: PastAnswer | None, position: int, reference: int | None, slack: int = 0
    ) -> None:
        """Store an answer, and rate the one of `LATER` frames ago.

        Args:
            answer: answer to the present frame; None: not to be rated.
            position: odometry distance of the long sequence, places.
            reference: position on the map from a confident match of the long sequence; None: no
                confident match.
            slack: tolerance of an answer, places; 1 between two places.
        """
        self._pending.append((answer, position, slack))
        if reference is None or len(self._pending) <= LATER:
            return
        answer, past_position, past_slack = self._pending[0]
        if answer is None:
            return
        off = abs(answer.best - (reference - (position - past_position)))
        self.bias += RATE * ((off <= max(slack, past_slack)) - answer.probability)
        self.bias = min(max(self.bias, -FARTHEST), FARTHEST)
