"""Loops of a mapping: when they are closed, and which stretches are not mapped again."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from snn_control.controllers.place import Match
from snn_control.controllers.place.recognizer import ENOUGH, INCOMPLETE
from snn_control.loops.place.config import PlaceNodeConfig
from snn_control.loops.place.images import Keyframe
from snn_control.loops.place.odometry import Pose
from snn_control.loops.place.revisits import Revisits
from tests.loops.place.harness import (
    COUNTRY,
    ROUTE,
    N,
    PlaceBench,
    again,
    bench,
    mapping,
    nordland,
    places,
    save_route,
)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_route(tmp_path_factory.mktemp("map"))


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


def shown_at(poses: Iterable[Pose | None]) -> list[int]:
    """Views at the poses of places mapped along `LEGS`, 1 m each."""
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
    assert "on a known stretch" in mapped.loop.mapper.progress()
    n = len(mapped.loop.posed)
    assert mapped.loop.mapper.stop() == f"calibrating {n} places"
    mapped.settle()
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
    n = len(mapped.loop.posed)
    mapped.configure(map_loops=True)
    mapping(mapped, COUNTRY[LEGS[N + 30 : N + 40]])
    assert len(mapped.loop.posed) == n + 9


def test_places_of_a_loop_are_sure_in_a_row() -> None:
    config = PlaceNodeConfig(loop_probability=0.95, loop_places=3, sequence=10, map_loops=True)
    keyframe = Keyframe(ROUTE[0], None, "")

    def closed(probabilities: list[float]) -> list[bool]:
        revisits = Revisits()
        return [
            revisits.come(keyframe, Match(k, p, True, 1.0, np.zeros(0)), 2, config)
            for k, p in enumerate(probabilities)
        ]

    assert not any(closed([0.99, *[0.9] * 9] * 5))
    assert closed([0.99, 0.99, 0.9, 0.99, 0.99, 0.99]) == [False] * 5 + [True]


def test_a_mapping_is_no_surer_of_first_spikes_than_an_answer() -> None:
    early, whole = PlaceBench(query_deadline_s=1e-9), PlaceBench()
    for mapped in (early, whole):
        mapped.loop.mapper.start()
        mapping(mapped, ROUTE)
    images = again(ROUTE[10:30], seed=3)
    pairs = [
        (a.match, b.match)
        for a, b in zip(mapping(early, images), mapping(whole, images), strict=True)
    ]
    assert {found.reason for found, _ in pairs} == {INCOMPLETE}
    assert max(full.probability for _, full in pairs) > 0.9
    for found, full in pairs:
        assert found.probability <= found.spikes / full.spikes / ENOUGH


def test_few_earlier_places_are_not_known() -> None:
    mapped = PlaceBench()
    mapped.loop.mapper.start()
    mapping(mapped, ROUTE)
    scores = np.zeros(N)
    scores[2] = 1000.0
    for n, known in ((35, False), (36, True)):  # 30 recent ones, and 2 to either side of the best
        found = mapped.loop.mapper.earlier(Match(2, 1.0, True, 1.0, scores[:n]))
        assert (found.place, found.known) == (2, known)
    found = mapped.loop.mapper.earlier(Match(2, 1.0, True, 1.0, np.zeros(N)))
    assert (found.probability, found.known) == (0.0, False)


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
