"""Mapping in flight: which images become places, what is told of it, and loops; without ROS."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from snn_control.controllers.place import PlaceRecognizer
from snn_control.controllers.place.senses import Senses
from snn_control.errors import ConfigError
from snn_control.loops.place.images import Bytes, Refusal
from snn_control.loops.place.mapping import Mapping
from snn_control.loops.place.reason import MAPPING
from tests.loops.place.harness import (
    COUNTRY,
    ROUTE,
    SECOND,
    N,
    PlaceBench,
    again,
    bench,
    mapping,
    places,
    route,
    save_route,
)

DARK = np.zeros_like(ROUTE[0])


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_route(tmp_path_factory.mktemp("map"))


def mapped_at(mapped: PlaceBench) -> list[float]:
    """Where places were mapped, x, m."""
    return [pose[0] for pose in mapped.loop.posed.poses.values()]


def test_images_become_places_by_the_way() -> None:
    mapped = PlaceBench()
    mapped.map(np.repeat(ROUTE[:30], 4, axis=0), way_m=0.25)
    assert len(mapped.loop.posed) == 30
    assert np.allclose(np.diff(mapped_at(mapped)), 1.0)


def test_the_way_of_dark_frames_counts() -> None:
    mapped = PlaceBench(first_places=10)
    mapped.map(np.array([DARK if k % 2 else image for k, image in enumerate(ROUTE[:40])]), 0.5)
    assert np.allclose(mapped_at(mapped), np.arange(0.5, 20.0))
    assert mapped.loop.mapper.spacing.gaps == 0


def test_a_dark_tunnel_is_a_gap() -> None:
    mapped = PlaceBench(first_places=10)
    mapped.map(np.array([*ROUTE[:20], *[DARK] * 20, *ROUTE[40:50]]), way_m=1.0)
    assert mapped_at(mapped) == [*range(1, 21), *range(41, 51)]
    assert mapped.loop.mapper.spacing.gaps == 1


@pytest.mark.parametrize("what", ["jump", "lost", "time restarted"])
def test_an_unknown_way_is_a_gap_and_no_place(what: str) -> None:
    mapped = PlaceBench(first_places=10)
    mapped.loop.mapper.start()
    mapping(mapped, ROUTE[:20], way_m=1.0)
    if what == "jump":
        mapped.x += 50.0
    elif what == "lost":
        mapped.now_ns += 2 * 10**9
        assert {a.mapped for a in mapping(mapped, ROUTE[20:25])} == {None}
    else:
        mapped.now_ns -= 10**10
        assert mapped.show(ROUTE[20], 49.0) is None
    first = mapped.x + 2.0
    found = mapping(mapped, ROUTE[25:45], way_m=1.0)
    assert [a.mapped for a in found] == [None, *range(20, 39)]
    assert mapped_at(mapped) == [*range(1, 21), *np.arange(first, first + 19)]
    assert mapped.loop.mapper.spacing.gaps == 1


def test_a_mapping_begins_where_the_way_is_known() -> None:
    mapped = PlaceBench(first_places=10)
    mapped.show(ROUTE[0], way_m=1.0)
    mapped.now_ns += 2 * 10**9
    mapped.loop.mapper.start()
    mapping(mapped, ROUTE[:5])
    mapping(mapped, ROUTE[5:20], way_m=1.0)
    assert mapped_at(mapped) == [*range(3, 17)]
    assert mapped.loop.mapper.spacing.gaps == 0


def test_what_a_robot_reverses_over_is_not_mapped_again() -> None:
    mapped = PlaceBench(first_places=10)
    mapped.loop.mapper.start()
    moves = [*[1.0] * 20, *[-1.0] * 5, *[1.0] * 10]
    at = np.cumsum(moves).astype(int) - 1
    for place, way_m in zip(at, moves, strict=True):
        mapped.show(ROUTE[place], way_m)
        mapped.settle()
    assert mapped_at(mapped) == [*range(1, 26)]


def test_places_further_apart_than_the_spacing_are_told(saved: Path) -> None:
    mapped = PlaceBench(first_places=10).map(ROUTE[:20], way_m=2.5)
    mapper = mapped.loop.mapper
    assert len(mapped.loop.posed) == 20
    assert mapper.spacing.gaps == 19, "as long as the map is in use"
    mapper.dropped = 3
    mapper.start()
    assert (mapper.spacing.gaps, mapper.dropped) == (0, 0)
    mapper.abort()
    mapped.map(ROUTE[:20], way_m=2.5)
    assert mapper.spacing.gaps == 19
    mapped.loop.load(str(saved))
    assert mapper.spacing.gaps == 0


def test_maps_that_are_not_saved_are_not_lost_without_a_word(saved: Path, tmp_path: Path) -> None:
    mapped = PlaceBench().map(ROUTE[:60])
    mapper = mapped.loop.mapper
    unsaved = "; a map of 60 places was not saved, and"
    assert mapper.start() == f"collecting, 0 of 50 places{unsaved} the new one replaces it"
    mapper.abort()
    mapped.configure(extend=True)
    assert mapper.start() == "growing, 60 places"
    mapper.abort()
    assert mapped.loop.load(str(saved)) == f"{N} places{unsaved} is dropped"
    assert mapped.loop.load(str(saved)) == f"{N} places"
    mapped.configure(extend=False)
    assert mapper.start() == "collecting, 0 of 50 places"


@pytest.mark.parametrize(("first_places", "n"), [(10, 30), (50, 30), (50, 60), (60, 55)])
def test_few_places_are_told(first_places: int, n: int) -> None:
    mapped = PlaceBench(first_places=first_places)
    mapped.loop.mapper.start()
    mapping(mapped, ROUTE[:n])
    few = f"; calibrated on {n} places, fewer than 50: what is not on the map may pass for known"
    assert mapped.loop.mapper.stop().endswith(few) == (n < 50)


def test_a_map_that_grows_is_calibrated_anew() -> None:
    mapped = PlaceBench(first_places=20)
    mapped.loop.mapper.start()
    mapping(mapped, ROUTE[:39])
    before = mapped.loop.recognizer.confidence
    mapping(mapped, ROUTE[39:60])
    for _ in range(500):
        mapped.loop.mapper.advance()
        if mapped.loop.recognizer.confidence is not before:
            break
        time.sleep(0.01)
    during = mapped.loop.recognizer.confidence
    assert before is not None
    assert during is not None
    assert during.n_places >= 2 * before.n_places
    mapped.loop.mapper.stop()
    mapped.settle()
    after = mapped.loop.recognizer.confidence
    assert after is not None
    assert after.n_places == len(mapped.loop.posed) - 5


def test_what_another_visit_taught_stays_while_a_map_grows(saved: Path) -> None:
    mapped = bench(saved, extend=True)
    mapped.loop.recognizer.calibrate((SECOND[:30], range(30)))
    taught = mapped.loop.recognizer.confidence
    mapped.loop.mapper.start()
    mapping(mapped, [*COUNTRY[-40:], *again(COUNTRY, seed=9)])
    mapped.loop.mapper.stop()
    mapped.settle()
    assert mapped.loop.recognizer.confidence is taught


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


@pytest.mark.parametrize("stopped", [False, True])
def test_a_map_that_cannot_be_made_is_told(stopped: bool) -> None:
    mapped = PlaceBench(first_places=10)
    mapped.loop.mapper.start()
    for image in ROUTE[:9]:
        mapped.show(image)
    mapper = mapped.loop.mapper
    mapper._first[0].image[:] = 0  # as no image can be that came by `offer`
    mapped.show(ROUTE[9])
    if stopped:
        assert mapper._fit is not None
        assert mapper._fit.done.wait(60.0)
        with pytest.raises(ConfigError, match="image 0: the image is black"):
            mapper.stop()
    mapped.settle()
    assert mapper.state is Mapping.OFF
    with pytest.raises(ConfigError, match=r"no mapping goes on: .* image 0: the image is black"):
        mapper.stop()
    assert "image 0: the image is black" in mapper.failure
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


def test_mapping_leaves_no_habit_behind() -> None:
    """What is asked later is answered, and saved, as if nothing had been looked for."""
    mapped = PlaceBench()
    mapped.loop.mapper.start()
    for image in ROUTE:
        mapped.show(image)
        mapped.settle()
    alone = PlaceRecognizer().fit(ROUTE[:50])
    assert mapped.loop.recognizer.adaptation.places != alone.adaptation.places
    with mapped.loop.mapper.for_queries() as posed:
        assert (posed.recognizer.adaptation.mean == alone.adaptation.mean).all()
    mapped.loop.mapper.abort()
    assert (mapped.loop.recognizer.adaptation.mean == alone.adaptation.mean).all()
    assert mapped.loop.recognizer.hindsight.bias == alone.hindsight.bias


def test_an_image_that_is_mapped_is_normalised_once(monkeypatch: pytest.MonkeyPatch) -> None:
    mapped = PlaceBench()
    mapped.loop.mapper.start()
    mapping(mapped, ROUTE[:60], way_m=1.0)
    shapes, normalise = [], Senses.normalise

    def counted(senses: Senses, image: Bytes) -> object:
        shapes.append(image.shape)
        return normalise(senses, image)

    monkeypatch.setattr(Senses, "normalise", counted)
    mapped.show(ROUTE[60], way_m=0.0)
    assert shapes == [(28, 28)]
