"""Adding, removing, merging and fusing places of a map."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from snn_control.controllers.place import PlaceConfig, PlaceRecognizer
from snn_control.controllers.place.recognizer import EMPTY
from snn_control.errors import ParameterError
from tests.controllers.place.route import other_season, route
from tests.controllers.place.seasons import (
    CALIBRATION,
    SUMMER,
    WINTER,
    N,
    accuracy,
)


def test_grown_map_recognises_old_and_new_places(recognizer: PlaceRecognizer) -> None:
    before = [recognizer.match(image) for image in WINTER[100:140]]
    added = [recognizer.add(image) for image in route(30, seed=5)]
    assert added == list(range(N, N + 30))
    assert len(recognizer) == N + 30
    again = [recognizer.match(image).place for image in WINTER[100:140]]
    assert np.mean(np.array(again) == [m.place for m in before]) > 0.95
    new = [recognizer.match(image).place for image in other_season(route(30, seed=5), seed=9)]
    assert np.mean(np.array(new) == added) > 0.8


def test_removed_places_leave_the_other_numbers_unchanged(
    recognizer: PlaceRecognizer,
) -> None:
    assert recognizer.match(WINTER[120]).place == 120
    recognizer.remove(120)
    assert recognizer.match(WINTER[120]).place != 120
    assert recognizer.match(WINTER[121]).place == 121
    recognizer.remove(range(10))
    assert len(recognizer) == N - 11
    with pytest.raises(ParameterError, match="place 120 is not"):
        recognizer.remove(120)
    with pytest.raises(ParameterError, match="place 500 is not"):
        recognizer.remove([50, 500])
    assert 50 in recognizer.places
    assert recognizer.add(SUMMER[120]) == N


def test_all_places_can_be_replaced(recognizer: PlaceRecognizer) -> None:
    recognizer.remove(recognizer.places)
    assert recognizer.match(WINTER[5], 5).reason == EMPTY
    for k in range(7):
        assert recognizer.add(SUMMER[k]) == N + k
        answer = recognizer.match(WINTER[k])
        assert np.isfinite(answer.scores).all()
        assert not (answer.known and len(recognizer) <= 5), "without a rival no place is known"


def test_maps_can_be_merged(saved: Path) -> None:
    calibration = (WINTER[:CALIBRATION], range(CALIBRATION))
    one = PlaceRecognizer().fit(SUMMER[:150], calibration)
    other = PlaceRecognizer().fit(SUMMER[150:])
    assert one.merge(other).tolist() == list(range(150, N))
    assert accuracy(one, sequence=5) > 0.9
    small = PlaceRecognizer(config=PlaceConfig(width=20)).fit(SUMMER[:10])
    with pytest.raises(ParameterError, match="with the same settings"):
        one.merge(small)


def test_fused_place_is_recognised_in_both_appearances(recognizer: PlaceRecognizer) -> None:
    before = recognizer.map.weights.copy()
    number = recognizer.add(other_season(SUMMER, seed=5)[120])
    assert recognizer.fuse([120, number]) == 120
    assert recognizer.places.tolist() == list(range(N))
    for image in (SUMMER[120], WINTER[120], other_season(SUMMER, seed=5)[120]):
        assert recognizer.match(image).place == 120
    others = np.arange(N) != 120
    np.testing.assert_array_equal(recognizer.map.weights[:, others], before[:, others])
    recognizer.reset_sequence()
    assert [recognizer.match(WINTER[k], 5).place for k in range(116, 125)][4:] == [*range(120, 125)]


def test_places_can_be_fused_during_a_sequence(recognizer: PlaceRecognizer) -> None:
    for k in range(90, 100):
        recognizer.match(WINTER[k], 10)
    recognizer.fuse([200, 201, 199])
    assert recognizer.match(WINTER[100], 10).place == 100
    assert recognizer.match(WINTER[100], 10, step=0).length == 10
