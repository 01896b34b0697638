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
    accuracy_and_confidence,
    storm_answers,
)


def test_probabilities_equal_the_accuracy_in_a_storm(stormy: PlaceRecognizer) -> None:
    accuracy, confidence = accuracy_and_confidence(storm_answers(stormy, 1))
    assert 0.3 < accuracy < 0.8
    assert confidence == pytest.approx(accuracy, abs=0.08)
    accuracy, confidence = accuracy_and_confidence(storm_answers(stormy, 5))
    assert accuracy > 0.9
    assert confidence == pytest.approx(accuracy, abs=0.05)


def test_grown_map_can_be_recalibrated(tmp_path: Path) -> None:
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
    accuracy, confidence = accuracy_and_confidence(storm_answers(grown, 1))
    assert confidence == pytest.approx(accuracy, abs=0.1)
    accuracy, confidence = accuracy_and_confidence(storm_answers(early, 1))
    assert confidence > accuracy + 0.2, "augmented copies do not cover a storm"


def test_deployed_map_can_be_calibrated_with_queries_only(saved: Path, tmp_path: Path) -> None:
    deployed = PlaceRecognizer.load(PlaceRecognizer.load(saved).save(tmp_path / "m", deployed=True))
    with pytest.raises(ParameterError, match="deployed=True"):
        deployed.calibrate()
    before = deployed.confidence
    with pytest.raises(ParameterError, match="at least 20"):
        deployed.calibrate((WINTER[:5], range(5)))
    with pytest.raises(ParameterError, match="0 places; expected at least 10"):
        PlaceRecognizer().calibrate()
    assert deployed.confidence is before
    deployed.calibrate((WINTER[100:150], range(100, 150)))
    assert deployed.confidence is not before
    assert deployed.match(WINTER[151]).place == 151
