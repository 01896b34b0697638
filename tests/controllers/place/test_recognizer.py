"""The recogniser on a made-up route in another season, and what must not harm it."""

from __future__ import annotations

import dataclasses
import itertools
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from snn_control.controllers.place import Match, PlaceConfig, PlaceEnsemble, PlaceRecognizer
from snn_control.controllers.place.recognizer import EMPTY, INCOMPLETE, UNSURE
from snn_control.controllers.place.senses import BLACK, FLAT, SATURATED
from snn_control.errors import ModelFileError, ObservationError, ParameterError
from tests.controllers.place.route import other_season, route

N, CALIBRATION = 240, 60
SUMMER = route(N)
WINTER = other_season(SUMMER)


STORM = other_season(SUMMER, strength=4.0)
STORM_KNOWN = np.arange(0, N, 3)
STORM_ASKED = np.setdiff1d(np.arange(N), STORM_KNOWN)
"""Half of the single images are told, and of five in a row most."""


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = PlaceRecognizer().fit(SUMMER, (WINTER[:CALIBRATION], range(CALIBRATION)))
    return made.save(tmp_path_factory.mktemp("map") / "route")


@pytest.fixture
def recognizer(saved: Path) -> PlaceRecognizer:
    return PlaceRecognizer.load(saved)


