"""Synthetic route in several seasons, and queries along it."""

from __future__ import annotations

import numpy as np

from snn_control.controllers.place import Match, PlaceRecognizer
from snn_control.controllers.place.image_encoder import BLACK, FLAT, SATURATED
from tests.controllers.place.route import other_season, route

N, CALIBRATION = 240, 60
SUMMER = route(N)
WINTER = other_season(SUMMER)


STORM = other_season(SUMMER, strength=4.0)
STORM_KNOWN = np.arange(0, N, 3)
STORM_QUERIES = np.setdiff1d(np.arange(N), STORM_KNOWN)
"""Places not used for calibration; about half of them are matched from single images."""

BLANK = {
    BLACK: np.zeros((32, 64), np.uint8),
    SATURATED: np.full((32, 64), 255, np.uint8),
    FLAT: np.full((32, 64), 90, np.uint8),
}


def accuracy(recognizer: PlaceRecognizer, sequence: int = 1, first: int = CALIBRATION) -> float:
    recognizer.reset_sequence()
    answers = [recognizer.match(image, sequence).place for image in WINTER[first:]]
    return float(np.mean(np.array(answers) == np.arange(first, N)))


def storm_answers(recognizer: PlaceRecognizer, length: int, **options: float) -> list[Match]:
    """Match the storm images that were not used for calibration, with their distances."""
    recognizer.reset_sequence()
    steps = np.diff(STORM_QUERIES, prepend=0).tolist()
    return [
        recognizer.match(STORM[place], length, step, **options)  # type: ignore[arg-type]
        for place, step in zip(STORM_QUERIES.tolist(), steps, strict=True)
    ]


def accuracy_and_confidence(answers: list[Match]) -> tuple[float, float]:
    """Return accuracy and mean probability of answers at `STORM_QUERIES`."""
    correct = np.array([answer.place for answer in answers]) == STORM_QUERIES
    return float(correct.mean()), float(np.mean([answer.probability for answer in answers]))
