"""Featureless and refused frames, and the odometry between frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from snn_control.controllers.place import PlaceRecognizer
from snn_control.controllers.place.image_encoder import BLACK
from snn_control.errors import ObservationError
from tests.controllers.place.seasons import (
    BLANK,
    CALIBRATION,
    WINTER,
    N,
)


@pytest.mark.parametrize("reason", BLANK)
def test_featureless_frames_are_unknown(reason: str, recognizer: PlaceRecognizer) -> None:
    for image in WINTER[100:109]:
        recognizer.match(image, 10)
    answer = recognizer.match(BLANK[reason], 10)
    assert (answer.known, answer.reason) == (False, reason)
    assert answer.place == 109, "the previous frames still give the place"
    assert recognizer.match(WINTER[110], 10).place == 110
    assert recognizer.match(BLANK[reason]).probability == 0.0
    with pytest.raises(ObservationError, match=reason):
        recognizer.add(BLANK[reason])
    assert len(recognizer) == N


@pytest.mark.parametrize(
    "image", [np.zeros((32, 64)), np.zeros((32, 64, 4), np.uint8), np.zeros(5, np.uint8), None]
)
def test_invalid_images_change_nothing(image: object, saved: Path) -> None:
    one, other = PlaceRecognizer.load(saved), PlaceRecognizer.load(saved)
    for k in range(100, 110):
        with pytest.raises(ObservationError, match="image of"):
            one.match(image, 5)
        np.testing.assert_array_equal(
            one.match(WINTER[k], 5).scores, other.match(WINTER[k], 5).scores
        )


def test_frames_out_of_order_are_refused(recognizer: PlaceRecognizer) -> None:
    recognizer.match(WINTER[100], 5, time_s=10.0)
    for late in (10.0, 9.0):
        with pytest.raises(ObservationError, match="expected a later time"):
            recognizer.match(WINTER[101], 5, time_s=late)
    assert recognizer.match(WINTER[101], 5, time_s=10.1).length == 2
    recognizer.reset_sequence()
    assert recognizer.match(WINTER[0], 5, time_s=1.0).length == 1


def test_black_frames_at_the_start_keep_positions_aligned(
    recognizer: PlaceRecognizer,
) -> None:
    for _ in range(3):
        answer = recognizer.match(BLANK[BLACK], 10)
        assert (answer.probability, answer.known) == (0.0, False)
    assert recognizer.match(WINTER[100], 10).place == 100
    recognizer.match(BLANK[BLACK])
    assert recognizer._long_sequence.position == recognizer._sequence.position


def test_distance_over_dark_frames_counts_for_adaptation(saved: Path) -> None:
    dark, bright = PlaceRecognizer.load(saved), PlaceRecognizer.load(saved)
    for image in WINTER[100:110]:
        dark.match(BLANK[BLACK], 5, step=1.0)
        dark.match(image, 5, step=0.0)
        bright.match(image, 5, step=1.0)
    np.testing.assert_array_equal(dark.adaptation.mean, bright.adaptation.mean)


def test_sequences_follow_odometry_at_varying_speed(recognizer: PlaceRecognizer) -> None:
    rng, place, answers = np.random.default_rng(0), CALIBRATION, []
    step = 0
    while place < N:
        answers.append(recognizer.match(WINTER[place], 8, step=step).place == place)
        step = int(rng.integers(0, 4))
        place += step
    assert np.mean(answers) > 0.97


def test_standstill_does_not_change_adaptation(recognizer: PlaceRecognizer) -> None:
    before = recognizer.adaptation.mean.copy()
    for _ in range(1000):
        recognizer.match(WINTER[100], 5, step=0.0)
    np.testing.assert_array_equal(recognizer.adaptation.mean, before)
    for _ in range(4):
        recognizer.match(WINTER[100], 5, step=0.25)
    assert not np.array_equal(recognizer.adaptation.mean, before)


def test_first_frame_of_a_sequence_is_matched_alone(
    recognizer: PlaceRecognizer, saved: Path
) -> None:
    other = PlaceRecognizer.load(saved)
    for image in WINTER[100:120]:
        recognizer.reset_sequence()
        alone, first = other.match(image), recognizer.match(image, 10)
        np.testing.assert_array_equal(alone.scores, first.scores)
        assert (alone.probability, alone.known) == (first.probability, first.known)
