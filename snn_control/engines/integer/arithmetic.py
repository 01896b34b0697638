"""Integer operations of networks in fixed point, on int64 arrays, within whose range all stay.

Rounding is to the nearest, halves away from zero, so that it is odd: `rescale(-x) = -rescale(x)`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "DECAY_BITS",
    "GAIN_BITS",
    "LIMIT",
    "IntArray",
    "Rescaling",
    "add",
    "clip",
    "rescale",
    "rounded",
]

IntArray = npt.NDArray[np.int64]
LIMIT = 2**30 - 1
"""Largest magnitude of a stored number: the sum of two fits 32 bits."""
DECAY_BITS = 31
"""Fractional bits of decays, 0 to 1."""
GAIN_BITS = 30
"""Fractional bits of gains, 0 to 1."""
_PRODUCT_BITS = 62
_FACTOR_BITS = 31
_LARGEST_FACTOR = 2.0**30 - 1.0


def clip(x: Any, limit: int | IntArray = LIMIT) -> IntArray:
    """Return `x`, at most `limit` in magnitude."""
    return np.minimum(np.maximum(x, -limit), limit)


def add(x: IntArray, y: IntArray) -> IntArray:
    """Return the sum of numbers within `LIMIT`, within `LIMIT`."""
    return clip(x + y)


def rescale(x: Any, multiplier: Any, shift: int) -> IntArray:
    """Return `x multiplier / 2^shift` rounded; `|x| multiplier + 2^(shift - 1)` is below 2^63."""
    magnitude = (np.abs(x) * multiplier + (1 << (shift - 1))) >> shift
    return np.where(x < 0, -magnitude, magnitude)


def rounded(values: Any, limit: int = LIMIT) -> IntArray:
    """Return the nearest integers of real numbers, at most `limit` in magnitude."""
    return np.rint(np.clip(values, -limit, limit)).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Rescaling:
    """Multiplication by positive or negative real factors as `multiplier / 2^shift`."""

    multiplier: IntArray
    """Integers of at most 31 bits, shape of the factors."""
    shift: int
    """1 to 61, common to all factors."""
    largest: int
    """Magnitude to which numbers are clipped first; products of larger ones saturate anyway."""

    @classmethod
    def of(cls, factors: Any, bound: int = LIMIT) -> Rescaling:
        """Return the closest rescaling for numbers of at most `bound`.

        Factors of at least 2^30 become smaller: the products saturate anyway.
        """
        factors = np.clip(np.asarray(factors, np.float64), -_LARGEST_FACTOR, _LARGEST_FACTOR)
        largest = float(np.abs(factors).max(initial=0.0))
        if not largest:
            return cls(np.zeros(factors.shape, np.int64), 1, bound)
        whole_bits = math.floor(math.log2(largest)) + 1
        bits = min(_FACTOR_BITS, _PRODUCT_BITS - max(bound, 1).bit_length())
        bits = max(bits, whole_bits + 1)
        shift = min(bits - whole_bits, 61)
        multiplier = rounded(np.ldexp(factors, shift), 2**bits - 1)
        return cls(multiplier, shift, min(bound, 2 ** (_PRODUCT_BITS - bits)))

    def __call__(self, x: IntArray) -> IntArray:
        """Return the rescaled numbers."""
        x = clip(x, self.largest)
        return np.sign(self.multiplier) * rescale(x, np.abs(self.multiplier), self.shift)
