"""Images from bytes, and distances from odometry, without ROS."""

from __future__ import annotations

import math
from array import array

import numpy as np
import pytest

from snn_control.coding.images import grey, resize
from snn_control.controllers.place import PlaceRecognizer
from snn_control.loops.place.images import ENCODING, LARGEST, SIZE, Refusal, keyframe_of, read_image
from snn_control.loops.place.odometry import STILL, Travel, moves_backward
from snn_control.loops.place.spacing import Spacing


def packed(image: np.ndarray, padding: int = 0) -> tuple[int, array]:
    """Return step and data of an image message, with padding bytes of 255."""
    rows = image.reshape(len(image), -1)
    filler = np.full((len(rows), padding), 255, np.uint8)
    return rows.shape[1] + padding, array("B", np.hstack([rows, filler]).tobytes())


@pytest.mark.parametrize("padding", [0, 1, 7])
@pytest.mark.parametrize("encoding", ["mono8", "8UC1", "rgb8", "bgr8"])
def test_pixels_are_read_unchanged(encoding: str, padding: int) -> None:
    shape = (5, 7) if encoding in ("mono8", "8UC1") else (5, 7, 3)
    sent = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    step, data = packed(sent, padding)
    result = read_image(5, 7, encoding, step, data)
    assert isinstance(result, np.ndarray)
    assert (result == (sent[..., ::-1] if encoding == "bgr8" else sent)).all()


@pytest.mark.parametrize("encoding", ["mono8", "bgr8"])
def test_keyframe_is_the_downsampled_grey_image(encoding: str) -> None:
    shape = (60, 80) if encoding == "mono8" else (60, 80, 3)
    sent = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    step, data = packed(sent, padding=1)
    image = read_image(60, 80, encoding, step, data)
    stored = keyframe_of(image, PlaceRecognizer(), None, "").image
    assert (stored == resize(grey(image), 28, 28)).all()


@pytest.mark.parametrize(
    ("encoding", "message"),
    [
        ("mono16", "more than 8 bits"),
        ("16UC1", "more than 8 bits"),
        ("32FC1", "more than 8 bits"),
        ("bayer_rggb8", "raw"),
        ("8UC3", "order of colours"),
        ("rgba8", "expected mono8, 8UC1, rgb8, bgr8"),
        ("MONO8", "expected mono8"),
        ("", "expected mono8"),
    ],
)
def test_other_encodings_are_refused_with_a_remedy(encoding: str, message: str) -> None:
    result = read_image(4, 4, encoding, 64, bytes(256))
    assert isinstance(result, Refusal)
    assert result.kind == ENCODING
    assert message in result.message


