"""The set-point: between its limits, no faster than it may, where it was left."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snn_control.loops.blimp.adapter import Setpoint


def test_it_moves_at_its_rate_and_arrives() -> None:
    point = Setpoint(0.3, 3.0, rate_per_s=0.5)
    point.start(1.0)
    assert point.request(2.0)
    moved = [point.advance(0.1) for _ in range(25)]
    assert moved[:3] == pytest.approx([1.05, 1.10, 1.15])
    assert moved[-1] == 2.0


def test_without_a_rate_it_jumps() -> None:
    point = Setpoint(0.3, 3.0)
    point.request(2.0)
    assert point.advance(0.1) == 2.0


def test_time_that_jumps_back_does_not_move_it() -> None:
    point = Setpoint(0.3, 3.0, rate_per_s=0.5)
    point.start(1.0)
    point.request(2.0)
    assert point.advance(-3.0) == 1.0


def test_a_requested_value_beyond_the_limits_is_limited_and_told() -> None:
    point = Setpoint(0.3, 3.0)
    assert not point.request(50.0)
    assert point.advance(0.1) == 3.0
    assert not point.request(-1.0)
    assert point.advance(0.1) == 0.3


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_changes_nothing(wrong: float) -> None:
    point = Setpoint(0.3, 3.0)
    point.request(1.5)
    assert not point.request(wrong)
    assert point.advance(0.1) == 1.5


def test_before_anything_is_requested_it_stays_at_each_start() -> None:
    point = Setpoint(0.3, 3.0)
    with pytest.raises(ValueError, match="no setpoint"):
        point.advance(0.1)
    for height in (1.2, 0.7):
        point.start(height)
        assert point.advance(0.1) == height
    point.start(0.05)
    assert point.advance(0.1) == 0.3


def test_what_goes_before_does_not_replace_what_is_wanted() -> None:
    point = Setpoint(0.3, 3.0)
    point.request(2.0)
    assert point.advance(0.1, instead=0.2) == 0.2
    assert point.advance(0.1) == 2.0


@given(
    rate=st.floats(0.01, 5.0),
    events=st.lists(
        st.tuples(st.floats(allow_nan=True, allow_infinity=True), st.floats(0.0, 2.0)), min_size=1
    ),
)
def test_it_never_leaves_its_limits_nor_outruns_its_rate(
    rate: float, events: list[tuple[float, float]]
) -> None:
    point = Setpoint(0.3, 3.0, rate)
    point.start(1.0)
    last = 1.0
    for wanted, dt_s in events:
        point.request(wanted)
        value = point.advance(dt_s)
        assert 0.3 <= value <= 3.0
        assert abs(value - last) <= rate * dt_s + 1e-9
        last = value
