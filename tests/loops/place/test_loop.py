"""Place loop against the recogniser alone, faulty inputs, and files; without ROS."""

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
from snn_control.runs.checksums import to_json
from tests.loops.place.harness import (
    PERIOD_NS,
    ROUTE,
    SECOND,
    N,
    PlaceHarness,
    harness_with_map,
    places,
    query_traverse,
    save_route,
)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_route(tmp_path_factory.mktemp("map"))


# Matches.


def test_loop_gives_the_answers_of_the_recogniser() -> None:
    alone = PlaceRecognizer().fit(ROUTE[:50])
    for image in ROUTE[50:]:
        alone.add(image)
    alone.calibrate()
    mapped = PlaceHarness().map(ROUTE)
    for answer, image in zip(mapped.answers(SECOND), SECOND, strict=True):
        expected = alone.match(image, 10, 1.0)
        assert (answer.match.place, answer.match.known) == (expected.place, expected.known)
        assert answer.match.probability == expected.probability
        assert (answer.match.scores == expected.scores).all()
        assert answer.match.reason in CODES
    alone.reset_sequence()
    mapped.loop.begin()
    assert (places(mapped.answers(SECOND)) == np.arange(N)).mean() > 0.9


def test_odometry_aligns_the_frames(saved: Path) -> None:
    harness = harness_with_map(saved)
    answers = harness.answers(SECOND[::3], distance_m=3.0)
    assert (places(answers) == np.arange(0, N, 3)).mean() > 0.9
    assert [answer.step for answer in answers[1:]] == [3.0] * (len(answers) - 1)
    standing = harness_with_map(saved).answers(np.repeat(SECOND[40:41], 30, axis=0), distance_m=0.0)
    assert set(places(standing[1:])) == {40}


@pytest.mark.parametrize("reverse", [True, False])
def test_reversing_moves_back_along_the_map(saved: Path, reverse: bool) -> None:
    harness = harness_with_map(saved, reverse=reverse)
    harness.answers(SECOND[:41], distance_m=1.0)
    back = harness.answers(SECOND[39:20:-1], distance_m=-1.0)
    ahead = harness.answers(query_traverse(ROUTE, seed=2)[22:40], distance_m=1.0)
    correct = places([*back, *ahead]) == [*range(39, 20, -1), *range(22, 40)]
    if reverse:
        assert correct.all()
        assert {answer.step for answer in back} == {-1.0}
        assert back[-1].match.length == 10
    else:
        assert correct.mean() < 0.8, "reversing makes a difference"


def test_answers_have_the_poses_of_the_map(saved: Path) -> None:
    answer = harness_with_map(saved).answers(SECOND)[-1]
    assert answer.pose == (N, 2.0, 0.5, 0.0, 0.0, 0.0, 1.0)
    assert answer.frame == "odom"


def test_candidates_are_ordered_best_first(saved: Path) -> None:
    harness = harness_with_map(saved)
    match = harness.answers(SECOND[:20])[-1].match
    rows = harness.loop.candidates(match)
    assert rows.shape == (5, 2)
    assert rows[0, 0] == match.place
    assert (np.diff(rows[:, 1]) <= 0.0).all()


def test_deadline_uses_the_first_spikes(saved: Path) -> None:
    [early] = harness_with_map(saved, query_deadline_s=1e-9).answers(SECOND[:1])
    [whole] = harness_with_map(saved).answers(SECOND[:1])
    assert not early.match.complete
    assert 0 < early.match.spikes < whole.match.spikes
    assert (early.match.known, early.reason, int(early.reason)) == (False, Reason.INCOMPLETE, 8)


def test_empty_map_gives_no_place() -> None:
    answer = PlaceHarness().show(ROUTE[0])
    assert answer is not None
    assert (answer.match.place, answer.match.known) == (None, False)
    assert answer.match.reason == "the map is empty"


# Faults.


def test_refused_frames_change_nothing(saved: Path) -> None:
    harness, clean = harness_with_map(saved), harness_with_map(saved)
    harness.answers(SECOND[:15])
    assert harness.show(Refusal("size", "too short")) is None
    last_ns = harness.now_ns - PERIOD_NS
    assert harness.show(SECOND[15], stamp_ns=last_ns) is None
    assert harness.show(SECOND[15], stamp_ns=last_ns - PERIOD_NS) is None
    assert harness.show(SECOND[15], stamp_ns=harness.now_ns + 10**10) is None
    assert harness.show(np.zeros((0, 4), np.uint8)) is None
    assert harness.loop.refused == {
        "size": 1, "stamp repeated": 1, "stamp jumped back": 1, "stamp from the future": 1,
        UNUSABLE: 1,
    }  # fmt: skip
    assert "shape (0, 4)" in harness.loop.refusal
    assert (places(harness.answers(SECOND[15:])) == places(clean.answers(SECOND))[15:]).all()


def test_black_frame_is_unknown_and_the_next_is_recognised(saved: Path) -> None:
    harness = harness_with_map(saved)
    harness.answers(SECOND[:15])
    black = harness.show(np.zeros_like(SECOND[15]))
    assert black is not None
    assert (black.match.known, black.match.reason) == (False, "the image is black")
    assert places(harness.answers(SECOND[16:20])).tolist() == [16, 17, 18, 19]


