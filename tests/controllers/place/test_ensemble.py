"""Ensembles of place recognisers."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from snn_control.controllers.place import PlaceConfig, PlaceEnsemble, PlaceRecognizer
from snn_control.errors import ModelFileError, ParameterError
from tests.controllers.place.seasons import (
    CALIBRATION,
    STORM,
    STORM_QUERIES,
    SUMMER,
    WINTER,
    N,
    accuracy_and_confidence,
)


def test_ensemble_averages_its_members_and_is_calibrated() -> None:
    calibration = (WINTER[:CALIBRATION], range(CALIBRATION))
    config = PlaceConfig(input_share=0.05)
    ensemble = PlaceEnsemble((1, 2, 3), config).fit(SUMMER, calibration)
    alone = [PlaceRecognizer(seed, config).fit(SUMMER, calibration) for seed in (1, 2, 3)]
    for image in WINTER[100:105]:
        answers = [member.match(image) for member in alone]
        answer = ensemble.match(image)
        np.testing.assert_allclose(answer.scores, np.mean([a.scores for a in answers], axis=0))
        assert answer.spikes == sum(a.spikes for a in answers)
    accuracies = []
    for each in (*alone, ensemble):
        each.reset_sequence()
        answers = [each.match(image) for image in WINTER[CALIBRATION:]]
        right = np.array([a.place == k for k, a in enumerate(answers, CALIBRATION)])
        assert np.mean([a.probability for a in answers]) == pytest.approx(right.mean(), abs=0.06)
        accuracies.append(right.mean())
    assert accuracies[-1] > np.mean(accuracies[:-1])


def test_ensembles_can_be_changed_merged_and_saved(tmp_path: Path) -> None:
    calibration = (WINTER[:CALIBRATION], range(CALIBRATION))
    config = PlaceConfig(input_share=0.5, height=16, width=32)
    ensemble = PlaceEnsemble((1, 2), config).fit(SUMMER[:150], calibration)
    assert ensemble.add(SUMMER[150]) == 150
    ensemble.remove([3, 150])
    other = PlaceEnsemble((1, 2), config).fit(SUMMER[150:])
    assert ensemble.merge(other).tolist() == list(range(151, N + 1))
    again = PlaceEnsemble.load(ensemble.save(tmp_path / "both"))
    for k in range(100, 110):
        one, same = (each.match(WINTER[k], 4) for each in (ensemble, again))
        np.testing.assert_array_equal(one.scores, same.scores)
        assert (one.place, one.probability, one.known) == (k, same.probability, same.known)
    deployed = PlaceEnsemble.load(ensemble.save(tmp_path / "deployed", deployed=True))
    with pytest.raises(ParameterError, match="deployed=True"):
        deployed.add(SUMMER[0])
    assert again.fuse([100, 101]) == 100
    assert len(again) == len(ensemble) - 1
    with pytest.raises(ParameterError, match="not an ensemble of 2 members"):
        again.merge(PlaceEnsemble((1, 2, 3), config))
    with pytest.raises(ParameterError, match="without duplicates"):
        PlaceEnsemble((1, 1))
    with pytest.raises(ModelFileError, match="place_ensemble"):
        PlaceRecognizer.load(tmp_path / "both")


def test_ensembles_with_inconsistent_members_are_refused(tmp_path: Path) -> None:
    config = PlaceConfig(height=8, width=16, window=5)
    ensemble = PlaceEnsemble((1, 2), config).fit(SUMMER[:20])
    ensemble.members[1].add(SUMMER[30])
    with pytest.raises(ModelFileError, match="same places"):
        PlaceEnsemble.load(ensemble.save(tmp_path / "odd"))
    ensemble.members[1] = PlaceRecognizer(2, dataclasses.replace(config, window=3)).fit(SUMMER[:20])
    with pytest.raises(ModelFileError, match="same config"):
        PlaceEnsemble.load(ensemble.save(tmp_path / "other"))
    ensemble.members[1] = ensemble.members[0]
    with pytest.raises(ModelFileError, match="different seed"):
        PlaceEnsemble.load(ensemble.save(tmp_path / "twins"))


def test_recalibrated_ensemble_reports_its_accuracy() -> None:
    config = PlaceConfig(input_share=0.1)
    known = np.arange(0, N, 3)
    ensemble = PlaceEnsemble((1, 2), config).fit(SUMMER)
    ensemble.calibrate((STORM[known], known.tolist()))
    answers = [ensemble.match(STORM[place]) for place in STORM_QUERIES.tolist()]
    accuracy, confidence = accuracy_and_confidence(answers)
    assert confidence == pytest.approx(accuracy, abs=0.1)
