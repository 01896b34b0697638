"""The loop of the place recogniser's node against the recogniser alone, without ROS."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snn_control.controllers.place import Match, PlaceRecognizer
from snn_control.errors import ConfigError, ModelFileError
from snn_control.loops.place.config import PlaceNodeConfig
from snn_control.loops.place.images import Bytes, Refusal
from snn_control.loops.place.loop import UNUSABLE, warm
from snn_control.loops.place.posed_map import PosedMap, _read_poses, poses_path
from snn_control.loops.place.reason import CODES, Reason
from tests.loops.place.harness import (
    PERIOD_NS,
    ROUTE,
    SECOND,
    N,
    PlaceBench,
    again,
    bench,
    places,
    save_route,
)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_route(tmp_path_factory.mktemp("map"))


# Answers.


def test_a_second_visit_is_recognised_as_by_the_recogniser_alone() -> None:
    alone = PlaceRecognizer().fit(ROUTE[:50])
    for image in ROUTE[50:]:
        alone.add(image)
    alone.calibrate()
    mapped = PlaceBench().map(ROUTE)
    for answer, image in zip(mapped.answers(SECOND), SECOND, strict=True):
        expected = alone.match(image, 10, 1.0)
        assert (answer.match.place, answer.match.known) == (expected.place, expected.known)
        assert answer.match.probability == expected.probability
        assert (answer.match.scores == expected.scores).all()
        assert answer.match.reason in CODES
    alone.reset_sequence()
    mapped.loop.begin()
    assert (places(mapped.answers(SECOND)) == np.arange(N)).mean() > 0.9


def test_the_way_tells_where_frames_lie(saved: Path) -> None:
    flown = bench(saved)
    found = flown.answers(SECOND[::3], way_m=3.0)
    assert (places(found) == np.arange(0, N, 3)).mean() > 0.9
    assert [answer.step for answer in found[1:]] == [3.0] * (len(found) - 1)
    standing = bench(saved).answers(np.repeat(SECOND[40:41], 30, axis=0), way_m=0.0)
    assert set(places(standing[1:])) == {40}


@pytest.mark.parametrize("reverse", [True, False])
def test_a_robot_that_reverses_goes_back_along_the_map(saved: Path, reverse: bool) -> None:
    flown = bench(saved, reverse=reverse)
    flown.answers(SECOND[:41], way_m=1.0)
    back = flown.answers(SECOND[39:20:-1], way_m=-1.0)
    ahead = flown.answers(again(ROUTE, seed=2)[22:40], way_m=1.0)
    right = places([*back, *ahead]) == [*range(39, 20, -1), *range(22, 40)]
    if reverse:
        assert right.all()
        assert {answer.step for answer in back} == {-1.0}
        assert back[-1].match.length == 10
    else:
        assert right.mean() < 0.8, "it can be told"


def test_poses_are_those_at_which_places_were_mapped(saved: Path) -> None:
    found = bench(saved).answers(SECOND)[-1]
    assert found.pose == (N, 2.0, 0.5, 0.0, 0.0, 0.0, 1.0)
    assert found.frame == "odom"


def test_candidates_come_best_first(saved: Path) -> None:
    flown = bench(saved)
    match = flown.answers(SECOND[:20])[-1].match
    rows = flown.loop.candidates(match)
    assert rows.shape == (5, 2)
    assert rows[0, 0] == match.place
    assert (np.diff(rows[:, 1]) <= 0.0).all()


def test_a_deadline_is_answered_with_the_first_spikes(saved: Path) -> None:
    [early] = bench(saved, query_deadline_s=1e-9).answers(SECOND[:1])
    [whole] = bench(saved).answers(SECOND[:1])
    assert not early.match.complete
    assert 0 < early.match.spikes < whole.match.spikes
    assert (early.match.known, early.reason, int(early.reason)) == (False, Reason.INCOMPLETE, 8)


def test_an_empty_map_knows_nothing() -> None:
    answer = PlaceBench().show(ROUTE[0])
    assert answer is not None
    assert (answer.match.place, answer.match.known) == (None, False)
    assert answer.match.reason == "the map is empty"


# What goes wrong.


def test_bad_frames_change_nothing(saved: Path) -> None:
    flown, clean = bench(saved), bench(saved)
    flown.answers(SECOND[:15])
    assert flown.show(Refusal("size", "too short")) is None
    last_ns = flown.now_ns - PERIOD_NS
    assert flown.show(SECOND[15], stamp_ns=last_ns) is None
    assert flown.show(SECOND[15], stamp_ns=last_ns - PERIOD_NS) is None
    assert flown.show(SECOND[15], stamp_ns=flown.now_ns + 10**10) is None
    assert flown.show(np.zeros((0, 4), np.uint8)) is None
    assert flown.loop.refused == {
        "size": 1, "stamp repeated": 1, "stamp jumped back": 1, "stamp from the future": 1,
        UNUSABLE: 1,
    }  # fmt: skip
    assert "shape (0, 4)" in flown.loop.refusal
    assert (places(flown.answers(SECOND[15:])) == places(clean.answers(SECOND))[15:]).all()


def test_a_black_frame_is_unknown_and_the_next_is_fine(saved: Path) -> None:
    flown = bench(saved)
    flown.answers(SECOND[:15])
    black = flown.show(np.zeros_like(SECOND[15]))
    assert black is not None
    assert (black.match.known, black.match.reason) == (False, "the image is black")
    assert places(flown.answers(SECOND[16:20])).tolist() == [16, 17, 18, 19]


def test_time_that_begins_again_begins_the_sequence_again(saved: Path) -> None:
    flown = bench(saved)
    flown.answers(SECOND[:15])
    flown.now_ns -= 10**10
    assert flown.show(SECOND[0]) is None
    assert flown.loop.refused == {"stamp time restarted": 1}
    assert flown.answers(SECOND[1:2])[0].match.length == 1


def test_without_odometry_that_was_there_images_stand_alone(saved: Path) -> None:
    flown = bench(saved)
    assert flown.answers(SECOND[:15], way_m=1.0)[-1].match.length == 10
    flown.now_ns += 2 * 10**9
    lost = flown.answers(SECOND[15:20])
    assert [answer.match.length for answer in lost] == [1] * 5
    assert np.isnan([answer.step for answer in lost]).all()
    back = flown.answers(SECOND[20:25], way_m=1.0)
    assert [answer.match.length for answer in back] == [1, 2, 3, 4, 5]


def test_a_bad_map_leaves_the_old_one(saved: Path, tmp_path: Path) -> None:
    flown = bench(saved)
    wrong = tmp_path / "wrong.json"
    wrong.write_text("{}")
    for path, error in ((tmp_path / "none", ModelFileError), (wrong, ModelFileError)):
        with pytest.raises(error, match=path.stem):
            flown.loop.load(str(path))
    with pytest.raises(ConfigError, match="parameter map is empty"):
        flown.loop.load("")
    assert (places(flown.answers(SECOND)) == np.arange(N)).mean() > 0.9


def test_all_that_images_can_be_is_compiled_before_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen, match = set(), PlaceRecognizer.match

    def noted(recognizer: PlaceRecognizer, image: Bytes, *given: Any, **named: Any) -> Match:
        seen.add((image.ndim, image.flags.c_contiguous, image.strides[-1], image.flags.writeable))
        return match(recognizer, image, *given, **named)

    monkeypatch.setattr(PlaceRecognizer, "match", noted)
    warm(PlaceNodeConfig())
    expected = {(2, touch, 1, True) for touch in (True, False)}
    expected |= {(3, True, 1, True), (3, False, 1, True), (3, False, -1, True)}
    assert seen == expected


# Files.


def test_a_saved_map_answers_alike(saved: Path) -> None:
    first = PlaceBench().map(ROUTE, way_m=1.0)
    first.loop.reset()
    loaded = bench(saved)
    assert loaded.loop.posed.poses == first.loop.posed.poses
    for a, b in zip(first.answers(SECOND), loaded.answers(SECOND), strict=True):
        assert (a.match.place, a.match.probability) == (b.match.place, b.match.probability)


def test_poses_hold_numbers_alone(saved: Path) -> None:
    path = poses_path(saved.with_suffix(".json"))
    with np.load(path, allow_pickle=False) as file:
        assert file["version"] == 1
        assert all(file[name].dtype.kind in "ifU" for name in file.files)


def test_poses_of_another_map_are_left_out(saved: Path, tmp_path: Path) -> None:
    posed = PosedMap.load(str(saved))
    posed.save(str(tmp_path / "copy.json"))
    assert PosedMap.load(str(tmp_path / "copy")).poses == posed.poses
    document = tmp_path / "copy.json"
    changed = json.loads(document.read_text())
    changed["about"] = {"by": "someone"}
    document.write_text(json.dumps(changed))
    other = PosedMap.load(str(document))
    assert other.poses == {}
    assert "another map" in other.note


def test_poses_that_cannot_be_read_are_left_out(saved: Path, tmp_path: Path) -> None:
    posed = PosedMap.load(str(saved))
    posed.save(str(tmp_path / "copy"))
    path = poses_path(tmp_path / "copy.json")
    whole = path.read_bytes()
    for broken in (b"", whole[:200], b"PK" + whole[2:100]):
        path.write_bytes(broken)
        found = PosedMap.load(str(tmp_path / "copy"))
        assert "poses are left out" in found.note
        assert len(found) == N
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("version.npy", b"no array")
    assert "poses are left out" in PosedMap.load(str(tmp_path / "copy")).note
    with path.open("wb") as bare:
        np.save(bare, np.zeros(7))
    assert "poses are left out" in PosedMap.load(str(tmp_path / "copy")).note


def test_poses_with_changed_bytes_harm_nothing(saved: Path, tmp_path: Path) -> None:
    posed, rng, left_out = PosedMap.load(str(saved)), np.random.default_rng(0), 0
    path, whole = tmp_path / "poses.npz", poses_path(saved.with_suffix(".json")).read_bytes()
    changes = [rng.integers(len(whole), size=2) for _ in range(100)]
    directory = whole.index(b"PK\x01\x02")
    for at in [*changes, *np.arange(directory, directory + 46)[:, None]]:
        broken = bytearray(whole)
        for k in at:
            broken[k] ^= 255
        path.write_bytes(broken)
        try:
            assert _read_poses(path, posed.digest)[0] == posed.poses
        except ModelFileError:
            left_out += 1
    assert left_out > 50


def test_a_map_without_poses_takes_those_of_another_away(tmp_path: Path, saved: Path) -> None:
    PosedMap.load(str(saved)).save(str(tmp_path / "map"))
    assert poses_path(tmp_path / "map.json").exists()
    PlaceBench().map(ROUTE).loop.posed.save(str(tmp_path / "map"))
    assert not poses_path(tmp_path / "map.json").exists()
    with pytest.raises(ConfigError, match="empty"):
        PosedMap.empty(0).save(str(tmp_path / "map"))
