"""Portable functions against those of the standard library."""

from __future__ import annotations

import math

import numpy as np
import pytest

from snn_control.plasticity.optional_kernel import plain
from snn_control.plasticity.portable_functions import LARGEST, cosine, exponential, nearest

RANDOM = np.random.default_rng(0)


def test_exponential_is_that_of_the_library_within_two_units() -> None:
    for x in [*RANDOM.uniform(-60.0, 0.0, 3000), *RANDOM.uniform(-LARGEST, LARGEST, 1000)]:
        assert exponential(x) == pytest.approx(math.exp(x), rel=4e-16, abs=0.0)
    assert exponential(0.0) == 1.0
    assert exponential(-1e9) == exponential(-LARGEST) < 1e-300
    assert exponential(math.inf) == exponential(LARGEST) > 1e300
    assert math.isnan(exponential(math.nan))


def test_cosine_is_that_of_the_library() -> None:
    for x in RANDOM.uniform(0.0, math.pi, 3000):
        assert cosine(x) == pytest.approx(math.cos(x), rel=0.0, abs=4e-16)
    assert (cosine(0.0), cosine(math.pi)) == (1.0, -1.0)


def test_nearest_rounds_as_python() -> None:
    for x in [*RANDOM.uniform(-1000.0, 1000.0, 1000), *(np.arange(-20, 20) + 0.5)]:
        assert nearest(x) == round(x)


@pytest.mark.parametrize("function", [exponential, cosine, nearest])
def test_compiled_and_plain_bits_are_equal(function) -> None:
    for x in RANDOM.uniform(0.0, math.pi, 1000):
        assert function(x) == plain(function)(x)
