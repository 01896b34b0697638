"""Presentation options: spike by spike, with a deadline, and with early exit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from snn_control.controllers.place import PlaceRecognizer
from snn_control.controllers.place.recognizer import INCOMPLETE, UNSURE
from tests.controllers.place.seasons import (
    CALIBRATION,
    WINTER,
    accuracy_and_confidence,
    storm_answers,
)


def test_spiking_equals_the_matrix_product_without_deadline(
    recognizer: PlaceRecognizer, saved: Path
) -> None:
    other = PlaceRecognizer.load(saved)
    for image in WINTER[100:110]:
        fast, spiking = recognizer.match(image, 3), other.match(image, 3, spiking=True)
        np.testing.assert_array_equal(fast.scores, spiking.scores)
        assert (fast.place, fast.probability) == (spiking.place, spiking.probability)
        assert fast.spikes == spiking.spikes > 500
    incomplete = other.match(WINTER[110], deadline_s=1e-9)
    assert not incomplete.complete
    assert (incomplete.known, incomplete.reason) == (False, INCOMPLETE)
    assert incomplete.probability < fast.probability
    assert incomplete.spikes < fast.spikes
    assert other.match(WINTER[111], deadline_s=10.0).complete


def test_answers_at_a_deadline_are_calibrated(stormy: PlaceRecognizer, ticking: None) -> None:
    cut = storm_answers(stormy, 1, deadline_s=12.0)
    accuracy, confidence = accuracy_and_confidence(cut)
    assert 0.3 < accuracy < 0.8
    assert confidence == pytest.approx(accuracy, abs=0.08)
    assert not any(answer.complete for answer in cut)
    assert {answer.reason for answer in cut} == {"", UNSURE}
    few = storm_answers(stormy, 1, deadline_s=5.0)
    assert {(answer.known, answer.reason) for answer in few} == {(False, INCOMPLETE)}
    accuracy, confidence = accuracy_and_confidence(few)
    assert confidence < accuracy
    assert np.mean([a.spikes for a in few]) < 0.4 * np.mean([a.spikes for a in cut])


def test_incomplete_answers_do_not_change_the_bias(stormy: PlaceRecognizer, ticking: None) -> None:
    storm_answers(stormy, 20, deadline_s=4.0)
    assert stormy.hindsight.bias == 0.0


def test_deadline_applies_with_early_exit_too(recognizer: PlaceRecognizer) -> None:
    for image in WINTER[100:110]:
        recognizer.match(image, 10)
    answer = recognizer.match(WINTER[110], 10, early=True, deadline_s=1e-9)
    assert (answer.known, answer.reason) == (False, INCOMPLETE)


def test_early_exit_saves_spikes_and_rarely_changes_answers(
    recognizer: PlaceRecognizer, saved: Path
) -> None:
    early = PlaceRecognizer.load(saved)
    assert np.isfinite(early.early).any()
    pairs = [(recognizer.match(i), early.match(i, early=True)) for i in WINTER[CALIBRATION:]]
    assert np.mean([one.place == other.place for one, other in pairs]) > 0.97
    assert np.mean([other.complete for _, other in pairs]) < 0.8
    assert sum(o.spikes for _, o in pairs) < 0.8 * sum(o.spikes for o, _ in pairs)
    assert all(other.complete == (one.spikes == other.spikes) for one, other in pairs)
