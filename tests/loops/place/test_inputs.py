"""Images from bytes, and the way from odometry, without ROS."""

from __future__ import annotations

import math
from array import array

import numpy as np
import pytest

from snn_control.coding.images import grey, resize
from snn_control.controllers.place import PlaceRecognizer
from snn_control.loops.place.images import ENCODING, LARGEST, SIZE, Refusal, keyframe_of, read_image
from snn_control.loops.place.odometry import STILL, Travel, goes_back
from snn_control.loops.place.spacing import Spacing


def packed(image: np.ndarray, padding: int = 0) -> tuple[int, array]:
    """Rows with bytes of rubbish at their ends, as a message holds them."""
    rows = image.reshape(len(image), -1)
    rubbish = np.full((len(rows), padding), 255, np.uint8)
    return rows.shape[1] + padding, array("B", np.hstack([rows, rubbish]).tobytes())


@pytest.mark.parametrize("padding", [0, 1, 7])
@pytest.mark.parametrize("encoding", ["mono8", "8UC1", "rgb8", "bgr8"])
def test_pixels_are_those_that_were_sent(encoding: str, padding: int) -> None:
    shape = (5, 7) if encoding in ("mono8", "8UC1") else (5, 7, 3)
    sent = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    step, data = packed(sent, padding)
    found = read_image(5, 7, encoding, step, data)
    assert isinstance(found, np.ndarray)
    assert (found == (sent[..., ::-1] if encoding == "bgr8" else sent)).all()


@pytest.mark.parametrize("encoding", ["mono8", "bgr8"])
def test_what_is_kept_is_the_small_grey_image(encoding: str) -> None:
    shape = (60, 80) if encoding == "mono8" else (60, 80, 3)
    sent = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    step, data = packed(sent, padding=1)
    image = read_image(60, 80, encoding, step, data)
    kept = keyframe_of(image, PlaceRecognizer(), None, "").image
    assert (kept == resize(grey(image), 28, 28)).all()


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("mono16", "more than 8 bits"),
        ("16UC1", "more than 8 bits"),
        ("32FC1", "more than 8 bits"),
        ("bayer_rggb8", "raw"),
        ("8UC3", "which colours"),
        ("rgba8", "expected mono8, 8UC1, rgb8, bgr8"),
        ("MONO8", "expected mono8"),
        ("", "expected mono8"),
    ],
)
def test_other_encodings_are_refused_with_a_remedy(encoding: str, said: str) -> None:
    found = read_image(4, 4, encoding, 64, bytes(256))
    assert isinstance(found, Refusal)
    assert found.kind == ENCODING
    assert said in found.message


