"""The mode machine in time: bounds, hysteresis, arming, and any sequence of events."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snn_control.errors import ParameterError
from snn_control.supervision.command_gate import OFF
from snn_control.supervision.modes import FLYING, Mode, ModeConfig
from tests.supervision.mode_craft import TRIM, WATCH_S, Craft, flying, put, three_good

# Time bounds.


@pytest.mark.parametrize("mode", [Mode.AUTO, Mode.FALLBACK])
@pytest.mark.parametrize("lost", ["silent", "bad", "alternating"])
def test_after_the_last_measurement_it_is_held_then_at_trim_then_stopped(
    mode: Mode, lost: str
) -> None:
    craft = put(mode)
    craft.good(8.0)
    began_s, sent = craft.now_s, []
    while craft.now_s - began_s < 11.0:
        command = craft.watch()
        sent.append((craft.now_s - began_s, command))
        if lost == "bad":
            craft.bad(0.0)
        elif lost == "alternating":
            craft.good(8.0, after_s=0.0)
            craft.bad(0.0)
    assert {c for at, c in sent if at < 0.6} <= {8.0, None}, "None: nothing new is sent"
    assert {c for at, c in sent if 0.61 < at < 0.7} <= {8.0}
    ramp = [c for at, c in sent if 0.7 <= at <= 0.9 and c is not None]
    assert ramp == sorted(ramp, reverse=True)
    assert {c for at, c in sent if 0.96 < at < 9.9} == {TRIM}
    assert {c for at, c in sent if at > 10.06} == {OFF}
    if lost != "alternating":
        assert craft.seen[-3:] == [Mode.HOLD, Mode.TRIM, Mode.STOP]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0.01, 0.53), min_size=1, max_size=30))
def test_healthy_gaps_never_leave_auto(gaps: list[float]) -> None:
    craft = flying()
    for gap_s in gaps:
        steps = int(gap_s / WATCH_S)
        for _ in range(steps):
            assert craft.watch() is None
        assert craft.good(after_s=gap_s - steps * WATCH_S) is Mode.AUTO
    assert craft.seen == [Mode.DISARMED, Mode.HOLD, Mode.AUTO]


def test_a_gap_counts_the_same_with_and_without_a_watch_in_it() -> None:
    watched, blind = flying(), flying()
    watched.silence(0.65)
    watched.good(after_s=0.0)
    blind.good(after_s=0.65)
    assert watched.modes.mode is blind.modes.mode is Mode.HOLD


# Hysteresis back.


def test_good_measurements_must_come_in_a_row() -> None:
    craft = put(Mode.HOLD)
    for _ in range(2):
        craft.good()
        craft.good()
        craft.bad()
    assert craft.modes.mode is Mode.HOLD or craft.modes.mode is Mode.TRIM
    three_good(craft)
    assert craft.modes.mode is Mode.AUTO


def test_a_row_with_a_gap_in_it_is_none() -> None:
    craft = put(Mode.TRIM)
    craft.good()
    craft.good()
    craft.good(after_s=2.0)
    assert craft.modes.mode is Mode.TRIM
    craft.good()
    assert craft.good() is Mode.AUTO


def test_reaching_trim_does_not_forget_the_row() -> None:
    craft = flying()
    craft.bad()
    craft.good(after_s=0.45)
    assert craft.good() is Mode.HOLD
    assert craft.good() is Mode.AUTO


def test_a_failed_controller_does_not_come_back_through_hold() -> None:
    craft = put(Mode.HOLD)
    craft.modes.fail("it raised")
    assert craft.modes.mode is Mode.HOLD
    three_good(craft)
    assert craft.modes.mode is Mode.FALLBACK
    craft.override(True)
    craft.override(False)
    three_good(craft)
    assert craft.modes.mode is Mode.FALLBACK
    craft.modes.mend()
    assert craft.modes.mode is Mode.AUTO


def test_reset_during_manual_mends_and_does_not_take_the_craft_back() -> None:
    craft = put(Mode.FALLBACK)
    craft.override(True)
    craft.modes.mend()
    assert craft.modes.mode is Mode.MANUAL
    craft.override(False)
    three_good(craft)
    assert craft.modes.mode is Mode.AUTO


# Arming.


@pytest.mark.parametrize("first", ["nothing", "bad", "manual without commands"])
def test_nothing_turns_before_a_first_measurement(first: str) -> None:
    craft = Craft()
    craft.arm()
    for _ in range(3):
        if first == "bad":
            craft.bad()
        elif first == "manual without commands":
            craft.override(True)
            craft.override(False)
        assert {command for _, command in craft.silence(20.0)} == {OFF}
        assert craft.modes.mode is Mode.HOLD
    assert "waiting" in craft.modes.reason
    assert ("NaN" in craft.modes.reason) == (first == "bad")
    assert craft.good() is Mode.AUTO


def test_a_craft_that_was_steered_goes_to_trim_without_a_measurement() -> None:
    craft = Craft()
    craft.arm()
    craft.override(True)
    craft.modes.steered()
    craft.override(False)
    craft.held = 6.0
    sent = craft.silence(1.0)
    assert sent[0][1] == 6.0
    assert sent[-1][1] == TRIM


@pytest.mark.parametrize("mode", [m for m in Mode if m is not Mode.DISARMED])
def test_arming_an_armed_craft_changes_nothing(mode: Mode) -> None:
    craft = put(mode)
    reason = craft.modes.reason
    assert craft.arm() is mode
    assert craft.modes.reason == reason
    assert craft.modes.manual == (mode is Mode.MANUAL)


def test_disarming_ends_manual_too() -> None:
    craft = put(Mode.MANUAL)
    craft.modes.disarm()
    craft.arm()
    assert craft.good() is Mode.AUTO


def test_a_stop_is_not_undone_by_a_clock_that_jumps_back() -> None:
    craft = put(Mode.STOP)
    craft.now_s -= 5.0
    assert craft.watch() == OFF
    assert craft.modes.mode is Mode.STOP
    craft = put(Mode.TRIM)
    craft.now_s -= 50.0
    assert craft.watch() == craft.held, "not beyond the held command, away from trim"


def test_reasons_say_what_and_how_long() -> None:
    craft = put(Mode.HOLD)
    assert craft.modes.reason == "range is NaN"
    craft.silence(1.0)
    assert craft.modes.reason.startswith("range is NaN for 0.7")
    assert put(Mode.TRIM).modes.reason.startswith("no usable measurement for 0.7")


@pytest.mark.parametrize(
    "wrong",
    [
        {"hold_s": 0.0}, {"hold_s": 0.8}, {"trim_s": 9.9}, {"stop_s": 0.5}, {"ramp_s": -0.1},
        {"recover_ticks": 0}, {"hold_s": math.nan}, {"ramp_s": math.nan},
    ],
)  # fmt: skip
def test_times_out_of_order_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match="expected"):
        ModeConfig(**wrong)  # type: ignore[arg-type]


# Whatever happens.

EVENTS: dict[str, Callable[[Craft, float, float], object]] = {
    "good": lambda c, value, dt: c.good(value, dt),
    "bad": lambda c, value, dt: c.bad(dt),
    "watch": lambda c, value, dt: c.watch(dt),
    "arm": lambda c, value, dt: c.arm(),
    "disarm": lambda c, value, dt: c.modes.disarm(),
    "override": lambda c, value, dt: c.override(value > 0),
    "steered": lambda c, value, dt: c.steer(),
    "fail": lambda c, value, dt: c.modes.fail("it raised"),
    "mend": lambda c, value, dt: c.modes.mend(),
}


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(EVENTS)),
            st.floats(allow_nan=True, allow_infinity=True),
            st.sampled_from([0.0, 0.01, 0.1, 0.3, 0.61, 5.0]),
        ),
        max_size=60,
    )
)
def test_no_sequence_of_events_gives_a_command_out_of_limits(
    events: list[tuple[str, float, float]],
) -> None:
    craft = Craft()
    measured = False
    for name, value, dt_s in events:
        EVENTS[name](craft, value, dt_s)
        mode = craft.modes.mode
        if name == "disarm":
            measured, craft.held = False, OFF
        measured |= craft.modes.armed and (name in ("good", "steered"))
        command = craft.watch(0.0)
        assert (command is None) == (craft.modes.mode in (*FLYING, Mode.MANUAL))
        if command is not None:
            assert math.isfinite(command)
            assert -10 <= command <= 10
        assert craft.modes.armed == (mode is not Mode.DISARMED)
        if not measured:
            assert command in (OFF, None)
        if craft.modes.failure:
            assert mode is not Mode.AUTO