@pytest.mark.parametrize(
    ("height", "width", "step", "n", "message"),
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
def test_inconsistent_sizes_are_refused(
    height: int, width: int, step: int, n: int, message: str
) -> None:
    result = read_image(height, width, "mono8", step, bytes(n))
    assert isinstance(result, Refusal)
    assert result.kind == SIZE
    assert message in result.message


def moved(travel: Travel, *positions: tuple[float, float, float], now_s: float = 1.0) -> None:
    for position in positions:
        travel.take(position, (0, 0, 0, 2.0), "odom", now_s)


def test_distance_between_images_is_in_places() -> None:
    travel = Travel(2.0, 10.0, 1.0)
    assert travel.since_image(1.0) is None
    moved(travel, (0, 0, 0), (3, 4, 0), (3, 0, 0))
    assert travel.since_image(1.0) == 4.5
    assert travel.since_image(1.0) == 0.0
    assert travel.distance_m == 9.0
    assert travel.pose == (3, 0, 0, 0, 0, 0, 1)


def test_noise_at_standstill_is_no_distance() -> None:
    travel, rng = Travel(1.0, 10.0, 1.0), np.random.default_rng(0)
    for _ in range(1000):
        moved(travel, tuple(rng.uniform(-0.25, 0.25, 3) * STILL))  # type: ignore[arg-type]
    assert travel.since_image(1.0) == 0.0


def test_slow_movement_adds_up() -> None:
    travel = Travel(1.0, 10.0, 1.0)
    moved(travel, *((0.001 * k, 0.0, 0.0) for k in range(1001)))
    distance = travel.since_image(1.0)
    assert distance is not None
    assert abs(distance - 1.0) < STILL


STRAIGHT, LEFT, BACK = (0, 0, 0, 1), (0, 0, math.sqrt(0.5), math.sqrt(0.5)), (0, 0, 1, 0)
"""Headings: along x, along y, against x."""
UNSET = (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("moved", "turn", "velocity", "back"),
    [
        ((-1, 0, 0), STRAIGHT, (-0.5, 0, 0), True),
        ((1, 0, 0), STRAIGHT, (0.5, 0, 0), False),
        ((-1, 0, 0), BACK, (0.5, 0, 0), False),
        ((0, -1, 0), LEFT, (-0.5, 0, 0), True),
        ((0, -1, 0), LEFT, UNSET, True),
        ((0, -1, 0), LEFT, (math.nan, 0, 0), True),
        ((0, 1, 0), LEFT, UNSET, False),
        ((0, -1, 0), (0, 0, -3, -3), UNSET, True),
        ((-1, 0, 0), STRAIGHT, UNSET, False),
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
        "neither is set", "no orientation", "twist in another frame", "sideways",
        "sideways, turned", "down", "backwards in a curve", "backwards, nose up",
    ],
)  # fmt: skip
def test_backward_movements_are_detected(
    moved: tuple[float, ...], turn: tuple[float, ...], velocity: tuple[float, ...], back: bool
) -> None:
    assert moves_backward(moved, turn, velocity) is back


@pytest.mark.parametrize(
    ("reverse", "expected"), [(True, [2.0, -1.5, 1.0]), (False, [2.0, 1.5, 2.0])]
)
def test_backward_movement_is_subtracted(reverse: bool, expected: list[float]) -> None:
    travel, distances = Travel(2.0, 10.0, 1.0, reverse), []
    for y in ((0, 2, 4), (2, 1), (0, 3)):
        for to in y:
            speed = (0.0, -1.0)[travel.pose is not None and to < travel.pose[1]]
            travel.take((5, to, 0), LEFT, "odom", 1.0, (speed, 0, 0))
        distances.append(travel.since_image(1.0))
    assert distances == expected
    assert (travel.distance_m, travel.backward_m) == (11.0, 4.0 if reverse else 0.0)


def test_unusable_odometry_changes_nothing() -> None:
    travel = Travel(1.0, 10.0, 1.0)
    moved(travel, (0, 0, 0), (1, 0, 0))
    assert not travel.take((math.nan, 0, 0), (0, 0, 0, 1), "odom", 1.0)
    assert not travel.take((0, 0, 0), (0, 0, 0, 0), "odom", 1.0)
    assert travel.refused == 2
    assert travel.since_image(1.0) == 1.0


def test_distance_is_unknown_once_after_a_jump_or_gap() -> None:
    travel = Travel(1.0, 10.0, 1.0)
    moved(travel, (0, 0, 0), (100, 0, 0), (101, 0, 0))
    assert travel.jumps == 1
    assert travel.since_image(1.0) is None
    moved(travel, (102, 0, 0))
    assert travel.since_image(1.0) == 1.0
    assert travel.since_image(2.5) is None, "odometry is stale"
    moved(travel, (105, 0, 0), now_s=3.0)
    assert travel.since_image(3.0) is None, "the movement during the gap is unknown"
    moved(travel, (106, 0, 0), now_s=3.0)
    assert travel.since_image(3.0) == 1.0


@pytest.mark.parametrize(
    ("distances", "places", "gaps"),
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
        "remainder counts", "too far", "first is never too far", "unknown at first", "unknown",
        "unknown at standstill", "unknown while reversing",
    ],
)  # fmt: skip
def test_places_are_due_at_the_spacing(
    distances: list[float | None], places: list[int], gaps: int
) -> None:
    spacing, due = Spacing(), []
    for k, distance in enumerate(distances):
        spacing.move(distance)
        if distance is not None and spacing.due():
            due.append(k)
    assert (due, spacing.gaps) == (places, gaps)
