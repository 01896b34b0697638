"""Setpoint: limits, rate and start value."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snn_control.loops.blimp.adapter import Setpoint


def test_it_moves_at_its_rate_to_the_request() -> None:
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


def test_a_backward_jump_of_time_does_not_move_it() -> None:
    point = Setpoint(0.3, 3.0, rate_per_s=0.5)
    point.start(1.0)
    point.request(2.0)
    assert point.advance(-3.0) == 1.0


def test_a_request_outside_the_limits_is_limited_and_reported() -> None:
    point = Setpoint(0.3, 3.0)
    assert not point.request(50.0)
    assert point.advance(0.1) == 3.0
    assert not point.request(-1.0)
    assert point.advance(0.1) == 0.3


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_a_non_finite_request_changes_nothing(wrong: float) -> None:
    point = Setpoint(0.3, 3.0)
    point.request(1.5)
    assert not point.request(wrong)
    assert point.advance(0.1) == 1.5


def test_before_a_request_it_stays_at_the_start_value() -> None:
    point = Setpoint(0.3, 3.0)
    with pytest.raises(ValueError, match="no setpoint"):
        point.advance(0.1)
    for height in (1.2, 0.7):
        point.start(height)
        assert point.advance(0.1) == height
    point.start(0.05)
    assert point.advance(0.1) == 0.3


def test_an_override_does_not_replace_the_request() -> None:
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
def test_it_never_exceeds_limits_or_rate(rate: float, events: list[tuple[float, float]]) -> None:
    point = Setpoint(0.3, 3.0, rate)
    point.start(1.0)
    last = 1.0
    for requested, dt_s in events:
        point.request(requested)
        value = point.advance(dt_s)
        assert 0.3 <= value <= 3.0
        assert abs(value - last) <= rate * dt_s + 1e-9
        last = value
