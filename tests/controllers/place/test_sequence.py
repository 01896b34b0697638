"""Sequence sums against their definition, for varying steps, lengths and maps."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snn_control.controllers.place.sequence import LONGEST, FrameSequence
from snn_control.errors import ObservationError


def by_definition(rows: list[np.ndarray], moved: list[float], length: int, n: int) -> np.ndarray:
    at = [math.floor(m + 0.5) for m in moved]
    result = np.zeros(n)
    for row, position in list(zip(rows, at, strict=True))[-length:]:
        shift = at[-1] - position
        for j in range(n):
            if 0 <= j - shift < len(row):
                result[j] += row[j - shift]
    return result


@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 12),
    steps=st.lists(
        st.sampled_from([0.0, 1.0, 1.0, 2.0, 0.4, -1.0, -3.0, 40.0]), min_size=1, max_size=40
    ),
    lengths=st.lists(st.integers(1, 9), min_size=1, max_size=3),
    grows=st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_sums_equal_their_definition(
    seed: int, n: int, steps: list[float], lengths: list[int], grows: bool
) -> None:
    rng, sequence = np.random.default_rng(seed), FrameSequence()
    rows: list[np.ndarray] = []
    moved = [0.0]
    for k, step in enumerate(steps):
        n += int(grows and k % 3 == 2)
        rows.append(rng.normal(size=n))
        if k:
            moved.append(moved[-1] + step)
        length = lengths[(k // 7) % len(lengths)]
        result = sequence.advance(rows[-1], step, length)
        np.testing.assert_allclose(result, by_definition(rows, moved, length, n), atol=1e-4)


@pytest.mark.parametrize("step", ["0.1", "0.3", "1.1", "0.04", "-0.01", "0.0025", "1e-5", "1e-9"])
def test_decimal_steps_add_up_exactly(step: str) -> None:
    sequence, exact = FrameSequence(), Fraction(step)
    sequence.advance(np.zeros(3), 0.0, 1)
    for k in range(1, 2000):
        sequence.advance(np.zeros(3), float(step), 1)
        assert sequence.position == math.floor(k * exact + Fraction(1, 2))
        assert sequence.between == ((k * exact).denominator != 1)


@pytest.mark.parametrize("step", [4e-10, -4e-10])
def test_steps_below_the_rounding_are_no_motion(step: float) -> None:
    sequence = FrameSequence()
    for _ in range(10):
        sequence.advance(np.zeros(3), step, 1)
    assert (sequence.position, sequence.between) == (0, False)


@pytest.mark.parametrize("step", [1e6, -1e6])
def test_the_longest_step_is_accepted(step: float) -> None:
    sequence = FrameSequence()
    for _ in range(2):
        sequence.advance(np.zeros(3), step, LONGEST)
    assert sequence.position == step


def test_sums_stay_exact_over_a_long_route() -> None:
    rng, sequence = np.random.default_rng(0), FrameSequence()
    rows = [rng.normal(size=50) * 100.0 for _ in range(3000)]
    for row in rows:
        result = sequence.advance(row, 1.0, 10)
    fresh = FrameSequence()
    for row in rows[-10:]:
        expected = fresh.advance(row, 1.0, 10)
    np.testing.assert_array_equal(result, expected)


def test_removed_places_are_removed_from_stored_frames() -> None:
    sequence = FrameSequence()
    rows = np.random.default_rng(1).normal(size=(4, 8))
    for row in rows[:3]:
        sequence.advance(row, 0.0, 3)
    keep = np.array([0, 1, 4, 5, 7])
    sequence.resized(keep)
    result = sequence.advance(rows[3][keep], 0.0, 3)
    np.testing.assert_allclose(result, rows[1:4, keep].sum(axis=0), atol=1e-5)


@pytest.mark.parametrize(
    ("step", "length", "message"),
    [
        (math.nan, 3, "step is nan"),
        (math.inf, 3, "step is inf"),
        (1e7, 3, "in places"),
        (1.0, 0, "sequence is 0"),
        (1.0, LONGEST + 1, "expected 1 to 200"),
    ],
)
def test_invalid_steps_and_lengths_change_nothing(step: float, length: int, message: str) -> None:
    sequence = FrameSequence()
    sequence.advance(np.ones(3), 1.0, 2)
    with pytest.raises(ObservationError, match=message):
        sequence.advance(np.ones(3), step, length)
    assert sequence.advance(np.ones(3), 0.0, 2).tolist() == [2.0, 2.0, 2.0]
