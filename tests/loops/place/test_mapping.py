"""Mapping in operation: choice of the mapped images, growth, failures and reports."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from snn_control.controllers.place import PlaceRecognizer
from snn_control.controllers.place.image_encoder import ImageEncoder
from snn_control.errors import ConfigError
from snn_control.loops.place.images import Bytes, Refusal
from snn_control.loops.place.mapping import Mapping
from snn_control.loops.place.reason import MAPPING
from tests.loops.place.harness import (
    LONG_ROUTE,
    ROUTE,
    SECOND,
    N,
    PlaceHarness,
    harness_with_map,
    map_images,
    places,
    query_traverse,
    route,
    save_route,
)

DARK = np.zeros_like(ROUTE[0])


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_route(tmp_path_factory.mktemp("map"))


def mapped_at(mapped: PlaceHarness) -> list[float]:
    """Positions of the mapped places, x, m."""
    return [pose[0] for pose in mapped.loop.posed.poses.values()]


def test_images_are_mapped_by_distance() -> None:
    mapped = PlaceHarness()
    mapped.map(np.repeat(ROUTE[:30], 4, axis=0), distance_m=0.25)
    assert len(mapped.loop.posed) == 30
    assert np.allclose(np.diff(mapped_at(mapped)), 1.0)


def test_distance_over_dark_frames_counts() -> None:
    mapped = PlaceHarness(first_places=10)
    mapped.map(np.array([DARK if k % 2 else image for k, image in enumerate(ROUTE[:40])]), 0.5)
    assert np.allclose(mapped_at(mapped), np.arange(0.5, 20.0))
    assert mapped.loop.mapper.spacing.gaps == 0


def test_a_dark_tunnel_is_a_gap() -> None:
    mapped = PlaceHarness(first_places=10)
    mapped.map(np.array([*ROUTE[:20], *[DARK] * 20, *ROUTE[40:50]]), distance_m=1.0)
    assert mapped_at(mapped) == [*range(1, 21), *range(41, 51)]
    assert mapped.loop.mapper.spacing.gaps == 1


@pytest.mark.parametrize("what", ["jump", "lost", "time restarted"])
def test_unknown_distance_is_a_gap_without_a_place(what: str) -> None:
    mapped = PlaceHarness(first_places=10)
    mapped.loop.mapper.start()
    map_images(mapped, ROUTE[:20], distance_m=1.0)
    if what == "jump":
        mapped.x += 50.0
    elif what == "lost":
        mapped.now_ns += 2 * 10**9
        assert {a.mapped for a in map_images(mapped, ROUTE[20:25])} == {None}
    else:
        mapped.now_ns -= 10**10
        assert mapped.show(ROUTE[20], 49.0) is None
    first = mapped.x + 2.0
    answers = map_images(mapped, ROUTE[25:45], distance_m=1.0)
    assert [a.mapped for a in answers] == [None, *range(20, 39)]
    assert mapped_at(mapped) == [*range(1, 21), *np.arange(first, first + 19)]
    assert mapped.loop.mapper.spacing.gaps == 1


def test_mapping_begins_at_a_known_distance() -> None:
    mapped = PlaceHarness(first_places=10)
    mapped.show(ROUTE[0], distance_m=1.0)
    mapped.now_ns += 2 * 10**9
    mapped.loop.mapper.start()
    map_images(mapped, ROUTE[:5])
    map_images(mapped, ROUTE[5:20], distance_m=1.0)
    assert mapped_at(mapped) == [*range(3, 17)]
    assert mapped.loop.mapper.spacing.gaps == 0


def test_reversed_stretches_are_not_mapped_again() -> None:
    mapped = PlaceHarness(first_places=10)
    mapped.loop.mapper.start()
    moves = [*[1.0] * 20, *[-1.0] * 5, *[1.0] * 10]
    at = np.cumsum(moves).astype(int) - 1
    for place, distance_m in zip(at, moves, strict=True):
        mapped.show(ROUTE[place], distance_m)
        mapped.settle()
    assert mapped_at(mapped) == [*range(1, 26)]


def test_places_further_apart_than_the_spacing_are_counted(saved: Path) -> None:
    mapped = PlaceHarness(first_places=10).map(ROUTE[:20], distance_m=2.5)
    mapper = mapped.loop.mapper
    assert len(mapped.loop.posed) == 20
    assert mapper.spacing.gaps == 19, "kept as long as the map is in use"
    mapper.dropped = 3
    mapper.start()
    assert (mapper.spacing.gaps, mapper.dropped) == (0, 0)
    mapper.abort()
    mapped.map(ROUTE[:20], distance_m=2.5)
    assert mapper.spacing.gaps == 19
    mapped.loop.load(str(saved))
    assert mapper.spacing.gaps == 0


def test_dropping_an_unsaved_map_is_reported(saved: Path, tmp_path: Path) -> None:
    mapped = PlaceHarness().map(ROUTE[:60])
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
def test_few_places_are_reported(first_places: int, n: int) -> None:
    mapped = PlaceHarness(first_places=first_places)
    mapped.loop.mapper.start()
    map_images(mapped, ROUTE[:n])
    few = f"; calibrated on {n} places, fewer than 50: unknown places may be classified as known"
    assert mapped.loop.mapper.stop().endswith(few) == (n < 50)


def test_growing_map_is_recalibrated() -> None:
    mapped = PlaceHarness(first_places=20)
    mapped.loop.mapper.start()
    map_images(mapped, ROUTE[:39])
    before = mapped.loop.recognizer.confidence
    map_images(mapped, ROUTE[39:60])
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


def test_calibration_on_queries_is_kept_while_a_map_grows(saved: Path) -> None:
    mapped = harness_with_map(saved, extend=True)
    mapped.loop.recognizer.calibrate((SECOND[:30], range(30)))
    calibrated = mapped.loop.recognizer.confidence
    mapped.loop.mapper.start()
    map_images(mapped, [*LONG_ROUTE[-40:], *query_traverse(LONG_ROUTE, seed=9)])
    mapped.loop.mapper.stop()
    mapped.settle()
    assert mapped.loop.recognizer.confidence is calibrated


def test_dark_and_refused_frames_are_not_mapped() -> None:
    mapped = PlaceHarness(first_places=10)
    mapped.loop.mapper.start()
    for k, image in enumerate(ROUTE[:40]):
        mapped.show(image if k % 4 else np.zeros_like(image))
        mapped.show(Refusal("size", "too short"))
        mapped.settle()
    assert len(mapped.loop.posed) == 30


def test_old_map_is_used_until_the_new_one_is_fitted(saved: Path) -> None:
    harness = harness_with_map(saved)
    harness.loop.mapper.start()
    answer = harness.show(SECOND[0])
    assert answer is not None
    assert answer.match.reason == MAPPING
    with pytest.raises(ConfigError, match="1 places; a map needs at least 10"):
        harness.loop.mapper.stop()
    assert len(harness.loop.posed) == N
    assert places(harness.answers(SECOND[:5])).tolist() == [0, 1, 2, 3, 4]


def test_images_queued_during_the_fit_are_mapped() -> None:
    mapped = PlaceHarness(first_places=20)
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
def test_failed_fits_are_reported(stopped: bool) -> None:
    mapped = PlaceHarness(first_places=10)
    mapped.loop.mapper.start()
    for image in ROUTE[:9]:
        mapped.show(image)
    mapper = mapped.loop.mapper
    mapper._first[0].image[:] = 0  # bypasses the check of `offer`
    mapped.show(ROUTE[9])
    if stopped:
        assert mapper._fit is not None
        assert mapper._fit.done.wait(60.0)
        with pytest.raises(ConfigError, match="image 0: the image is black"):
            mapper.stop()
    mapped.settle()
    assert mapper.state is Mapping.OFF
    with pytest.raises(
        ConfigError, match=r"mapping is not running: .* image 0: the image is black"
    ):
        mapper.stop()
    assert "image 0: the image is black" in mapper.failure
    assert len(mapped.loop.posed) == 0


def test_extend_grows_the_map_in_use(saved: Path) -> None:
    harness = harness_with_map(saved, extend=True)
    more = route(20, seed=5)
    harness.map(more)
    assert len(harness.loop.posed) == N + 20
    assert places(harness.answers(query_traverse(more)))[5:].tolist() == list(range(N + 5, N + 20))


def test_deployed_maps_cannot_grow(saved: Path, tmp_path: Path) -> None:
    PlaceRecognizer.load(saved).save(tmp_path / "deployed", deployed=True)
    harness = harness_with_map(tmp_path / "deployed", extend=True)
    with pytest.raises(ConfigError, match="deployed"):
        harness.loop.mapper.start()
    assert not harness.loop.mapper.on


def test_mapping_restores_the_state_for_queries() -> None:
    """Adaptation and bias after mapping, and in saved maps, equal those after `fit` alone."""
    mapped = PlaceHarness()
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


def test_mapped_images_are_normalised_once(monkeypatch: pytest.MonkeyPatch) -> None:
    mapped = PlaceHarness()
    mapped.loop.mapper.start()
    map_images(mapped, ROUTE[:60], distance_m=1.0)
    shapes, normalise = [], ImageEncoder.normalise

    def counted(encoder: ImageEncoder, image: Bytes) -> object:
        shapes.append(image.shape)
        return normalise(encoder, image)

    monkeypatch.setattr(ImageEncoder, "normalise", counted)
    mapped.show(ROUTE[60], distance_m=0.0)
    assert shapes == [(28, 28)]
