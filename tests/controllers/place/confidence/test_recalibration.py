"""Recalibration against a synthetic recogniser with known probabilities, and its reversal."""

from __future__ import annotations

import copy
import math
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pytest

from snn_control.controllers.place import Match, PlaceRecognizer
from snn_control.controllers.place.confidence import logistic
from snn_control.controllers.place.confidence.hindsight import LENGTH
from snn_control.controllers.place.confidence.long_sequence import LongMatch
from snn_control.controllers.place.confidence.recalibration import (
    BY_MAP,
    LATER,
    REFITTED,
    FrameAnswer,
    Label,
    Recalibration,
    RecalibrationConfig,
    log_loss,
    refit,
)
from snn_control.errors import ParameterError
from tests.controllers.place.seasons import STORM, WINTER, N

TRUTH = np.array([-3.0, 1.2, 0.3])
"""True intercept and weights of the synthetic recogniser."""
BY_THE_MAP = 0.999
CERTAIN = LongMatch(0, 0.99, True, 9.0)
LARGE = RecalibrationConfig(window=4000, labels=500, every=500)


class Drive(NamedTuple):
    """Frames of a synthetic recogniser."""

    rows: npt.NDArray[np.float64]
    truth: npt.NDArray[np.float64]
    correct: npt.NDArray[np.bool_]

    def part(self, which: slice) -> Drive:
        return Drive(self.rows[which], self.truth[which], self.correct[which])


def draw(seed: int, n: int, weights: npt.NDArray[np.float64] = TRUTH) -> Drive:
    """Draw features, the true probability of a correct answer, and the answers."""
    rng = np.random.default_rng(seed)
    lead = rng.gamma(1.5, 2.0, n)
    rows = np.column_stack([lead, 2.0 + lead + rng.normal(size=n)])
    truth = logistic.probability(weights, rows)
    return Drive(rows, truth, rng.random(n) < truth)


def learn(
    recalibration: Recalibration,
    drive: Drive,
    wrong_sequences: float = 0.0,
    by_map: float = BY_THE_MAP,
) -> Recalibration:
    """Pass frames of a synthetic recogniser, one place each, with certain sequences.

    A wrong sequence names another place, the same over `LENGTH` frames, up to a share of the time.
    """
    wrong = np.arange(len(drive.rows)) // LENGTH
    wrong = np.random.default_rng(99).random(wrong.max() + 1)[wrong] < wrong_sequences
    for k, (row, correct) in enumerate(zip(drive.rows, drive.correct.tolist(), strict=True)):
        best = k if correct else k + 10**6
        place = k + 5000 if wrong[k] else k
        answer = FrameAnswer(best, tuple(row.tolist()), by_map)
        recalibration.update(answer, CERTAIN._replace(best=place), k, 0)
    return recalibration


