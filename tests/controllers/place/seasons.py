"""A made-up route in several seasons, and recognisers asked along it."""

from __future__ import annotations

import numpy as np

from snn_control.controllers.place import Match, PlaceRecognizer
from snn_control.controllers.place.senses import BLACK, FLAT, SATURATED
from tests.controllers.place.route import other_season, route

N, CALIBRATION = 240, 60
SUMMER = route(N)
WINTER = other_season(SUMMER)


STORM = other_season(SUMMER, strength=4.0)
STORM_KNOWN = np.arange(0, N, 3)
STORM_ASKED = np.setdiff1d(np.arange(N), STORM_KNOWN)
"""Half of the single images are known, and of five in a row most."""

BLANK = {
    BLACK: np.zeros((32, 64), np.uint8),
    SATURATED: np.full((32, 64), 255, np.uint8),
    FLAT: np.full((32, 64), 90, np.uint8),
}


def share_right(recognizer: PlaceRecognizer, sequence: int = 1, first: int = CALIBRATION) -> float:
    recognizer.reset_sequence()
    answers = [recognizer.match(image, sequence).place for image in WINTER[first:]]
    return float(np.mean(np.array(answers) == np.arange(first, N)))


def storm_answers(recognizer: PlaceRecognizer, length: int, **options: float) -> list[Match]:
    """Ask at the places of the storm that did not calibrate, with the ways between them."""
    recognizer.reset_sequence()
    steps = np.diff(STORM_ASKED, prepend=0).tolist()
    return [
        recognizer.match(STORM[place], length, step, **options)  # type: ignore[arg-type]
        for place, step in zip(STORM_ASKED.tolist(), steps, strict=True)
    ]


def right_and_sure(answers: list[Match]) -> tuple[float, float]:
    """Return the share of right answers, and their mean probability."""
    right = np.array([answer.place for answer in answers]) == STORM_ASKED
    return float(right.mean()), float(np.mean([answer.probability for answer in answers]))
