"""Place recogniser on a synthetic route in another season."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from snn_control.controllers.place import PlaceConfig, PlaceEnsemble, PlaceRecognizer
from snn_control.controllers.place.recognizer import EMPTY, UNSURE
from snn_control.errors import ObservationError, ParameterError
from tests.controllers.place.route import other_season, route
from tests.controllers.place.seasons import (
    CALIBRATION,
    SUMMER,
    WINTER,
    N,
    accuracy,
)


def test_places_are_recognised_in_another_season(recognizer: PlaceRecognizer) -> None:
    assert accuracy(recognizer) > 0.9
    assert accuracy(recognizer, sequence=5) > 0.97


def test_answers_depend_on_the_seed_only() -> None:
    calibration = (WINTER[:CALIBRATION], range(CALIBRATION))
    one, same, other = (PlaceRecognizer(seed).fit(SUMMER, calibration) for seed in (3, 3, 4))
    image = WINTER[100]
    np.testing.assert_array_equal(one.match(image).scores, same.match(image).scores)
    assert not np.array_equal(one.match(image).scores, other.match(image).scores)


def test_fit_without_queries_calibrates_on_the_map() -> None:
    own = PlaceRecognizer().fit(SUMMER)
    assert accuracy(own, sequence=5, first=0) > 0.9
    assert own.match(SUMMER[7]).known


def test_unknown_places_are_reported_as_unknown(recognizer: PlaceRecognizer) -> None:
    elsewhere = other_season(route(100, seed=77), seed=78)
    answers = [recognizer.match(image, 10) for image in elsewhere]
    assert np.mean([a.known for a in answers]) < 0.1
    assert all(a.place is not None for a in answers), "there is always a best place"
    assert {a.reason for a in answers if not a.known} == {UNSURE}
    recognizer.reset_sequence()
    home = [recognizer.match(image, 10) for image in WINTER[CALIBRATION:]]
    assert np.mean([a.known for a in home[10:]]) > 0.9


def test_best_places_are_ordered(recognizer: PlaceRecognizer) -> None:
    answer = recognizer.match(WINTER[99])
    top = answer.top(5)
    assert (np.diff(answer.scores[top]) <= 0).all()
    assert top[0] == answer.scores.argmax()
    assert len(answer.top(10**6)) == N


def test_place_numbers_are_read_only(recognizer: PlaceRecognizer) -> None:
    with pytest.raises(ValueError, match="read-only"):
        recognizer.places[0] = 77


def test_second_fit_starts_from_scratch() -> None:
    calibration = (WINTER[:CALIBRATION], range(CALIBRATION))
    twice = PlaceRecognizer().fit(SUMMER, calibration)
    twice.hindsight.bias = -3.0
    twice.match(WINTER[3])
    twice.fit(SUMMER, calibration)
    once = PlaceRecognizer().fit(SUMMER, calibration)
    one, other = once.match(WINTER[100]), twice.match(WINTER[100])
    np.testing.assert_array_equal(one.scores, other.scores)
    assert one.probability == other.probability


def test_empty_map_is_reported() -> None:
    empty = PlaceRecognizer()
    answer = empty.match(WINTER[0], 5)
    assert (answer.place, answer.known, answer.reason, len(answer.scores)) == (
        None,
        False,
        EMPTY,
        0,
    )
    with pytest.raises(ParameterError, match="fit"):
        empty.add(SUMMER[0])


@pytest.mark.parametrize(
    ("images", "calibration", "error", "message"),
    [
        (SUMMER[:2], None, ParameterError, "2 images"),
        (SUMMER[:12].astype(float), None, ObservationError, "image 0: image of float64"),
        (np.zeros((12, 32, 64), np.uint8), None, ObservationError, "images 0 to 11: .* black"),
        (SUMMER, (WINTER[:30], range(29)), ParameterError, "30 calibration images and 29"),
        (SUMMER, (WINTER[:5], range(5)), ParameterError, "at least 20"),
        (SUMMER, (WINTER[:30], np.arange(30) + 0.5), ParameterError, "whole numbers"),
        (SUMMER, (WINTER[:30], range(-1, 29)), ParameterError, "place -1 is not on the map"),
        (
            SUMMER,
            (WINTER[:30], range(220, 250)),
            ParameterError,
            "place 240 is not on the map, which has 0 to 239",
        ),
    ],
)
def test_invalid_images_and_calibrations_are_errors(images, calibration, error, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=message):
        PlaceRecognizer().fit(images, calibration)


@pytest.mark.parametrize(
    "wrong",
    [{"height": 0}, {"ticks": 128}, {"window": 4}, {"stiffness": 0.0}, {"false_acceptance": 1.0},
     {"blend": -0.1}, {"module_places": 0}, {"input_share": 0.0}, {"same_place": 1.5},
     {"window": 21.5}, {"memory": np.nan}, {"levels": True}, {"stiffness": np.inf},
     {"neighbours": 2**70}],
)  # fmt: skip
def test_invalid_configurations_are_refused(wrong: dict) -> None:
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        dataclasses.replace(PlaceConfig(), **wrong)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda r: r.match(WINTER[0], 5.0), ObservationError),
        (lambda r: r.match(WINTER[0], 5, step=None), ObservationError),
        (lambda r: r.match(WINTER[0], 5, time_s=np.inf), ObservationError),
        (lambda r: r.match(WINTER[0], 5, time_s="x"), ObservationError),
        (lambda r: r.match(WINTER[0], 5, deadline_s="x"), ObservationError),
        (lambda r: r.match([[1, 2], [3]], 5), ObservationError),
        (lambda r: r.remove([[1, 2]]), ParameterError),
        (lambda r: r.remove([[1, 2], [3]]), ParameterError),
        (lambda r: r.merge(PlaceEnsemble((0,))), ParameterError),
        (lambda r: PlaceEnsemble((0,)).merge(r), ParameterError),
        (lambda r: PlaceEnsemble([]), ParameterError),
        (lambda r: PlaceRecognizer(-1), ParameterError),
        (lambda r: PlaceRecognizer(True), ParameterError),
        (lambda r: r.remove(120.7), ParameterError),
        (lambda r: r.remove("x"), ParameterError),
        (lambda r: r.merge(r), ParameterError),
        (lambda r: r.fuse([3]), ParameterError),
        (lambda r: r.fuse([3, 3]), ParameterError),
        (lambda r: r.fuse([3, N]), ParameterError),
        (lambda r: PlaceRecognizer().merge(r), ParameterError),
        (lambda r: r.merge(PlaceRecognizer(config=PlaceConfig(window=7)).fit(SUMMER)),
         ParameterError),
        (lambda r: PlaceRecognizer().fit(SUMMER[:5]), ParameterError),
    ],
)  # fmt: skip
def test_refused_calls_change_nothing(
    call, error, recognizer: PlaceRecognizer, saved: Path
) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error):
        call(recognizer)
    other = PlaceRecognizer.load(saved)
    one, same = recognizer.match(WINTER[100], 5), other.match(WINTER[100], 5)
    np.testing.assert_array_equal(one.scores, same.scores)
    assert len(recognizer) == N