def test_restart_of_time_resets_the_sequence(saved: Path) -> None:
    harness = harness_with_map(saved)
    harness.answers(SECOND[:15])
    harness.now_ns -= 10**10
    assert harness.show(SECOND[0]) is None
    assert harness.loop.refused == {"stamp time restarted": 1}
    assert harness.answers(SECOND[1:2])[0].match.length == 1


def test_images_are_matched_alone_after_odometry_loss(saved: Path) -> None:
    harness = harness_with_map(saved)
    assert harness.answers(SECOND[:15], distance_m=1.0)[-1].match.length == 10
    harness.now_ns += 2 * 10**9
    lost = harness.answers(SECOND[15:20])
    assert [answer.match.length for answer in lost] == [1] * 5
    assert np.isnan([answer.step for answer in lost]).all()
    back = harness.answers(SECOND[20:25], distance_m=1.0)
    assert [answer.match.length for answer in back] == [1, 2, 3, 4, 5]


def test_broken_map_leaves_the_old_one(saved: Path, tmp_path: Path) -> None:
    harness = harness_with_map(saved)
    wrong = tmp_path / "wrong.json"
    wrong.write_text("{}")
    for path, error in ((tmp_path / "none", ModelFileError), (wrong, ModelFileError)):
        with pytest.raises(error, match=path.stem):
            harness.loop.load(str(path))
    with pytest.raises(ConfigError, match="parameter map is empty"):
        harness.loop.load("")
    assert (places(harness.answers(SECOND)) == np.arange(N)).mean() > 0.9


def test_all_image_layouts_are_compiled_in_advance(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    layouts, match = set(), PlaceRecognizer.match

    def recorded(recognizer: PlaceRecognizer, image: Bytes, *args: Any, **options: Any) -> Match:
        layouts.add(
            (image.ndim, image.flags.c_contiguous, image.strides[-1], image.flags.writeable)
        )
        return match(recognizer, image, *args, **options)

    monkeypatch.setattr(PlaceRecognizer, "match", recorded)
    warm(PlaceNodeConfig())
    expected = {(2, contiguous, 1, True) for contiguous in (True, False)}
    expected |= {(3, True, 1, True), (3, False, 1, True), (3, False, -1, True)}
    assert layouts == expected


# Files.


def test_saved_map_gives_the_same_answers(saved: Path) -> None:
    first = PlaceHarness().map(ROUTE, distance_m=1.0)
    first.loop.reset()
    loaded = harness_with_map(saved)
    assert loaded.loop.posed.poses == first.loop.posed.poses
    for a, b in zip(first.answers(SECOND), loaded.answers(SECOND), strict=True):
        assert (a.match.place, a.match.probability) == (b.match.place, b.match.probability)


def test_pose_file_has_no_objects(saved: Path) -> None:
    path = poses_path(saved.with_suffix(".json"))
    with np.load(path, allow_pickle=False) as file:
        assert file["version"] == 1
        assert all(file[name].dtype.kind in "ifU" for name in file.files)


def test_poses_of_another_map_are_ignored(saved: Path, tmp_path: Path) -> None:
    posed = PosedMap.load(str(saved))
    posed.save(str(tmp_path / "copy.json"))
    assert PosedMap.load(str(tmp_path / "copy")).poses == posed.poses
    document = tmp_path / "copy.json"
    changed = json.loads(document.read_text())
    changed["about"] = {"by": "someone"}
    document.write_bytes(to_json(changed))
    other = PosedMap.load(str(document))
    assert other.poses == {}
    assert "another map" in other.note


def test_unreadable_poses_are_ignored(saved: Path, tmp_path: Path) -> None:
    posed = PosedMap.load(str(saved))
    posed.save(str(tmp_path / "copy"))
    path = poses_path(tmp_path / "copy.json")
    whole = path.read_bytes()
    for broken in (b"", whole[:200], b"PK" + whole[2:100]):
        path.write_bytes(broken)
        posed = PosedMap.load(str(tmp_path / "copy"))
        assert "poses are ignored" in posed.note
        assert len(posed) == N
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("version.npy", b"no array")
    assert "poses are ignored" in PosedMap.load(str(tmp_path / "copy")).note
    with path.open("wb") as bare:
        np.save(bare, np.zeros(7))
    assert "poses are ignored" in PosedMap.load(str(tmp_path / "copy")).note


def test_corrupted_poses_are_detected_or_equal(saved: Path, tmp_path: Path) -> None:
    posed, rng, refused = PosedMap.load(str(saved)), np.random.default_rng(0), 0
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
            refused += 1
    assert refused > 50


def test_saving_a_map_without_poses_removes_old_ones(tmp_path: Path, saved: Path) -> None:
    PosedMap.load(str(saved)).save(str(tmp_path / "map"))
    assert poses_path(tmp_path / "map.json").exists()
    PlaceHarness().map(ROUTE).loop.posed.save(str(tmp_path / "map"))
    assert not poses_path(tmp_path / "map.json").exists()
    with pytest.raises(ConfigError, match="empty"):
        PosedMap.empty(0).save(str(tmp_path / "map"))