@pytest.mark.parametrize(
    ("height", "width", "step", "n", "said"),
    [
        (0, 4, 4, 0, "at least one"),
        (4, 0, 4, 16, "at least one"),
        (4, 4, 3, 12, "need 4"),
        (4, 4, 4, 15, "15 bytes of data"),
        (4, 4, 4, 17, "17 bytes of data"),
        (4, 4, 4, 0, "0 bytes of data"),
        (2**20, 4, 2**20, 16, f"at most {LARGEST}"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(
    height: int, width: int, step: int, n: int, said: str
) -> None:
    found = read_image(height, width, "mono8", step, bytes(n))
    assert isinstance(found, Refusal)
    assert found.kind == SIZE
    assert said in found.message


def moved(travel: Travel, *positions: tuple[float, float, float], now_s: float = 1.0) -> None:
    for position in positions:
        travel.take(position, (0, 0, 0, 2.0), "odom", now_s)


def test_the_way_between_images_is_counted_in_places() -> None:
    travel = Travel(2.0, 10.0, 1.0)
    assert travel.since_image(1.0) is None
    moved(travel, (0, 0, 0), (3, 4, 0), (3, 0, 0))
    assert travel.since_image(1.0) == 4.5
    assert travel.since_image(1.0) == 0.0
    assert travel.way_m == 9.0
    assert travel.pose == (3, 0, 0, 0, 0, 0, 1)


def test_noise_of_a_robot_that_stands_is_no_way() -> None:
    travel, rng = Travel(1.0, 10.0, 1.0), np.random.default_rng(0)
    for _ in range(1000):
        moved(travel, tuple(rng.uniform(-0.25, 0.25, 3) * STILL))  # type: ignore[arg-type]
    assert travel.since_image(1.0) == 0.0


def test_slow_movement_adds_up() -> None:
    travel = Travel(1.0, 10.0, 1.0)
    moved(travel, *((0.001 * k, 0.0, 0.0) for k in range(1001)))
    way = travel.since_image(1.0)
    assert way is not None
    assert abs(way - 1.0) < STILL


STRAIGHT, LEFT, BACK = (0, 0, 0, 1), (0, 0, math.sqrt(0.5), math.sqrt(0.5)), (0, 0, 1, 0)
"""Headings: along x, along y, against x."""
NOT_TOLD = (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("moved", "turn", "velocity", "back"),
    [
        ((-1, 0, 0), STRAIGHT, (-0.5, 0, 0), True),
        ((1, 0, 0), STRAIGHT, (0.5, 0, 0), False),
        ((-1, 0, 0), BACK, (0.5, 0, 0), False),
        ((0, -1, 0), LEFT, (-0.5, 0, 0), True),
        ((0, -1, 0), LEFT, NOT_TOLD, True),
        ((0, -1, 0), LEFT, (math.nan, 0, 0), True),
        ((0, 1, 0), LEFT, NOT_TOLD, False),
        ((0, -1, 0), (0, 0, -3, -3), NOT_TOLD, True),
        ((-1, 0, 0), STRAIGHT, NOT_TOLD, False),
        ((-1, 0, 0), STRAIGHT, (0.5, 0, 0), False),
        ((1, 0, 0), BACK, (0.5, 0, 0), False),
        ((0, -1, 0), STRAIGHT, (0, -0.5, 0), False),
        ((-1, 0, 0), LEFT, (0, 0.5, 0), False),
        ((-0.1, 0, -1), STRAIGHT, (-0.05, 0, -0.5), False),
        ((-0.8, 0.6, 0), STRAIGHT, (-0.4, 0.3, 0), True),
        ((0, 0, -1), (0, -math.sqrt(0.5), 0, math.sqrt(0.5)), (-0.5, 0, 0), True),
    ],
    ids=[
        "backwards", "forwards", "turned round", "backwards along y", "no twist",
        "twist of no number", "forwards without a twist", "quaternion of length 4.2",
        "neither is told", "no orientation", "twist in another frame", "sideways",
        "sideways, turned", "down", "backwards in a curve", "backwards, nose up",
    ],
)  # fmt: skip
def test_what_goes_backwards(
    moved: tuple[float, ...], turn: tuple[float, ...], velocity: tuple[float, ...], back: bool
) -> None:
    assert goes_back(moved, turn, velocity) is back


@pytest.mark.parametrize(
    ("reverse", "expected"), [(True, [2.0, -1.5, 1.0]), (False, [2.0, 1.5, 2.0])]
)
def test_backwards_is_taken_off_the_way(reverse: bool, expected: list[float]) -> None:
    travel, found = Travel(2.0, 10.0, 1.0, reverse), []
    for y in ((0, 2, 4), (2, 1), (0, 3)):
        for to in y:
            speed = (0.0, -1.0)[travel.pose is not None and to < travel.pose[1]]
            travel.take((5, to, 0), LEFT, "odom", 1.0, (speed, 0, 0))
        found.append(travel.since_image(1.0))
    assert found == expected
    assert (travel.way_m, travel.back_m) == (11.0, 4.0 if reverse else 0.0)


def test_what_cannot_be_used_changes_nothing() -> None:
    travel = Travel(1.0, 10.0, 1.0)
    moved(travel, (0, 0, 0), (1, 0, 0))
    assert not travel.take((math.nan, 0, 0), (0, 0, 0, 1), "odom", 1.0)
    assert not travel.take((0, 0, 0), (0, 0, 0, 0), "odom", 1.0)
    assert travel.refused == 2
    assert travel.since_image(1.0) == 1.0


def test_after_a_jump_or_a_gap_the_way_is_unknown_once() -> None:
    travel = Travel(1.0, 10.0, 1.0)
    moved(travel, (0, 0, 0), (100, 0, 0), (101, 0, 0))
    assert travel.jumps == 1
    assert travel.since_image(1.0) is None
    moved(travel, (102, 0, 0))
    assert travel.since_image(1.0) == 1.0
    assert travel.since_image(2.5) is None, "it is lost"
    moved(travel, (105, 0, 0), now_s=3.0)
    assert travel.since_image(3.0) is None, "where it went meanwhile is not known"
    moved(travel, (106, 0, 0), now_s=3.0)
    assert travel.since_image(3.0) == 1.0


@pytest.mark.parametrize(
    ("ways", "places", "gaps"),
    [
        ([0.0, 0.75, 0.75, 0.5, 0.25], [0, 2, 3], 0),
        ([0.0, 1.75, 0.25, 2.0], [0, 1, 2, 3], 1),
        ([7.0, 1.0], [0, 1], 0),
        ([None, None, 0.0, 1.0], [2, 3], 0),
        ([0.0, 0.5, None, None, 0.5, 1.0], [0, 4, 5], 1),
        ([0.0, None, 0.0, None, 0.0], [0], 0),
        ([0.0, -5.0, None, 1.0], [0, 3], 1),
    ],
    ids=[
        "the rest counts", "too far", "the first is none too far", "unknown at first", "unknown",
        "unknown while it stands", "unknown while it reverses",
    ],
)  # fmt: skip
def test_where_places_are_due(ways: list[float | None], places: list[int], gaps: int) -> None:
    spacing, found = Spacing(), []
    for k, way in enumerate(ways):
        spacing.move(way)
        if way is not None and spacing.due():
            found.append(k)
    assert (found, spacing.gaps) == (places, gaps)