def judged(recalibration: Recalibration, rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the probabilities of answers by the version in force."""
    return np.array([recalibration.probability(row, BY_THE_MAP) for row in rows])


@pytest.mark.parametrize("seed", range(5))
def test_probabilities_converge_to_the_true_ones(seed: int) -> None:
    test = draw(1000 + seed, 2000)
    errors = []
    for n in (60, 4000):
        recalibration = learn(Recalibration(LARGE if n > 60 else None), draw(seed, n))
        assert recalibration.version > 0
        errors.append(np.abs(judged(recalibration, test.rows) - test.truth).mean())
    assert errors[0] < 0.5 * np.abs(BY_THE_MAP - test.truth).mean()
    assert errors[1] < 0.02


@pytest.mark.parametrize("share", [0.05, 0.1])
def test_wrong_sequences_move_probabilities_by_at_most_their_share(share: float) -> None:
    test = draw(1000, 2000)
    means = []
    for seed in range(5):
        config = replace(LARGE, agreement=1)  # certain sequences are wrong from their first frame
        recalibration = learn(Recalibration(config), draw(seed, 4000), share)
        means.append((judged(recalibration, test.rows) - test.truth).mean())
    assert abs(np.mean(means)) < share + 0.01
    assert np.mean(means) < 0.0, "a wrong sequence makes correct answers look wrong"


def test_log_odds_are_limited_by_the_number_of_labels() -> None:
    drive = draw(0, 30)
    recalibration = learn(Recalibration(), drive._replace(correct=drive.rows[:, 0] > 2.0))
    assert recalibration.versions[0].limit == math.log(20 + 1)
    extreme = judged(recalibration, np.array([[1e6, 1e6], [-1e6, -1e6]]))
    np.testing.assert_allclose(extreme, [21.0 / 22.0, 1.0 / 22.0])


@pytest.mark.parametrize("seed", range(5))
def test_more_evidence_never_means_a_smaller_probability(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = refit(rng.normal(size=(40, 2)), rng.random(40) < 0.5)
    assert (weights[1:] >= 0.0).all()
    correct = rng.random(40) < 0.75
    against = np.column_stack([~correct, ~correct]).astype(float)
    none = refit(against, correct)
    assert none[1:].tolist() == [0.0, 0.0]
    # without a feature: the rule of succession, (k + 1) / (n + 2)
    share = logistic.probability(none, np.zeros((1, 2)))[0]
    assert share == pytest.approx((correct.sum() + 1) / 42, abs=1e-6)


def test_accurate_calibration_of_the_map_is_kept() -> None:
    drive = draw(3, 1000)
    always = drive._replace(correct=np.ones(1000, bool))
    assert learn(Recalibration(), always).version == 0
    recalibration, n = Recalibration(), 0
    for seed in range(20):  # probabilities of the map that are the true ones
        recalibration.reset()
        drive = draw(seed, 60, np.array([0.85, 0.0, 0.0]))
        n += learn(recalibration, drive, by_map=0.7).version > 0
    assert n <= 2


def test_calibration_of_the_map_returns_once_it_predicts_better() -> None:
    recalibration = learn(Recalibration(), draw(0, 100))
    assert recalibration.versions[-1].reason == REFITTED
    easy = draw(1, 400)
    learn(recalibration, easy._replace(correct=np.ones(400, bool)))
    assert recalibration.versions[-1].reason == BY_MAP
    assert recalibration.versions[-1].weights is None
    assert recalibration.probability(easy.rows[0], 0.123) == 0.123
    numbers = [version.number for version in recalibration.versions]
    assert numbers == list(range(1, len(numbers) + 1))


def test_reset_and_freeze() -> None:
    recalibration = learn(Recalibration(), draw(0, 100))
    recalibration.frozen = True
    before = list(recalibration.versions), list(recalibration.labels)
    learn(recalibration, draw(1, 400, -TRUTH))
    assert (list(recalibration.versions), list(recalibration.labels)) == before
    assert recalibration.probability((1.0, 2.0), 0.9) != 0.9
    recalibration.reset()
    assert recalibration.version == recalibration.n_labels == 0
    assert recalibration.probability((1.0, 2.0), 0.9) == 0.9
    learn(recalibration, draw(1, 100))
    assert not recalibration.labels, "it stays frozen"


def test_the_same_frames_give_the_same_versions() -> None:
    drive = draw(7, 300)
    one, other = learn(Recalibration(), drive), learn(Recalibration(), drive)
    assert list(one.versions) == list(other.versions)
    middle = learn(Recalibration(), drive.part(slice(150)))
    resumed, rest = copy.copy(middle), drive.part(slice(150, None))
    for each in (middle, resumed):
        each.forget()
        learn(each, rest)
    assert list(middle.versions) == list(resumed.versions)
    last = one.versions[-1]
    known = Recalibration()
    learn(known, drive.part(slice(last.frame)))
    labels = list(known.labels)
    weights = refit(
        np.array([label.features for label in labels]), np.array([each.correct for each in labels])
    )
    assert last.weights == tuple(weights.tolist()), "a version is the refit of its labels"


def labels_of(frames: list[tuple[FrameAnswer | None, LongMatch | None]]) -> list[Label]:
    recalibration = Recalibration()
    for k, (answer, match) in enumerate(frames):
        recalibration.update(answer, match, k, 0)
    return list(recalibration.labels)


def test_only_certain_sequences_and_trusted_frames_give_labels() -> None:
    def frames(n: int = 40, **changes: object) -> list[tuple[FrameAnswer | None, LongMatch | None]]:
        return [
            (FrameAnswer(k, (1.0, 2.0), 0.9), CERTAIN._replace(best=k)._replace(**changes))  # type: ignore[arg-type]
            for k in range(n)
        ]

    assert len(labels_of(frames())) == 40 - LATER
    assert all(label.correct for label in labels_of(frames()))
    for changes in ({"known": False}, {"probability": 0.97}, {"lead": 2.9}, {"best": 7}):
        assert not labels_of(frames(**changes))  # the last one: it does not follow the odometry
    failed = frames()
    failed[20] = (None, None)
    places = [label.place for label in labels_of(failed)]
    assert 20 not in places, "a failed frame has no label"
    lost = {20 - LATER + k for k in range(5)}
    assert not lost & {*places}, "sequences are certain again after five frames"
    jumped = frames(30) + [(a, m and m._replace(best=m.best + 50)) for a, m in frames(60)[30:]]
    assert all(label.place < 50 - LATER or label.place >= 80 - LATER for label in labels_of(jumped))


def test_labels_of_few_places_are_not_enough() -> None:
    recalibration = Recalibration()
    drive = draw(0, 400)
    for k, row in enumerate(drive.rows):
        at = k // 100
        best = at if drive.correct[k] else 10**6
        answer = FrameAnswer(best, tuple(row.tolist()), BY_THE_MAP)
        recalibration.update(answer, CERTAIN._replace(best=at), at, 0)
    assert len(recalibration.labels) == recalibration.config.window
    assert recalibration.version == 0


def test_log_loss_of_known_probabilities() -> None:
    p, correct = np.array([0.5, 0.25, 1.0]), np.array([True, False, True])
    assert log_loss(p, correct) == pytest.approx(math.log(2.0) + math.log(4.0 / 3.0))
    assert log_loss(np.array([0.0]), np.array([True])) == pytest.approx(9 * math.log(10.0))


@pytest.mark.parametrize(
    "values",
    [
        {"certainty": 1.1}, {"margin": -1.0}, {"margin": math.nan}, {"agreement": 0},
        {"labels": 7}, {"labels": 201}, {"places": 21}, {"every": 0}, {"window": 7},
        {"gain": -1.0},
    ],
)  # fmt: skip
def test_limits_out_of_range(values: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match=f"{next(iter(values))} is "):
        RecalibrationConfig(**values)  # type: ignore[arg-type]


def columns(matches: list[Match]) -> list[tuple[int | None, bool, float, int]]:
    return [(m.place, m.known, m.familiarity, m.length) for m in matches]


@pytest.mark.parametrize("sequence", [1, 5])
def test_only_the_probabilities_of_single_frames_change(saved: Path, sequence: int) -> None:
    off = PlaceRecognizer.load(saved)
    on = copy.deepcopy(off)
    on.recalibration = Recalibration()
    pairs = [(off.match(image, sequence), on.match(image, sequence)) for image in STORM]
    assert columns([a for a, _ in pairs]) == columns([b for _, b in pairs])
    for a, b in pairs:
        np.testing.assert_array_equal(a.scores, b.scores)
    first = next((k for k, (a, b) in enumerate(pairs[1:]) if a.probability != b.probability), N)
    assert on.recalibration.version > 0
    assert on.hindsight.bias == off.hindsight.bias
    if sequence > 1:
        assert first == N, "longer sequences keep their probabilities"
        return
    assert first + 2 >= on.recalibration.versions[0].frame
    on.recalibration = None
    on.reset_sequence()
    off.reset_sequence()
    for image in WINTER[:40]:
        assert off.match(image).probability == on.match(image).probability, "off: bit for bit"


def test_recalibrated_probabilities_approach_the_accuracy_in_a_storm(saved: Path) -> None:
    recognizer = PlaceRecognizer.load(saved)
    recognizer.recalibration = Recalibration()
    matches = [recognizer.match(image) for image in STORM]
    half = slice(N // 2, None)
    correct = np.array([m.place == k for k, m in enumerate(matches)])[half]
    after = np.array([m.probability for m in matches])[half]
    before = PlaceRecognizer.load(saved)
    without = np.array([before.match(image).probability for image in STORM])[half]
    error, error_before = abs(after.mean() - correct.mean()), abs(without.mean() - correct.mean())
    assert error < error_before - 0.1
    assert error < 0.1


def test_new_calibration_of_the_map_drops_the_labels(saved: Path) -> None:
    recognizer = PlaceRecognizer.load(saved)
    recognizer.recalibration = Recalibration()
    for image in STORM:
        recognizer.match(image)
    assert recognizer.recalibration.n_labels > 0
    recognizer.calibrate()
    recognizer.match(STORM[0])
    assert recognizer.recalibration.n_labels == recognizer.recalibration.version == 0
