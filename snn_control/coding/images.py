"""Images: checks, conversion to grey levels, resizing."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.compiled import kernel
from snn_control.errors import ObservationError, ParameterError

__all__ = ["Bytes", "checked", "grey", "resize"]

Bytes = npt.NDArray[np.uint8]

_RED, _GREEN, _BLUE = 0.299, 0.587, 0.114
"""Luminance weights (Rec. 601)."""


def checked(image: Any) -> Bytes:
    """Return an image as an array, without conversion.

    Args:
        image: uint8, shape (h, w) grey or (h, w, 3) red, green, blue.

    Raises:
        ObservationError: a wrong shape or type, or no pixels.
    """
    try:
        array = np.asarray(image)
    except ValueError as exc:  # ragged rows
        raise ObservationError(f"image of rows with different lengths: {exc}") from exc
    if array.dtype != np.uint8:
        raise ObservationError(f"image of {array.dtype}; expected uint8, 0 to 255")
    if array.ndim not in (2, 3) or not array.size or (array.ndim == 3 and array.shape[2] != 3):
        raise ObservationError(
            f"image of shape {np.shape(image)}; expected (h, w) grey or (h, w, 3) red, green, blue"
        )
    return array


def grey(image: Any) -> Bytes:
    """Return an image in grey levels, uint8, shape (h, w).

    Args:
        image: see `checked`.

    Raises:
        ObservationError: a wrong shape or type, or no pixels.
    """
    array = checked(image)
    return array if array.ndim == 2 else resize(array, *array.shape[:2])


def resize(image: Bytes, height: int, width: int) -> Bytes:
    """Return an image in grey levels and another size, bilinear between pixel centres, rounded.

    Downsampling does not average over skipped pixels. Before patch normalisation this preserves
    more of the differences between places than averaging, and the cost is independent of the size.

    Args:
        image: result of `checked`, shape (h, w) or (h, w, 3).
        height: height of the result, at least 1 pixel.
        width: width of the result, at least 1 pixel.
    """
    if height < 1 or width < 1:
        raise ParameterError(f"size {height} x {width}; expected at least 1 x 1")
    if image.shape == (height, width):
        return image
    resized = np.empty((height, width), np.uint8)
    if image.ndim == 2:
        image = image[:, :, None]
    _resize(image, resized)
    return resized


@kernel(inline="always")
def _grey(image: Any, y: int, x: int) -> float:
    """Return the rounded luminance of a pixel; images of one channel are grey already."""
    if image.shape[2] == 1:
        return float(image[y, x, 0])
    red, green, blue = image[y, x, 0], image[y, x, 1], image[y, x, 2]
    return np.floor(_RED * red + _GREEN * green + _BLUE * blue + 0.5)


@kernel(nogil=True)
def _resize(image: Any, resized: Any) -> None:
    h, w, _ = image.shape
    height, width = resized.shape
    for y in range(height):
        at_y = min(max((y + 0.5) * h / height - 0.5, 0.0), h - 1.0)
        y0 = int(at_y)
        y1, down = min(y0 + 1, h - 1), at_y - y0
        for x in range(width):
            at_x = min(max((x + 0.5) * w / width - 0.5, 0.0), w - 1.0)
            x0 = int(at_x)
            x1, right = min(x0 + 1, w - 1), at_x - x0
            upper = _grey(image, y0, x0) * (1.0 - right) + _grey(image, y0, x1) * right
            lower = _grey(image, y1, x0) * (1.0 - right) + _grey(image, y1, x1) * right
            resized[y, x] = int(upper * (1.0 - down) + lower * down + 0.5)
