"""Saving and restoring of the calibrated and adapted state."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from snn_control.controllers.place import PlaceConfig, PlaceEnsemble, PlaceRecognizer, Recognizer
from snn_control.controllers.place.baselines import LinearRecognizer, SadRecognizer
from snn_control.errors import ParameterError
from tests.controllers.place.seasons import CALIBRATION, STORM, STORM_KNOWN, SUMMER, WINTER

SMALL = PlaceConfig(height=8, width=16, window=5)
KINDS: dict[str, Callable[[], Recognizer]] = {
    "spiking": lambda: PlaceRecognizer(2, SMALL),
    "ensemble": lambda: PlaceEnsemble((1, 2), SMALL),
    "sad": SadRecognizer,
    "linear": LinearRecognizer,
}


def fitted(kind: str) -> Recognizer:
    return KINDS[kind]().fit(SUMMER, (WINTER[:CALIBRATION], range(CALIBRATION)))


def answers(recognizer: Recognizer, first: int) -> list[tuple[int | None, float, bool]]:
    recognizer.reset_sequence()
    matches = [recognizer.match(image, 5) for image in WINTER[first : first + 40]]
    return [(match.place, match.probability, match.known) for match in matches]


@pytest.mark.parametrize("kind", KINDS)
def test_restored_recogniser_gives_the_same_answers(kind: str) -> None:
    recognizer = fitted(kind)
    before = recognizer.calibration_state()
    first = answers(recognizer, 60)
    answers(recognizer, 150)
    recognizer.hindsight.bias = -3.0
    assert answers(recognizer, 60) != first
    recognizer.restore(before)
    assert answers(recognizer, 60) == first


def test_calibration_and_queries_change_only_the_state(saved: Path) -> None:
    recognizer, untouched = PlaceRecognizer.load(saved), PlaceRecognizer.load(saved)
    before = recognizer.calibration_state()
    mean = before.adaptation.mean.copy() if before.adaptation else None
    recognizer.calibrate((STORM[STORM_KNOWN], STORM_KNOWN.tolist()))
    for image in STORM[:30]:
        recognizer.match(image, 20)
    assert before.adaptation is not None
    np.testing.assert_array_equal(before.adaptation.mean, mean)
    recognizer.restore(before)
    recognizer.reset_sequence()
    for image in WINTER[100:130]:
        one, other = recognizer.match(image, 5), untouched.match(image, 5)
        np.testing.assert_array_equal(one.scores, other.scores)
        assert (one.probability, one.known) == (other.probability, other.known)


def test_part_of_a_state_can_be_restored(saved: Path) -> None:
    recognizer = PlaceRecognizer.load(saved)
    before = recognizer.calibration_state()
    recognizer.stay()
    recognizer.calibrate((STORM[STORM_KNOWN], STORM_KNOWN.tolist()))
    now = recognizer.calibration_state()
    recognizer.restore(dataclasses.replace(now, adaptation=before.adaptation))
    assert recognizer.adaptation is before.adaptation
    assert recognizer.confidence is now.confidence


@pytest.mark.parametrize(
    ("kind", "other"),
    [pair for pair in itertools.permutations(KINDS, 2) if set(pair) != {"sad", "linear"}],
)
def test_state_of_another_kind_is_refused(kind: str, other: str) -> None:
    recognizer = KINDS[kind]()
    before = recognizer.calibration_state()
    with pytest.raises(ParameterError, match="calibration state of"):
        recognizer.restore(KINDS[other]().calibration_state())
    assert recognizer.calibration_state().confidence is before.confidence


def test_state_of_another_size_is_refused() -> None:
    with pytest.raises(ParameterError, match="128 input cells; expected 784"):
        PlaceRecognizer().restore(PlaceRecognizer(0, SMALL).calibration_state())
    with pytest.raises(ParameterError, match="2 members; expected 3"):
        PlaceEnsemble((1, 2, 3), SMALL).restore(PlaceEnsemble((1, 2), SMALL).calibration_state())


def test_judgement_is_a_deprecated_name() -> None:
    recognizer = PlaceRecognizer(0, SMALL)
    with pytest.warns(DeprecationWarning, match="calibration_state"):
        assert recognizer.judgement().adaptation is recognizer.adaptation
    with pytest.warns(DeprecationWarning, match="encoder"):
        assert recognizer.senses is recognizer.encoder
