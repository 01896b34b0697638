"""Several recognisers of different seeds as one."""

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
    STORM_ASKED,
    SUMMER,
    WINTER,
    N,
    right_and_sure,
)


def test_an_ensemble_averages_its_members_and_is_calibrated() -> None:
    calibration = (WINTER[:CALIBRATION], range(CALIBRATION))
    config = PlaceConfig(input_share=0.05)
    ensemble = PlaceEnsemble((1, 2, 3), config).fit(SUMMER, calibration)
    alone = [PlaceRecognizer(seed, config).fit(SUMMER, calibration) for seed in (1, 2, 3)]
    for image in WINTER[100:105]:
        answers = [member.match(image) for member in alone]
        answer = ensemble.match(image)
        np.testing.assert_allclose(answer.scores, np.mean([a.scores for a in answers], axis=0))
        assert answer.spikes == sum(a.spikes for a in answers)
    shares = []
    for each in (*alone, ensemble):
        each.reset_sequence()
        answers = [each.match(image) for image in WINTER[CALIBRATION:]]
        right = np.array([a.place == k for k, a in enumerate(answers, CALIBRATION)])
        assert np.mean([a.probability for a in answers]) == pytest.approx(right.mean(), abs=0.06)
        shares.append(right.mean())
    assert shares[-1] > np.mean(shares[:-1])


def test_an_ensemble_grows_shrinks_merges_and_is_kept(tmp_path: Path) -> None:
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
    flown = PlaceEnsemble.load(ensemble.save(tmp_path / "flown", deployed=True))
    with pytest.raises(ParameterError, match="deployed=True"):
        flown.add(SUMMER[0])
    assert again.fuse([100, 101]) == 100
    assert len(again) == len(ensemble) - 1
    with pytest.raises(ParameterError, match="no ensemble of 2 members"):
        again.merge(PlaceEnsemble((1, 2, 3), config))
    with pytest.raises(ParameterError, match="none of them twice"):
        PlaceEnsemble((1, 1))
    with pytest.raises(ModelFileError, match="place_ensemble"):
        PlaceRecognizer.load(tmp_path / "both")


def test_ensembles_whose_members_differ_are_refused(tmp_path: Path) -> None:
    config = PlaceConfig(height=8, width=16, window=5)
    ensemble = PlaceEnsemble((1, 2), config).fit(SUMMER[:20])
    ensemble.members[1].add(SUMMER[30])
    with pytest.raises(ModelFileError, match="same places"):
        PlaceEnsemble.load(ensemble.save(tmp_path / "odd"))
    ensemble.members[1] = PlaceRecognizer(2, dataclasses.replace(config, window=3)).fit(SUMMER[:20])
    with pytest.raises(ModelFileError, match="same config"):
        PlaceEnsemble.load(ensemble.save(tmp_path / "other"))
    ensemble.members[1] = ensemble.members[0]
    with pytest.raises(ModelFileError, match="another seed"):
        PlaceEnsemble.load(ensemble.save(tmp_path / "twins"))


def test_an_ensemble_is_calibrated_by_its_averages() -> None:
    config = PlaceConfig(input_share=0.1)
    known = np.arange(0, N, 3)
    ensemble = PlaceEnsemble((1, 2), config).fit(SUMMER)
    ensemble.calibrate((STORM[known], known.tolist()))
    answers = [ensemble.match(STORM[place]) for place in STORM_ASKED.tolist()]
    right, sure = right_and_sure(answers)
    assert sure == pytest.approx(right, abs=0.1)
