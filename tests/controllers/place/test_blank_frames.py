"""Traverses with featureless frames: refused as a whole, or mapped without them."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from snn_control.controllers.place import PlaceEnsemble, PlaceRecognizer, Recognizer
from snn_control.controllers.place.queries import ranges
from snn_control.errors import ObservationError, ParameterError
from snn_control.studies.place import METHODS
from tests.controllers.place.seasons import BLANK, CALIBRATION, SUMMER, WINTER, N

KINDS: dict[str, Callable[[], Recognizer]] = {
    **{name: partial(make, 0) for name, make in METHODS.items()},
    "ensemble": partial(PlaceEnsemble, range(2)),
}
DARK, BRIGHT, FLAT = BLANK.values()
REFERENCE = {5: DARK, 30: FLAT, 31: FLAT, 100: BRIGHT, N - 1: DARK}
QUERY = {0: DARK, 7: BRIGHT, 200: DARK}


def replaced(images: np.ndarray, frames: dict[int, np.ndarray]) -> np.ndarray:
    changed = images.copy()
    for k, image in frames.items():
        changed[k] = image
    return changed


REFERENCES, QUERIES = replaced(SUMMER, REFERENCE), replaced(WINTER, QUERY)


@pytest.fixture(params=KINDS)
def fresh(request: pytest.FixtureRequest) -> Recognizer:
    return KINDS[request.param]()


def test_all_featureless_frames_are_refused_at_once(fresh: Recognizer) -> None:
    with pytest.raises(ObservationError) as caught:
        fresh.fit(REFERENCES, (QUERIES[:CALIBRATION], range(CALIBRATION)))
    message = str(caught.value)
    for part in ("images 5, 239: the image is black", "image 100: the image is saturated",
                 "images 30 to 31: the image has no contrast", "skip_blank=True",
                 "calibration image 0: the image is black",
                 "calibration image 7: the image is saturated"):  # fmt: skip
        assert part in message
    assert len(fresh) == 0
    assert not fresh.skipped


def test_places_keep_their_numbers_without_featureless_frames(fresh: Recognizer) -> None:
    fresh.fit(REFERENCES, (QUERIES[:CALIBRATION], range(CALIBRATION)), skip_blank=True)
    assert fresh.places.tolist() == [k for k in range(N) if k not in REFERENCE]
    assert set(fresh.skipped.images) == set(REFERENCE)
    assert set(fresh.skipped.calibration) == {0, 7, 5, 30, 31}
    assert "left out" in fresh.skipped.calibration[5]
    tested = [k for k in range(CALIBRATION, N) if k not in REFERENCE and k not in QUERY]
    answers = [fresh.match(QUERIES[k]).place for k in tested]
    assert np.mean(np.array(answers) == tested) > 0.8
    assert fresh.add(SUMMER[0]) == N


def test_map_equals_one_of_the_usable_frames() -> None:
    usable = np.array([k for k in range(N) if k not in REFERENCE])
    skipping, plain = PlaceRecognizer(), PlaceRecognizer()
    skipping.fit(REFERENCES, skip_blank=True)
    plain.fit(SUMMER[usable])
    np.testing.assert_array_equal(skipping.map.weights, plain.map.weights)
    for k in range(60, 70):
        one, other = skipping.match(WINTER[k], 5), plain.match(WINTER[k], 5)
        np.testing.assert_array_equal(one.scores, other.scores)
        assert other.place is not None
        assert one.place == usable[other.place]


def test_traverse_without_featureless_frames_is_mapped_as_before() -> None:
    skipping, plain = PlaceRecognizer(), PlaceRecognizer()
    calibration = WINTER[:CALIBRATION], range(CALIBRATION)
    skipping.fit(SUMMER, calibration, skip_blank=True)
    plain.fit(SUMMER, calibration)
    assert not skipping.skipped
    np.testing.assert_array_equal(skipping.match(WINTER[99]).scores, plain.match(WINTER[99]).scores)


@pytest.mark.parametrize("kind", ["place", "ensemble"])
def test_recalibration_skips_featureless_frames(kind: str, tmp_path: Path) -> None:
    fitted = KINDS[kind]()
    fitted.fit(REFERENCES, skip_blank=True)
    assert isinstance(fitted, PlaceRecognizer | PlaceEnsemble)
    places = [k for k in range(60) if k not in REFERENCE]
    calibration = QUERIES[places], places
    with pytest.raises(ObservationError, match=r"calibration image 0: .*; calibration image 6"):
        fitted.calibrate(calibration)
    fitted.calibrate(calibration, skip_blank=True)
    assert set(fitted.skipped.calibration) == {0, places.index(7)}
    document = json.loads(fitted.save(tmp_path / "map", about={"route": "x"}).read_text())
    assert document["about"]["route"] == "x"
    assert set(document["about"]["skipped_frames"]["images"]) == {str(k) for k in REFERENCE}
    assert document["about"]["skipped_frames"]["calibration"]["0"] == "the image is black"
    loaded = type(fitted).load(tmp_path / "map")
    np.testing.assert_array_equal(loaded.places, fitted.places)
    assert loaded.match(WINTER[50]).place == fitted.match(WINTER[50]).place


@pytest.mark.parametrize("kind", ["place", "ensemble"])
def test_a_refused_recalibration_keeps_the_list(kind: str, tmp_path: Path) -> None:
    fitted = KINDS[kind]()
    fitted.fit(SUMMER)
    assert isinstance(fitted, PlaceRecognizer | PlaceEnsemble)
    fitted.save(tmp_path / "map", deployed=True)
    deployed = type(fitted).load(tmp_path / "map")
    places = [*range(60)]
    deployed.calibrate((QUERIES[places], places), skip_blank=True)
    assert set(deployed.skipped.calibration) == {0, 7}
    before = deployed.skipped
    with pytest.raises(ParameterError, match="deployed"):
        deployed.calibrate(None)
    assert deployed.skipped == before


def test_too_few_usable_frames_are_an_error() -> None:
    mostly_dark = replaced(SUMMER[:12], dict.fromkeys(range(3), DARK))
    with pytest.raises(ParameterError, match="12 images, 3 blank; expected at least 10 usable"):
        PlaceRecognizer().fit(mostly_dark, skip_blank=True)
    few = replaced(WINTER[:21], dict.fromkeys(range(3), DARK))
    with pytest.raises(ParameterError, match="18 usable calibration images; expected at least 20"):
        PlaceRecognizer().fit(SUMMER, (few, range(21)), skip_blank=True)


def test_ranges_of_indices() -> None:
    assert ranges([]) == ""
    assert ranges([4]) == "4"
    assert ranges([0, 1, 2, 5, 7, 8]) == "0 to 2, 5, 7 to 8"
