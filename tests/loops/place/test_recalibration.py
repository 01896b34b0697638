"""Recalibration in the place loop: off, on, frozen, reset, and never while mapping."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest

from snn_control.loops.place.loop import Answer
from tests.loops.place.harness import (
    LONG_ROUTE,
    ROUTE,
    PlaceHarness,
    harness_with_map,
    query_traverse,
    save_route,
)

NOISE = np.random.default_rng(3).normal(0.0, 110.0, ROUTE.shape)
HARD = np.clip(0.5 * query_traverse(ROUTE) + NOISE, 0, 255).astype(np.uint8)
"""Query traverse with so much noise that most sequences and not all single images are correct."""


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_route(tmp_path_factory.mktemp("map"))


def probabilities(answers: list[Answer]) -> list[float]:
    return [answer.match.probability for answer in answers]


def test_off_by_default_and_on_only_for_probabilities(saved: Path) -> None:
    off = harness_with_map(saved, sequence=1)
    on = harness_with_map(saved, sequence=1, recalibrate=True)
    without, answers = off.answers(HARD, 1.0), on.answers(HARD, 1.0)
    assert off.loop.recalibration is None
    assert off.loop.recognizer.recalibration is None
    recalibration = on.loop.recalibration
    assert recalibration is not None
    assert recalibration.version > 0
    assert recalibration.n_labels >= 20
    assert probabilities(answers) != probabilities(without)
    for a, b in zip(without, answers, strict=True):
        assert (a.match.place, a.match.known, a.pose) == (b.match.place, b.match.known, b.pose)
    first = recalibration.versions[0].frame
    assert probabilities(answers)[: first - 1] == probabilities(without)[: first - 1]

    on.configure(recalibrate=False)
    for each in (on, off):
        each.loop.begin()
    again = probabilities(on.answers(HARD[:30], 1.0))
    assert again == probabilities(off.answers(HARD[:30], 1.0)), "bit for bit"
    assert on.loop.recalibration is None


def test_replay_freeze_and_reset(saved: Path) -> None:
    runs = [harness_with_map(saved, sequence=1, recalibrate=True) for _ in range(2)]
    results = [probabilities(run.answers(HARD, 1.0)) for run in runs]
    assert results[0] == results[1]
    run, duplicate = runs[0], copy.deepcopy(runs[0])
    assert duplicate.loop.recognizer.recalibration is duplicate.loop.recalibration
    recalibration = run.loop.recalibration
    assert recalibration is not None
    run.configure(recalibration_frozen=True)
    version, n = recalibration.version, recalibration.n_labels
    run.loop.begin()
    run.answers(HARD, 1.0)
    assert (recalibration.version, recalibration.n_labels) == (version, n)
    run.configure(recalibration_frozen=False)
    run.loop.begin()
    run.answers(HARD, 1.0)
    assert recalibration.n_labels > n
    run.loop.reset()
    assert run.loop.recalibration is None
    run.show(HARD[0], 1.0)
    assert run.loop.recalibration is not None
    assert run.loop.recalibration.n_labels == 0


def test_no_labels_at_unknown_distances_or_of_blank_images(saved: Path) -> None:
    lost = harness_with_map(saved, sequence=1, recalibrate=True)
    for k, image in enumerate(HARD):
        lost.show(image, 100.0 if k % 5 == 0 else 1.0)  # a jump of the odometry
    assert lost.loop.recalibration is not None
    assert lost.loop.recalibration.n_labels == 0
    blank = harness_with_map(saved, sequence=1, recalibrate=True)
    images = HARD.copy()
    images[4::5] = 0
    blank.answers(images, 1.0)
    assert blank.loop.recalibration is not None
    assert blank.loop.recalibration.n_labels == 0


def test_mapping_gives_no_labels(saved: Path) -> None:
    run = harness_with_map(saved, sequence=1, recalibrate=True, extend=True)
    run.answers(ROUTE[:60], 1.0)
    assert run.loop.recalibration is not None
    n = run.loop.recalibration.n_labels
    assert n > 0
    mapped: PlaceHarness = run.map(LONG_ROUTE[90:], 1.0)
    assert mapped.loop.recognizer.recalibration is None
    assert run.loop.recalibration.n_labels == n
