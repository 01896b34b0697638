"""Command gate: every output is finite, within the limits and within the slew rate."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snn_control.errors import ParameterError
from snn_control.supervision.command_gate import OFF, CommandGate, CommandGates, GateFault

ANY = st.floats(allow_nan=True, allow_infinity=True)
LIMITS = st.tuples(st.floats(-10, 0), st.floats(0, 10)).filter(lambda pair: pair[0] < pair[1])


def test_a_valid_command_is_unchanged() -> None:
    gate = CommandGate(-10, 10)
    for k in range(200):
        command = 10 * math.sin(0.1 * k)
        assert gate.pass_on(command, 0.1 * k) == (command, None)
    assert sum(gate.counts.values()) == 0
    assert gate.passed == 200


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_a_non_finite_command_is_replaced_by_the_last_one(wrong: float) -> None:
    gate = CommandGate(-10, 10)
    assert gate.pass_on(wrong, 0.0) == (OFF, GateFault.NOT_FINITE)
    gate.pass_on(4.0, 0.1)
    assert gate.pass_on(wrong, 0.2) == (4.0, GateFault.NOT_FINITE)
    assert gate.counts[GateFault.NOT_FINITE] == 2


def test_range_and_slew() -> None:
    gate = CommandGate(-5, 8, slew_per_s=10.0)
    gate.reset(now_s=0.0)
    assert gate.pass_on(100.0, 0.1) == (pytest.approx(1.0), GateFault.RANGE)
    assert gate.pass_on(7.0, 0.2) == (pytest.approx(2.0), GateFault.SLEW)
    assert gate.pass_on(7.0, 5.0) == (7.0, None), "the slew limit grows with the pause"
    assert gate.pass_on(-7.0, 5.1) == (pytest.approx(6.0), GateFault.RANGE)


def test_stop_ignores_the_slew_rate() -> None:
    gate = CommandGate(-10, 10, slew_per_s=1.0)
    gate.pass_on(9.0, 0.0)
    assert gate.stop(0.01) == OFF
    assert gate.pass_on(9.0, 0.02)[0] == pytest.approx(0.01)


def test_a_backward_jump_of_time_holds_the_command() -> None:
    gate = CommandGate(-10, 10, slew_per_s=1.0)
    gate.pass_on(2.0, 10.0)
    assert gate.pass_on(9.0, 5.0) == (2.0, GateFault.SLEW)


@pytest.mark.parametrize(
    ("low", "high", "slew"),
    [
        (1.0, 10.0, 0.0), (-10.0, -1.0, 0.0), (0.0, 0.0, 0.0), (10.0, -10.0, 0.0),
        (math.nan, 1.0, 0.0), (-1.0, math.nan, 0.0), (-1.0, 1.0, -1.0), (-1.0, 1.0, math.nan),
    ],
)  # fmt: skip
def test_limits_that_exclude_a_stop_are_refused(low: float, high: float, slew: float) -> None:
    with pytest.raises(ParameterError, match="motors off"):
        CommandGate(low, high, slew)


@given(
    limits=LIMITS,
    slew=st.sampled_from([0.0, 0.5, 20.0]),
    events=st.lists(st.tuples(ANY, st.floats(-1.0, 5.0))),
)
def test_no_output_exceeds_limits_or_slew_rate(
    limits: tuple[float, float], slew: float, events: list[tuple[float, float]]
) -> None:
    gate = CommandGate(*limits, slew)
    gate.reset(now_s=0.0)
    now_s, last = 0.0, OFF
    for command, dt_s in events:
        now_s += dt_s
        sent, fault = gate.pass_on(command, now_s)
        assert math.isfinite(sent)
        assert limits[0] <= sent <= limits[1]
        assert (fault is None) == (sent == command)
        if slew:
            assert abs(sent - last) <= slew * max(dt_s, 0.0) + 1e-9
        last = sent
    assert gate.last == last


class RacedGates(CommandGates):
    """Gates whose last command another thread always overwrites."""

    last = property(lambda self: np.array([5.0, 5.0]), lambda self, value: None)  # type: ignore[assignment]


def test_the_command_of_a_call_is_not_that_of_another_thread() -> None:
    gates = RacedGates(2, -10, 10)
    assert gates.stop().tolist() == [OFF, OFF]
    assert gates.pass_on(np.array([1.0, 2.0]), 0.0)[0].tolist() == [1.0, 2.0]
