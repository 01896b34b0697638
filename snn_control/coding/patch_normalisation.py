"""Patch normalisation: z-score of every pixel within the patch around it.

    z = (x - mean) / sqrt(var + floor^2),  clipped to -clip ... clip

Mean and population variance are taken over the pixels of a square window around x, cropped to the
image. 0 / 0 is 0. A window of 7, no floor and a clip of 1 give the normalisation of M. Milford and
G. Wyeth (SeqSLAM, ICRA 2012) in the sliding form of arXiv:2209.08723. The floor, in grey levels,
prevents the amplification of noise in flat patches such as sky and snow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.coding.images import Bytes
from snn_control.compiled import kernel
from snn_control.errors import ParameterError

__all__ = ["PatchNormalisation", "to_bytes"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PatchNormalisation:
    """Parameters and methods of patch normalisation.

    Raises:
        ParameterError: out of range.
    """

    window: int = 7
    """Width of the patch, pixels, odd."""
    floor: float = 0.0
    """Standard deviation added in quadrature to that of each patch, grey levels."""
    clip: float = 1.0
    """Largest magnitude of the result."""

    def __post_init__(self) -> None:
        if self.window < 1 or self.window % 2 == 0:
            raise ParameterError(f"window is {self.window}; expected an odd number")
        if not 0.0 <= self.floor < np.inf:
            raise ParameterError(f"floor is {self.floor:g}; expected at least 0 grey levels")
        if not 0.0 < self.clip < np.inf:
            raise ParameterError(f"clip is {self.clip:g}; expected above 0")

    def apply(self, image: Bytes) -> FloatArray:
        """Return the normalised image, shape (h, w), computed with integral images."""
        result = np.empty(image.shape)
        _by_boxes(np.ascontiguousarray(image), self.window // 2, self.floor, self.clip, result)
        return result

    def apply_exactly(self, image: Bytes) -> FloatArray:
        """Return the same image computed patch by patch; slow, for verification."""
        result = np.empty(image.shape)
        _by_patches(np.ascontiguousarray(image), self.window // 2, self.floor, self.clip, result)
        return result


def to_bytes(normalised: FloatArray) -> Bytes:
    """Return floor(255 (1 + z) / 2) for z from -1 to 1, as in arXiv:2209.08723."""
    return np.floor(255.0 * (1.0 + normalised) / 2.0).astype(np.uint8)


@kernel(inline="always")
def _normalised(pixel: int, n: int, total: int, squares: int, floor: float, clip: float) -> float:
    mean = total / n
    spread = (
        np.sqrt(squares / n - mean * mean + floor * floor) if n * squares > total * total else floor
    )
    if spread == 0.0:
        return 0.0
    return min(max((pixel - mean) / spread, -clip), clip)


@kernel(nogil=True)
def _by_boxes(image: Any, radius: int, floor: float, clip: float, result: Any) -> None:
    h, w = image.shape
    sums = np.zeros((h + 1, w + 1), np.int64)
    squares = np.zeros((h + 1, w + 1), np.int64)
    for y in range(h):
        row, row2 = np.int64(0), np.int64(0)
        for x in range(w):
            pixel = np.int64(image[y, x])
            row += pixel
            row2 += pixel * pixel
            sums[y + 1, x + 1] = sums[y, x + 1] + row
            squares[y + 1, x + 1] = squares[y, x + 1] + row2
    for y in range(h):
        top, bottom = max(y - radius, 0), min(y + radius + 1, h)
        for x in range(w):
            left, right = max(x - radius, 0), min(x + radius + 1, w)
            result[y, x] = _normalised(
                np.int64(image[y, x]),
                (bottom - top) * (right - left),
                sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left],
                squares[bottom, right] - squares[top, right]
                - squares[bottom, left] + squares[top, left],
                floor,
                clip,
            )  # fmt: skip


@kernel(nogil=True)
def _by_patches(image: Any, radius: int, floor: float, clip: float, result: Any) -> None:
    h, w = image.shape
    for y in range(h):
        for x in range(w):
            n, total, squares = np.int64(0), np.int64(0), np.int64(0)
            for i in range(max(y - radius, 0), min(y + radius + 1, h)):
                for j in range(max(x - radius, 0), min(x + radius + 1, w)):
                    pixel = np.int64(image[i, j])
                    n += 1
                    total += pixel
                    squares += pixel * pixel
            result[y, x] = _normalised(np.int64(image[y, x]), n, total, squares, floor, clip)
