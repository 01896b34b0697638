"""Grey images as arrays of bytes: checked, and resized."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.compiled import kernel
from snn_control.errors import ObservationError, ParameterError

__all__ = ["Bytes", "checked", "grey", "resize"]

Bytes = npt.NDArray[np.uint8]

_RED, _GREEN, _BLUE = 0.299, 0.587, 0.114
"""Shares in grey (Rec. 601)."""


def checked(image: Any) -> Bytes:
    """Return an image as it is.

    Args:
        image: uint8, shape (h, w) or, red, green and blue, (h, w, 3).

    Raises:
        ObservationError: another shape or type, or no pixels.
    """
    try:
        found = np.asarray(image)
    except ValueError as exc:  # rows of several lengths
        raise ObservationError(f"image of rows that are no image: {exc}") from exc
    if found.dtype != np.uint8:
        raise ObservationError(f"image of {found.dtype}; expected uint8, 0 to 255")
    if found.ndim not in (2, 3) or not found.size or (found.ndim == 3 and found.shape[2] != 3):
        raise ObservationError(
            f"image of shape {np.shape(image)}; expected (h, w) grey or (h, w, 3) red, green, blue"
        )
    return found


def grey(image: Any) -> Bytes:
    """Return one image as grey bytes, shape (h, w).

    Args:
        image: see `checked`.

    Raises:
        ObservationError: another shape or type, or no pixels.
    """
    found = checked(image)
    return found if found.ndim == 2 else resize(found, *found.shape[:2])


def resize(image: Bytes, height: int, width: int) -> Bytes:
    """Return an image grey and in another size, bilinear between pixel centres, rounded.

    No average is taken over the pixels in between where it shrinks: for patch normalisation this
    keeps more of what tells places apart than an average does, and large images cost no more.

    Args:
        image: of `checked`, shape (h, w) or (h, w, 3).
        height: of the result, at least 1.
        width: of the result, at least 1.
    """
    if height < 1 or width < 1:
        raise ParameterError(f"size {height} x {width}; expected at least 1 x 1")
    if image.shape == (height, width):
        return image
    found = np.empty((height, width), np.uint8)
    if image.ndim == 2:
        image = image[:, :, None]
    _resize(image, found)
    return found


@kernel(inline="always")
def _grey(image: Any, y: int, x: int) -> float:
    """Return luminance, rounded; an image of one channel is grey already."""
    if image.shape[2] == 1:
        return float(image[y, x, 0])
    red, green, blue = image[y, x, 0], image[y, x, 1], image[y, x, 2]
    return np.floor(_RED * red + _GREEN * green + _BLUE * blue + 0.5)


@kernel(nogil=True)
def _resize(image: Any, found: Any) -> None:
    h, w, _ = image.shape
    height, width = found.shape
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
            found[y, x] = int(upper * (1.0 - down) + lower * down + 0.5)
