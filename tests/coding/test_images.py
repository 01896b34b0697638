"""Images, against results by hand and the definition of bilinear interpolation."""

from __future__ import annotations

import numpy as np
import pytest

from snn_control.coding.images import grey, resize
from snn_control.errors import ObservationError, ParameterError


def test_grey_is_luminance_and_keeps_grey_images() -> None:
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [10, 10, 10]]], np.uint8)
    assert grey(colours).tolist() == [[76, 150, 29, 10]]
    image = np.arange(6, dtype=np.uint8).reshape(2, 3)
    assert grey(image) is image


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((4, 4)), "float64"),
        (np.zeros((4, 4), np.uint16), "uint16"),
        (np.zeros((4, 4, 4), np.uint8), "shape"),
        (np.zeros(4, np.uint8), "shape"),
        (np.zeros((0, 4), np.uint8), "shape"),
        (None, "object"),
    ],
)
def test_invalid_images_are_refused(image: object, message: str) -> None:
    with pytest.raises(ObservationError, match=message):
        grey(image)


def test_resizing_is_bilinear_between_pixel_centres() -> None:
    image = np.array([[0, 100], [200, 60]], np.uint8)
    assert resize(image, 2, 2) is image
    assert resize(image, 1, 1).tolist() == [[90]]
    wide = resize(image, 2, 4)
    assert wide.tolist() == [[0, 25, 75, 100], [200, 165, 95, 60]]
    with pytest.raises(ParameterError, match="0 x 3"):
        resize(image, 0, 3)


def test_colour_is_converted_before_resizing() -> None:
    colours = np.random.default_rng(0).integers(0, 256, (30, 50, 3)).astype(np.uint8)
    np.testing.assert_array_equal(resize(colours, 28, 28), resize(grey(colours), 28, 28))
    flipped = colours[:, ::-1]
    np.testing.assert_array_equal(
        resize(flipped, 9, 7), resize(np.ascontiguousarray(flipped), 9, 7)
    )


def test_a_plane_stays_a_plane() -> None:
    y, x = np.mgrid[0:32, 0:64]
    plane = (3.0 * y + 2.0 * x).astype(np.uint8)
    result = resize(plane, 28, 28).astype(float)
    at_y, at_x = (np.arange(28) + 0.5) * 32 / 28 - 0.5, (np.arange(28) + 0.5) * 64 / 28 - 0.5
    inside = np.s_[1:-1, 1:-1]
    expected = 3.0 * at_y[:, None] + 2.0 * at_x[None]
    assert np.abs(result - expected)[inside].max() <= 0.5 + 1e-9
