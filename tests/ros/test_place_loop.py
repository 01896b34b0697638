"""The loop of the place recogniser's node against the recogniser alone, without ROS."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from snn_control.controllers.place import PlaceRecognizer
from snn_control.errors import ConfigError, ModelFileError
from snn_control.ros.place_images import Bytes, Refusal
from snn_control.ros.place_loop import MAPPING, REASONS, UNUSABLE, Answer
from snn_control.ros.place_mapping import Mapping
from snn_control.ros.place_odometry import Pose
from snn_control.ros.posed_map import PosedMap, poses_path
from tests.ros.place_bench import PERIOD_NS, PlaceBench, again, nordland, places, route

N = 90
ROUTE = route(N)
SECOND = again(ROUTE)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A map that was made with odometry, 1 m an image."""
    path = tmp_path_factory.mktemp("map") / "route"
    PlaceBench().map(ROUTE, way_m=1.0).loop.posed.save(str(path))
    return path


def bench(saved: Path, **settings: object) -> PlaceBench:
    return PlaceBench(PosedMap.load(str(saved)), **settings)


# Answers.


def test_a_second_visit_is_recognised_as_by_the_recogniser_alone() -> None:
    alone = PlaceRecognizer().fit(ROUTE[:50])
    for image in ROUTE[50:]:
        alone.add(image)
    mapped = PlaceBench().map(ROUTE)
    for answer, image in zip(mapped.answers(SECOND), SECOND, strict=True):
        expected = alone.match(image, 10, 1.0)
        assert (answer.match.place, answer.match.known) == (expected.place, expected.known)
        assert answer.match.probability == expected.probability
        assert (answer.match.scores == expected.scores).all()
        assert answer.match.reason in REASONS
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


# Mapping.


def test_images_become_places_by_the_way() -> None:
    mapped = PlaceBench()
    mapped.map(np.repeat(ROUTE[:30], 4, axis=0), way_m=0.25)
    assert len(mapped.loop.posed) == 30
    x = [pose[0] for pose in mapped.loop.posed.poses.values()]
    assert np.allclose(np.diff(x), 1.0)


def test_what_a_robot_reverses_over_is_not_mapped_again() -> None:
    mapped = PlaceBench(first_places=10)
    mapped.loop.mapper.start()
    moves = [*[1.0] * 20, *[-1.0] * 5, *[1.0] * 10]
    at = np.cumsum(moves).astype(int) - 1
    for place, way_m in zip(at, moves, strict=True):
        mapped.show(ROUTE[place], way_m)
        mapped.settle()
    x = [pose[0] for pose in mapped.loop.posed.poses.values()]
    assert x == [*range(1, 26)]


def test_places_further_apart_than_the_spacing_are_told() -> None:
    mapped = PlaceBench(first_places=10)
    mapped.loop.mapper.start()
    for image in ROUTE[:20]:
        mapped.show(image, way_m=2.5)
        mapped.settle()
    assert len(mapped.loop.posed) == 20
    assert mapped.loop.mapper.gaps == 19


def test_dark_frames_are_no_places_and_bad_ones_neither() -> None:
    mapped = PlaceBench(first_places=10)
    mapped.loop.mapper.start()
    for k, image in enumerate(ROUTE[:40]):
        mapped.show(image if k % 4 else np.zeros_like(image))
        mapped.show(Refusal("size", "too short"))
        mapped.settle()
    assert len(mapped.loop.posed) == 30


def test_the_old_map_answers_until_there_is_a_new_one(saved: Path) -> None:
    flown = bench(saved)
    flown.loop.mapper.start()
    answer = flown.show(SECOND[0])
    assert answer is not None
    assert answer.match.reason == MAPPING
    with pytest.raises(ConfigError, match="1 places are too few"):
        flown.loop.mapper.stop()
    assert len(flown.loop.posed) == N
    assert places(flown.answers(SECOND[:5])).tolist() == [0, 1, 2, 3, 4]


def test_images_that_come_while_the_map_is_fitted_are_in_it() -> None:
    mapped = PlaceBench(first_places=20)
    mapped.loop.mapper.start()
    for image in ROUTE:
        mapped.show(image)
    assert mapped.loop.mapper.state is Mapping.FITTING
    mapped.loop.mapper.stop()
    mapped.show(ROUTE[0])
    mapped.settle()
    assert len(mapped.loop.posed) == N
    alone = PlaceRecognizer().fit(ROUTE[:20])
    for image in ROUTE[20:]:
        alone.add(image)
    assert (mapped.loop.recognizer.map.weights == alone.map.weights).all()


def test_a_map_that_cannot_be_made_is_told() -> None:
    mapped = PlaceBench(first_places=10)
    mapped.loop.mapper.start()
    for image in ROUTE[:9]:
        mapped.show(image)
    mapped.loop.mapper._first[0].image[:] = 0  # as no image can be that came by `offer`
    mapped.show(ROUTE[9])
    mapped.settle()
    assert mapped.loop.mapper.state is Mapping.OFF
    assert "image 0: the image is black" in mapped.loop.mapper.failure
    assert len(mapped.loop.posed) == 0


def test_a_map_grows_where_it_is_told_to(saved: Path) -> None:
    flown = bench(saved, extend=True)
    more = route(20, seed=5)
    flown.map(more)
    assert len(flown.loop.posed) == N + 20
    assert places(flown.answers(again(more)))[5:].tolist() == list(range(N + 5, N + 20))


