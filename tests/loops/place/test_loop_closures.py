"""Loop closures during mapping, and known stretches that are not mapped again."""

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
    LONG_ROUTE,
    ROUTE,
    N,
    PlaceHarness,
    harness_with_map,
    map_images,
    nordland,
    places,
    query_traverse,
    save_route,
)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_route(tmp_path_factory.mktemp("map"))


@pytest.mark.parametrize("map_loops", [True, False])
def test_only_true_loops_are_reported(map_loops: bool) -> None:
    mapped = PlaceHarness(map_loops=map_loops)
    mapped.loop.mapper.start()
    answers = map_images(mapped, [*ROUTE, *query_traverse(ROUTE[10:30], seed=3)])
    loops = {k: answer.loop for k, answer in enumerate(answers) if answer.loop is not None}
    first = min(loops)
    assert first >= N
    assert len(loops) >= 8, "10 places must agree"
    for k, loop in loops.items():
        assert loop == (k if map_loops or k == first else -1, k - N + 10)
    assert len(mapped.loop.posed) == (N + 20 if map_loops else first + 1)


LEGS = np.r_[0:N, 10:60, N : N + 40]
"""Route that returns to itself, follows its first pass, and departs from it."""


def shown_at(poses: Iterable[Pose | None]) -> list[int]:
    """Return the indices of the images at poses along `LEGS`, 1 m each; -1 without a pose."""
    return [-1 if pose is None else int(LEGS[round(pose[0]) - 1]) for pose in poses]


def test_known_stretches_are_mapped_again_only_at_their_ends() -> None:
    mapped = PlaceHarness().map(query_traverse(LONG_ROUTE[LEGS], seed=3), distance_m=1.0)
    shown = shown_at(mapped.loop.posed.poses.values())
    assert len(shown) == len(mapped.loop.posed)
    seams = shown[N:-40]
    assert [*shown[:N], *shown[-40:]] == [*range(N + 40)]
    assert 20 < len(seams) < 35
    assert (seams[0], seams[-1]) == (10, 59)
    answers = mapped.answers(query_traverse(LONG_ROUTE[LEGS]), distance_m=1.0)
    assert (np.array(shown_at(answer.pose for answer in answers)) == LEGS).mean() > 0.95


def test_mapping_stopped_on_a_known_stretch_omits_it() -> None:
    mapped = PlaceHarness()
    mapped.loop.mapper.start()
    map_images(mapped, LONG_ROUTE[LEGS[: N + 30]])
    assert "on a known stretch" in mapped.loop.mapper.progress()
    n = len(mapped.loop.posed)
    assert mapped.loop.mapper.stop() == f"calibrating {n} places"
    mapped.settle()
    assert n < N + 15


def test_mapping_stopped_after_a_known_stretch_has_new_places(saved: Path) -> None:
    mapped = harness_with_map(saved, extend=True)
    mapped.map(LONG_ROUTE[N - 30 : N + 12], distance_m=1.0)
    assert len(mapped.loop.posed) > N + 12
    answers = mapped.answers(query_traverse(LONG_ROUTE[N : N + 12]), distance_m=1.0)
    assert (places(answers)[-6:] == mapped.loop.recognizer.places[-6:]).all()


def test_map_loops_can_be_enabled_while_mapping() -> None:
    mapped = PlaceHarness()
    mapped.loop.mapper.start()
    map_images(mapped, LONG_ROUTE[LEGS[: N + 30]])
    n = len(mapped.loop.posed)
    mapped.configure(map_loops=True)
    map_images(mapped, LONG_ROUTE[LEGS[N + 30 : N + 40]])
    assert len(mapped.loop.posed) == n + 9


def test_loop_needs_consecutive_probable_places() -> None:
    config = PlaceNodeConfig(loop_probability=0.95, loop_places=3, sequence=10, map_loops=True)
    keyframe = Keyframe(ROUTE[0], None, "")

    def closed(probabilities: list[float]) -> list[bool]:
        revisits = Revisits()
        return [
            revisits.update(keyframe, Match(k, p, True, 1.0, np.zeros(0)), 2, config)
            for k, p in enumerate(probabilities)
        ]

    assert not any(closed([0.99, *[0.9] * 9] * 5))
    assert closed([0.99, 0.99, 0.9, 0.99, 0.99, 0.99]) == [False] * 5 + [True]


def test_incomplete_matches_have_reduced_probability() -> None:
    early, whole = PlaceHarness(query_deadline_s=1e-9), PlaceHarness()
    for mapped in (early, whole):
        mapped.loop.mapper.start()
        map_images(mapped, ROUTE)
    images = query_traverse(ROUTE[10:30], seed=3)
    pairs = [
        (a.match, b.match)
        for a, b in zip(map_images(early, images), map_images(whole, images), strict=True)
    ]
    assert {cut.reason for cut, _ in pairs} == {INCOMPLETE}
    assert max(full.probability for _, full in pairs) > 0.9
    for cut, full in pairs:
        assert cut.probability <= cut.spikes / full.spikes / ENOUGH


def test_too_few_earlier_places_are_unknown() -> None:
    mapped = PlaceHarness()
    mapped.loop.mapper.start()
    map_images(mapped, ROUTE)
    scores = np.zeros(N)
    scores[2] = 1000.0
    for n, known in ((35, False), (36, True)):  # 30 recent ones, and 2 to either side of the best
        match = mapped.loop.mapper.earlier(Match(2, 1.0, True, 1.0, scores[:n]))
        assert (match.place, match.known) == (2, known)
    match = mapped.loop.mapper.earlier(Match(2, 1.0, True, 1.0, np.zeros(N)))
    assert (match.probability, match.known) == (0.0, False)


def test_loop_in_another_season_is_reported() -> None:
    mapped = PlaceHarness(first_places=100, map_loops=True)
    summer, winter = nordland(400)
    mapped.loop.mapper.start()
    loops = []
    for image in [*summer, *winter[100:150]]:
        answer = mapped.show(image)
        mapped.settle()
        assert answer is not None
        loops.append(answer.loop)
    assert not any(loops[:400])
    closures = {k: loop for k, loop in enumerate(loops) if loop is not None}
    assert len(closures) >= 10, "10 places must agree first"
    assert all(loop == (k, k - 300) for k, loop in closures.items())
