"""Probabilities against frequencies, before and after a recalibration."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from snn_control.controllers.place import PlaceRecognizer
from snn_control.errors import ParameterError
from tests.controllers.place.route import other_season, route
from tests.controllers.place.seasons import (
    STORM,
    SUMMER,
    WINTER,
    N,
    right_and_sure,
    storm_answers,
)


def test_in_a_storm_it_says_how_often_it_errs(stormy: PlaceRecognizer) -> None:
    right, sure = right_and_sure(storm_answers(stormy, 1))
    assert 0.3 < right < 0.8
    assert sure == pytest.approx(right, abs=0.08)
    right, sure = right_and_sure(storm_answers(stormy, 5))
    assert right > 0.9
    assert sure == pytest.approx(right, abs=0.05)


def test_a_grown_map_is_recalibrated(tmp_path: Path) -> None:
    grown = PlaceRecognizer().fit(SUMMER[:40])
    for image in SUMMER[40:]:
        grown.add(image)
    early = PlaceRecognizer.load(grown.save(tmp_path / "early"))
    grown.calibrate()
    assert not grown.calibrated
    elsewhere = other_season(route(150, seed=77), seed=78)
    passed = [np.mean([r.match(i, 10).known for i in elsewhere]) for r in (early, grown)]
    assert passed[1] <= passed[0]
    assert passed[1] < 0.02
    known = np.arange(0, N, 3)
    grown.calibrate((STORM[known], known.tolist()))
    assert grown.calibrated
    assert PlaceRecognizer.load(grown.save(tmp_path / "late")).calibrated
    right, sure = right_and_sure(storm_answers(grown, 1))
    assert sure == pytest.approx(right, abs=0.1)
    right, sure = right_and_sure(storm_answers(early, 1))
    assert sure > right + 0.2, "altered copies know no storm"


def test_a_map_in_flight_is_calibrated_by_queries_alone(saved: Path, tmp_path: Path) -> None:
    flown = PlaceRecognizer.load(PlaceRecognizer.load(saved).save(tmp_path / "m", deployed=True))
    with pytest.raises(ParameterError, match="deployed=True"):
        flown.calibrate()
    before = flown.confidence
    with pytest.raises(ParameterError, match="at least 20"):
        flown.calibrate((WINTER[:5], range(5)))
    with pytest.raises(ParameterError, match="0 places; expected at least 10"):
        PlaceRecognizer().calibrate()
    assert flown.confidence is before
    flown.calibrate((WINTER[100:150], range(100, 150)))
    assert flown.confidence is not before
    assert flown.match(WINTER[151]).place == 151