def test_a_deployed_map_does_not_grow(saved: Path, tmp_path: Path) -> None:
    PlaceRecognizer.load(saved).save(tmp_path / "flown", deployed=True)
    flown = bench(tmp_path / "flown", extend=True)
    with pytest.raises(ConfigError, match="deployed"):
        flown.loop.mapper.start()
    assert not flown.loop.mapper.on


def mapping(mapped: PlaceBench, images: Iterable[Bytes]) -> list[Answer]:
    """Show images while it maps; wait each time until all are places."""
    found = []
    for image in images:
        answer = mapped.show(image)
        assert answer is not None
        found.append(answer)
        mapped.settle()
    return found


@pytest.mark.parametrize("map_loops", [True, False])
def test_a_loop_is_told_and_only_that(map_loops: bool) -> None:
    mapped = PlaceBench(map_loops=map_loops)
    mapped.loop.mapper.start()
    found = mapping(mapped, [*ROUTE, *again(ROUTE[10:30], seed=3)])
    loops = {k: answer.loop for k, answer in enumerate(found) if answer.loop is not None}
    first = min(loops)
    assert first >= N
    assert len(loops) >= 8, "10 places must agree"
    for k, loop in loops.items():
        assert loop == (k if map_loops or k == first else -1, k - N + 10)
    assert len(mapped.loop.posed) == (N + 20 if map_loops else first + 1)


LEGS = np.r_[0:N, 10:60, N : N + 40]
"""A route that comes to itself again, goes on along it, and leaves it."""
COUNTRY = np.concatenate([ROUTE, route(40, seed=5)])


def shown_at(poses: Iterable[Pose | None]) -> list[int]:
    """What was to be seen at the poses of places, of those mapped along `LEGS`, 1 m each."""
    return [-1 if pose is None else int(LEGS[round(pose[0]) - 1]) for pose in poses]


def test_a_known_stretch_is_not_mapped_again_but_for_its_seams() -> None:
    mapped = PlaceBench().map(again(COUNTRY[LEGS], seed=3), way_m=1.0)
    shown = shown_at(mapped.loop.posed.poses.values())
    assert len(shown) == len(mapped.loop.posed)
    seams = shown[N:-40]
    assert [*shown[:N], *shown[-40:]] == [*range(N + 40)]
    assert 20 < len(seams) < 35
    assert (seams[0], seams[-1]) == (10, 59)
    found = mapped.answers(again(COUNTRY[LEGS]), way_m=1.0)
    assert (np.array(shown_at(answer.pose for answer in found)) == LEGS).mean() > 0.95


def test_a_mapping_that_ends_on_a_known_stretch_leaves_it_out() -> None:
    mapped = PlaceBench()
    mapped.loop.mapper.start()
    mapping(mapped, COUNTRY[LEGS[: N + 30]])
    assert "on a known stretch" in mapped.loop.mapper.tell()
    n = len(mapped.loop.posed)
    assert mapped.loop.mapper.stop() == f"{n} places"
    assert n < N + 15


def test_a_mapping_that_ends_just_behind_a_known_stretch_has_what_is_new(saved: Path) -> None:
    mapped = bench(saved, extend=True)
    mapped.map(COUNTRY[N - 30 : N + 12], way_m=1.0)
    assert len(mapped.loop.posed) > N + 12
    found = mapped.answers(again(COUNTRY[N : N + 12]), way_m=1.0)
    assert (places(found)[-6:] == mapped.loop.recognizer.places[-6:]).all()


def test_loops_can_be_mapped_after_all() -> None:
    mapped = PlaceBench()
    mapped.loop.mapper.start()
    mapping(mapped, COUNTRY[LEGS[: N + 30]])
    n, mapped.loop.config.map_loops = len(mapped.loop.posed), True
    mapping(mapped, COUNTRY[LEGS[N + 30 : N + 40]])
    assert len(mapped.loop.posed) == n + 9


def test_mapping_leaves_no_habit_behind() -> None:
    """What is asked later is answered, and saved, as if nothing had been looked for."""
    mapped = PlaceBench()
    mapped.loop.mapper.start()
    for image in ROUTE:
        mapped.show(image)
        mapped.settle()
    alone = PlaceRecognizer().fit(ROUTE[:50])
    assert mapped.loop.recognizer.visiting.seen != alone.visiting.seen
    with mapped.loop.mapper.as_asked() as posed:
        assert (posed.recognizer.visiting.usual == alone.visiting.usual).all()
    mapped.loop.mapper.abort()
    assert (mapped.loop.recognizer.visiting.usual == alone.visiting.usual).all()
    assert mapped.loop.recognizer.hindsight.bias == alone.hindsight.bias


def test_a_loop_in_winter_is_told_and_new_country_is_none() -> None:
    mapped = PlaceBench(first_places=100, map_loops=True)
    summer, winter = nordland(400)
    mapped.loop.mapper.start()
    loops = []
    for image in [*summer, *winter[100:150]]:
        answer = mapped.show(image)
        mapped.settle()
        assert answer is not None
        loops.append(answer.loop)
    assert not any(loops[:400])
    told = {k: loop for k, loop in enumerate(loops) if loop is not None}
    assert len(told) >= 10, "10 places must agree first"
    assert all(loop == (k, k - 300) for k, loop in told.items())


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


def test_a_map_without_poses_takes_those_of_another_away(tmp_path: Path, saved: Path) -> None:
    PosedMap.load(str(saved)).save(str(tmp_path / "map"))
    assert poses_path(tmp_path / "map.json").exists()
    PlaceBench().map(ROUTE).loop.posed.save(str(tmp_path / "map"))
    assert not poses_path(tmp_path / "map.json").exists()
    with pytest.raises(ConfigError, match="empty"):
        PosedMap.empty(0).save(str(tmp_path / "map"))
