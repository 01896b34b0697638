"""Random words by position, for kernels over genomes.

Word k of row r is a hash of the key of a generation, r and k, so that rows and genes can be handled
in any order, and drawn again instead of being stored. The hash is the output function of SplitMix64
on the counter: G. L. Steele, D. Lea and C. H. Flood, OOPSLA 2014, doi:10.1145/2660193.2660195.

Normal variates are the 65536 equally likely quantiles of N(0, 1), scaled to unit variance: their
largest value is 4.17.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

from snn_control.compiled import kernel

LEVELS = 65_536
"""Values of a 16-bit part of a word."""

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FACTOR_1, _FACTOR_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_LOW_16, _HALF = np.uint64(LEVELS - 1), np.uint64(32)


def draw_key(generator: np.random.Generator) -> np.uint64:
    """Return a random key of a generation."""
    return generator.integers(0, 2**64, dtype=np.uint64)


@kernel(inline="always")
def word(key: Any, k: Any) -> Any:
    """Return word `k` of `key`, uint64; the word of a row is the key of its genes."""
    z = key + np.uint64(k + 1) * _STEP
    z = (z ^ (z >> np.uint64(30))) * _FACTOR_1
    z = (z ^ (z >> np.uint64(27))) * _FACTOR_2
    return z ^ (z >> np.uint64(31))


@kernel(inline="always")
def level(word: Any, part: Any) -> Any:
    """Return the 16-bit part 0 to 3 of a word, as an index."""
    return np.int64((word >> np.uint64(16 * part)) & _LOW_16)


@kernel(inline="always")
def occurs(word: Any, limit: Any) -> Any:
    """Return True with the probability of which `limit` is the `probability_limit`.

    It reads parts 2 and 3 of the word.
    """
    return (word >> _HALF) < limit


@kernel(inline="always")
def probability_limit(probability: Any) -> Any:
    """Return the limit of 32-bit numbers for a probability in [0, 1]."""
    return np.uint64(probability * 4294967296.0)


@functools.cache
def normal_quantiles() -> npt.NDArray[np.float64]:
    """Return the normal variate of each level, float64 of shape (LEVELS,), read-only."""
    from scipy.special import ndtri

    quantiles: npt.NDArray[np.float64] = ndtri((np.arange(LEVELS) + 0.5) / LEVELS)
    quantiles /= np.sqrt(np.square(quantiles).mean())
    quantiles.flags.writeable = False
    return quantiles
