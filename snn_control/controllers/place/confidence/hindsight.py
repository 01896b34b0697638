"""Probabilities that stay true in flight: answers are judged by what became clear later.

Where a long sequence is sure of itself, it says where the frames in its middle were taken. Their
own answers, right or wrong, move a bias b of the log-odds of all probabilities,

    b <- b + rate (right - p),

so that a country harder than that of the calibration makes the recogniser less sure. No truth is
needed, and none is used.
"""

from __future__ import annotations

import math
from collections import deque
from typing import NamedTuple

from snn_control.controllers.place.confidence.logistic import odds_to_probability

LENGTH, LATER = 20, 10
"""Frames of the long sequence, and frames after which an answer is judged."""
SURE = 0.98
"""Probability from which the long sequence counts as the truth."""
RATE = 0.03
FARTHEST = 4.0
"""Largest bias, to either side."""


class Answered(NamedTuple):
    """Answer to one frame."""

    best: int
    """Position on the map."""
    probability: float


class Hindsight:
    """Remembers answers until they can be judged."""

    def __init__(self) -> None:
        self.bias = 0.0
        """Bias of the log-odds."""
        self.reset()

    def reset(self) -> None:
        """Forget the answers that wait; the bias stays."""
        self._waiting: deque[tuple[Answered | None, int, int]] = deque(maxlen=LATER + 1)

    def biased(self, probability: float) -> float:
        """Return a probability, moved by the bias."""
        p = min(max(probability, 1e-9), 1.0 - 1e-9)
        return odds_to_probability(math.log(p / (1.0 - p)) + self.bias)

    def follow(
        self, answered: Answered | None, position: int, clear: int | None, slack: int = 0
    ) -> None:
        """Remember an answer, and judge the one of `LATER` frames ago.

        Args:
            answered: None: one that is not to be judged.
            position: along the route, places, as the long sequence counts them.
            clear: position on the map that the long sequence is sure of now; None: it is not.
            slack: places that an answer may be off here, between two places.
        """
        self._waiting.append((answered, position, slack))
        if clear is None or len(self._waiting) <= LATER:
            return
        answered, at, slack_there = self._waiting[0]
        if answered is None:
            return
        off = abs(answered.best - (clear - (position - at)))
        self.bias += RATE * ((off <= max(slack, slack_there)) - answered.probability)
        self.bias = min(max(self.bias, -FARTHEST), FARTHEST)