@pytest.fixture(scope="module")
def storm_map(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = PlaceRecognizer().fit(SUMMER, (STORM[STORM_KNOWN], STORM_KNOWN.tolist()))
    return made.save(tmp_path_factory.mktemp("storm") / "route")


@pytest.fixture
def stormy(storm_map: Path) -> PlaceRecognizer:
    return PlaceRecognizer.load(storm_map)


@pytest.fixture
def ticking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a deadline count ticks of a presentation in place of seconds."""
    ticks = itertools.count()
    clock = SimpleNamespace(perf_counter=lambda: float(next(ticks)))
    monkeypatch.setattr("snn_control.controllers.place.presentation.time", clock)


def share_right(recognizer: PlaceRecognizer, sequence: int = 1, first: int = CALIBRATION) -> float:
    recognizer.reset_sequence()
    answers = [recognizer.match(image, sequence).place for image in WINTER[first:]]
    return float(np.mean(np.array(answers) == np.arange(first, N)))


def test_it_names_places_of_another_season(recognizer: PlaceRecognizer) -> None:
    assert share_right(recognizer) > 0.9
    assert share_right(recognizer, sequence=5) > 0.97


def test_two_recognisers_of_a_seed_are_one_and_of_another_are_not() -> None:
    calibration = (WINTER[:CALIBRATION], range(CALIBRATION))
    one, same, other = (PlaceRecognizer(seed).fit(SUMMER, calibration) for seed in (3, 3, 4))
    image = WINTER[100]
    np.testing.assert_array_equal(one.match(image).scores, same.match(image).scores)
    assert not np.array_equal(one.match(image).scores, other.match(image).scores)


def test_without_queries_it_calibrates_itself() -> None:
    own = PlaceRecognizer().fit(SUMMER)
    assert share_right(own, sequence=5, first=0) > 0.9
    assert own.match(SUMMER[7]).known


def test_spiking_is_the_fast_path_and_a_deadline_says_that_it_was_short(
    recognizer: PlaceRecognizer, saved: Path
) -> None:
    other = PlaceRecognizer.load(saved)
    for image in WINTER[100:110]:
        fast, spiking = recognizer.match(image, 3), other.match(image, 3, spiking=True)
        np.testing.assert_array_equal(fast.scores, spiking.scores)
        assert (fast.place, fast.probability) == (spiking.place, spiking.probability)
        assert fast.spikes == spiking.spikes > 500
    hurried = other.match(WINTER[110], deadline_s=1e-9)
    assert not hurried.complete
    assert (hurried.known, hurried.reason) == (False, INCOMPLETE)
    assert hurried.probability < fast.probability
    assert hurried.spikes < fast.spikes
    assert other.match(WINTER[111], deadline_s=10.0).complete


def storm_answers(recognizer: PlaceRecognizer, length: int, **options: float) -> list[Match]:
    """Ask at the places of the storm that did not calibrate, with the ways between them."""
    recognizer.reset_sequence()
    steps = np.diff(STORM_ASKED, prepend=0).tolist()
    return [
        recognizer.match(STORM[place], length, step, **options)  # type: ignore[arg-type]
        for place, step in zip(STORM_ASKED.tolist(), steps, strict=True)
    ]


def right_and_sure(answers: list[Match]) -> tuple[float, float]:
    """Return the share of right answers, and their mean probability."""
    right = np.array([answer.place for answer in answers]) == STORM_ASKED
    return float(right.mean()), float(np.mean([answer.probability for answer in answers]))


def test_in_a_storm_it_says_how_often_it_errs(stormy: PlaceRecognizer) -> None:
    right, sure = right_and_sure(storm_answers(stormy, 1))
    assert 0.3 < right < 0.8
    assert sure == pytest.approx(right, abs=0.08)
    right, sure = right_and_sure(storm_answers(stormy, 5))
    assert right > 0.9
    assert sure == pytest.approx(right, abs=0.05)


def test_answers_that_a_deadline_cut_short_are_as_sure_as_they_say(
    stormy: PlaceRecognizer, ticking: None
) -> None:
    cut = storm_answers(stormy, 1, deadline_s=12.0)
    right, sure = right_and_sure(cut)
    assert 0.3 < right < 0.8
    assert sure == pytest.approx(right, abs=0.08)
    assert not any(answer.complete for answer in cut)
    assert {answer.reason for answer in cut} == {"", UNSURE}
    few = storm_answers(stormy, 1, deadline_s=5.0)
    assert {(answer.known, answer.reason) for answer in few} == {(False, INCOMPLETE)}
    right, sure = right_and_sure(few)
    assert sure < right
    assert np.mean([a.spikes for a in few]) < 0.4 * np.mean([a.spikes for a in cut])


def test_answers_cut_short_leave_later_probabilities_as_they_were(
    stormy: PlaceRecognizer, ticking: None
) -> None:
    storm_answers(stormy, 20, deadline_s=4.0)
    assert stormy.hindsight.bias == 0.0


def test_a_deadline_ends_the_wait_for_an_early_answer_too(recognizer: PlaceRecognizer) -> None:
    for image in WINTER[100:110]:
        recognizer.match(image, 10)
    answer = recognizer.match(WINTER[110], 10, early=True, deadline_s=1e-9)
    assert (answer.known, answer.reason) == (False, INCOMPLETE)


def test_the_way_of_a_dark_frame_counts_for_the_habit(saved: Path) -> None:
    dark, bright = PlaceRecognizer.load(saved), PlaceRecognizer.load(saved)
    for image in WINTER[100:110]:
        dark.match(BLANK[BLACK], 5, step=1.0)
        dark.match(image, 5, step=0.0)
        bright.match(image, 5, step=1.0)
    np.testing.assert_array_equal(dark.adaptation.mean, bright.adaptation.mean)


def test_an_early_answer_waits_for_fewer_spikes_and_is_hardly_ever_another(
    recognizer: PlaceRecognizer, saved: Path
) -> None:
    early = PlaceRecognizer.load(saved)
    assert np.isfinite(early.early).any()
    pairs = [(recognizer.match(i), early.match(i, early=True)) for i in WINTER[CALIBRATION:]]
    assert np.mean([one.place == other.place for one, other in pairs]) > 0.97
    assert np.mean([other.complete for _, other in pairs]) < 0.8
    assert sum(o.spikes for _, o in pairs) < 0.8 * sum(o.spikes for o, _ in pairs)
    assert all(other.complete == (one.spikes == other.spikes) for one, other in pairs)


def test_an_ensemble_averages_its_members_and_is_sure_by_its_own_answers() -> None:
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


def test_a_kept_map_names_every_setting(saved: Path, tmp_path: Path) -> None:
    arrays = saved.with_suffix(".safetensors").read_bytes()
    for field in dataclasses.fields(PlaceConfig):
        document = json.loads(saved.read_text())
        del document["config"][field.name]
        (tmp_path / "m.json").write_text(json.dumps(document))
        (tmp_path / "m.safetensors").write_bytes(arrays)
        with pytest.raises(ModelFileError, match=f"config.{field.name} is missing"):
            PlaceRecognizer.load(tmp_path / "m")


def test_numbers_of_places_cannot_be_changed_from_outside(recognizer: PlaceRecognizer) -> None:
    with pytest.raises(ValueError, match="read-only"):
        recognizer.places[0] = 77


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


def test_what_answers_are_worth_is_found_out_anew_on_a_grown_map(tmp_path: Path) -> None:
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


def test_an_ensemble_is_calibrated_by_its_averages() -> None:
    config = PlaceConfig(input_share=0.1)
    known = np.arange(0, N, 3)
    ensemble = PlaceEnsemble((1, 2), config).fit(SUMMER)
    ensemble.calibrate((STORM[known], known.tolist()))
    answers = [ensemble.match(STORM[place]) for place in STORM_ASKED.tolist()]
    right, sure = right_and_sure(answers)
    assert sure == pytest.approx(right, abs=0.1)


def test_two_places_become_one_that_is_known_by_both_sights(recognizer: PlaceRecognizer) -> None:
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


def test_places_are_made_one_while_a_sequence_goes_on(recognizer: PlaceRecognizer) -> None:
    for k in range(90, 100):
        recognizer.match(WINTER[k], 10)
    recognizer.fuse([200, 201, 199])
    assert recognizer.match(WINTER[100], 10).place == 100
    assert recognizer.match(WINTER[100], 10, step=0).length == 10


def test_unknown_places_are_said_to_be_unknown(recognizer: PlaceRecognizer) -> None:
    elsewhere = other_season(route(100, seed=77), seed=78)
    answers = [recognizer.match(image, 10) for image in elsewhere]
    assert np.mean([a.known for a in answers]) < 0.1
    assert all(a.place is not None for a in answers), "a best guess is always there"
    assert {a.reason for a in answers if not a.known} == {UNSURE}
    recognizer.reset_sequence()
    home = [recognizer.match(image, 10) for image in WINTER[CALIBRATION:]]
    assert np.mean([a.known for a in home[10:]]) > 0.9


def test_a_grown_map_knows_the_new_and_forgets_nothing(recognizer: PlaceRecognizer) -> None:
    before = [recognizer.match(image) for image in WINTER[100:140]]
    added = [recognizer.add(image) for image in route(30, seed=5)]
    assert added == list(range(N, N + 30))
    assert len(recognizer) == N + 30
    again = [recognizer.match(image).place for image in WINTER[100:140]]
    assert np.mean(np.array(again) == [m.place for m in before]) > 0.95
    new = [recognizer.match(image).place for image in other_season(route(30, seed=5), seed=9)]
    assert np.mean(np.array(new) == added) > 0.8


def test_a_removed_place_is_gone_and_the_rest_keep_their_numbers(
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


def test_maps_are_merged(saved: Path) -> None:
    calibration = (WINTER[:CALIBRATION], range(CALIBRATION))
    one = PlaceRecognizer().fit(SUMMER[:150], calibration)
    other = PlaceRecognizer().fit(SUMMER[150:])
    assert one.merge(other).tolist() == list(range(150, N))
    assert share_right(one, sequence=5) > 0.9
    small = PlaceRecognizer(config=PlaceConfig(width=20)).fit(SUMMER[:10])
    with pytest.raises(ParameterError, match="map both alike"):
        one.merge(small)


def test_a_map_on_disk_is_the_map(recognizer: PlaceRecognizer, saved: Path, tmp_path: Path) -> None:
    for image in WINTER[:30]:
        recognizer.match(image, 5)
    again = PlaceRecognizer.load(recognizer.save(tmp_path / "again"))
    recognizer.reset_sequence()
    recognizer.add(SUMMER[3])
    again.add(SUMMER[3])
    for image in WINTER[60:80]:
        one, other = recognizer.match(image, 5), again.match(image, 5)
        np.testing.assert_array_equal(one.scores, other.scores)
        assert (one.probability, one.known) == (other.probability, other.known)


def test_a_deployed_map_is_small_and_fixed(saved: Path, tmp_path: Path) -> None:
    whole = PlaceRecognizer.load(saved)
    path = whole.save(tmp_path / "flown", deployed=True)
    flown = PlaceRecognizer.load(path)
    assert path.with_suffix(".safetensors").stat().st_size < N * (784 + 40) + 30_000
    for image in WINTER[60:70]:
        np.testing.assert_array_equal(flown.match(image, 4).scores, whole.match(image, 4).scores)
    for change in (
        lambda: flown.add(SUMMER[0]),
        lambda: flown.remove(0),
        lambda: flown.merge(whole),
        lambda: flown.fuse([0, 1]),
    ):
        with pytest.raises(ParameterError, match="deployed=True"):
            change()
    again = PlaceRecognizer.load(flown.save(tmp_path / "again"))
    with pytest.raises(ParameterError, match="deployed=True"):
        again.add(SUMMER[0])


def test_broken_files_and_newer_ones_are_named(saved: Path, tmp_path: Path) -> None:
    text = saved.read_text()
    for broken, said in (
        (text.replace('"schema_version": 1', '"schema_version": 2'), "schema_version is 2"),
        (text.replace('"seed": 0', '"seed": -1'), "seed"),
        (text.replace('"levels": 8', '"level": 8'), "Did you mean: `levels`"),
        (text.replace('"next_number": 240', '"next_number": 3'), "'numbers' .* expected 0 to 2"),
        (text.replace('"bias": 0.0', '"bias": "x"'), "bias"),
        (text.replace('"bias": 0.0', '"bias": -1000.0'), "expected -4 to 4"),
        (text[:-20], "not a JSON document"),
    ):
        assert broken != text
        (tmp_path / "m.json").write_text(broken)
        (tmp_path / "m.safetensors").write_bytes(saved.with_suffix(".safetensors").read_bytes())
        with pytest.raises(ModelFileError, match=said):
            PlaceRecognizer.load(tmp_path / "m")
    with pytest.raises(ModelFileError, match="No such file"):
        PlaceRecognizer.load(tmp_path / "none")


BLANK = {
    BLACK: np.zeros((32, 64), np.uint8),
    SATURATED: np.full((32, 64), 255, np.uint8),
    FLAT: np.full((32, 64), 90, np.uint8),
}


@pytest.mark.parametrize("reason", BLANK)
def test_a_frame_that_shows_nothing_is_unknown_and_harms_nothing(
    reason: str, recognizer: PlaceRecognizer
) -> None:
    for image in WINTER[100:109]:
        recognizer.match(image, 10)
    answer = recognizer.match(BLANK[reason], 10)
    assert (answer.known, answer.reason) == (False, reason)
    assert answer.place == 109, "the frames before still say where it is"
    assert recognizer.match(WINTER[110], 10).place == 110
    assert recognizer.match(BLANK[reason]).probability == 0.0
    with pytest.raises(ObservationError, match=reason):
        recognizer.add(BLANK[reason])
    assert len(recognizer) == N


@pytest.mark.parametrize(
    "image", [np.zeros((32, 64)), np.zeros((32, 64, 4), np.uint8), np.zeros(5, np.uint8), None]
)
def test_what_is_no_image_changes_nothing(image: object, saved: Path) -> None:
    one, other = PlaceRecognizer.load(saved), PlaceRecognizer.load(saved)
    for k in range(100, 110):
        with pytest.raises(ObservationError, match="image of"):
            one.match(image, 5)
        np.testing.assert_array_equal(
            one.match(WINTER[k], 5).scores, other.match(WINTER[k], 5).scores
        )


def test_frames_out_of_order_are_refused(recognizer: PlaceRecognizer) -> None:
    recognizer.match(WINTER[100], 5, time_s=10.0)
    for late in (10.0, 9.0):
        with pytest.raises(ObservationError, match="expected a later one"):
            recognizer.match(WINTER[101], 5, time_s=late)
    assert recognizer.match(WINTER[101], 5, time_s=10.1).length == 2
    recognizer.reset_sequence()
    assert recognizer.match(WINTER[0], 5, time_s=1.0).length == 1


def test_an_empty_map_says_so() -> None:
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


def test_odometry_keeps_a_sequence_together_at_any_speed(recognizer: PlaceRecognizer) -> None:
    rng, place, answers = np.random.default_rng(0), CALIBRATION, []
    step = 0
    while place < N:
        answers.append(recognizer.match(WINTER[place], 8, step=step).place == place)
        step = int(rng.integers(0, 4))
        place += step
    assert np.mean(answers) > 0.97


def test_who_stands_still_forgets_nothing(recognizer: PlaceRecognizer) -> None:
    before = recognizer.adaptation.mean.copy()
    for _ in range(1000):
        recognizer.match(WINTER[100], 5, step=0.0)
    np.testing.assert_array_equal(recognizer.adaptation.mean, before)
    for _ in range(4):
        recognizer.match(WINTER[100], 5, step=0.25)
    assert not np.array_equal(recognizer.adaptation.mean, before)


def test_the_first_frame_of_a_sequence_is_answered_as_one_alone(
    recognizer: PlaceRecognizer, saved: Path
) -> None:
    other = PlaceRecognizer.load(saved)
    for image in WINTER[100:120]:
        recognizer.reset_sequence()
        alone, first = other.match(image), recognizer.match(image, 10)
        np.testing.assert_array_equal(alone.scores, first.scores)
        assert (alone.probability, alone.known) == (first.probability, first.known)


def test_a_blank_start_is_no_answer_and_keeps_the_place_of_what_follows(
    recognizer: PlaceRecognizer,
) -> None:
    for _ in range(3):
        answer = recognizer.match(BLANK[BLACK], 10)
        assert (answer.probability, answer.known) == (0.0, False)
    assert recognizer.match(WINTER[100], 10).place == 100
    recognizer.match(BLANK[BLACK])
    assert recognizer._long.position == recognizer._sequence.position


def test_a_second_fit_begins_anew() -> None:
    calibration = (WINTER[:CALIBRATION], range(CALIBRATION))
    twice = PlaceRecognizer().fit(SUMMER, calibration)
    twice.hindsight.bias = -3.0
    twice.match(WINTER[3])
    twice.fit(SUMMER, calibration)
    once = PlaceRecognizer().fit(SUMMER, calibration)
    one, other = once.match(WINTER[100]), twice.match(WINTER[100])
    np.testing.assert_array_equal(one.scores, other.scores)
    assert one.probability == other.probability


def test_all_places_may_go_and_new_ones_come(recognizer: PlaceRecognizer) -> None:
    recognizer.remove(recognizer.places)
    assert recognizer.match(WINTER[5], 5).reason == EMPTY
    for k in range(7):
        assert recognizer.add(SUMMER[k]) == N + k
        answer = recognizer.match(WINTER[k])
        assert np.isfinite(answer.scores).all()
        assert not (answer.known and len(recognizer) <= 5), "without a rival nothing is known"


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


@pytest.mark.parametrize(
    ("images", "calibration", "error", "said"),
    [
        (SUMMER[:2], None, ParameterError, "2 images"),
        (SUMMER[:12].astype(float), None, ObservationError, "image 0: image of float64"),
        (np.zeros((12, 32, 64), np.uint8), None, ObservationError, "image 0: the image is black"),
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
def test_what_cannot_be_mapped_is_named(images, calibration, error, said) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=said):
        PlaceRecognizer().fit(images, calibration)


@pytest.mark.parametrize(
    "wrong",
    [{"height": 0}, {"ticks": 128}, {"window": 4}, {"stiffness": 0.0}, {"false_acceptance": 1.0},
     {"blend": -0.1}, {"module_places": 0}, {"input_share": 0.0}, {"same_place": 1.5},
     {"window": 21.5}, {"memory": np.nan}, {"levels": True}, {"stiffness": np.inf},
     {"neighbours": 2**70}],
)  # fmt: skip
def test_wrong_configurations_are_refused(wrong: dict) -> None:
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        dataclasses.replace(PlaceConfig(), **wrong)


def test_the_best_places_come_in_order(recognizer: PlaceRecognizer) -> None:
    answer = recognizer.match(WINTER[99])
    top = answer.top(5)
    assert (np.diff(answer.scores[top]) <= 0).all()
    assert top[0] == answer.scores.argmax()
    assert len(answer.top(10**6)) == N
