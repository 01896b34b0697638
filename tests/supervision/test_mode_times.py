"""Time bounds, hysteresis and arming of the mode machine, and arbitrary sequences of events."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snn_control.errors import ParameterError
from snn_control.supervision.command_gate import OFF
from snn_control.supervision.modes import CONTROLLER_MODES, Mode, ModeConfig
from tests.supervision.mode_bench import TRIM, WATCH_S, ModeBench, in_auto, in_mode, three_usable

# Time bounds.


@pytest.mark.parametrize("mode", [Mode.AUTO, Mode.FALLBACK])
@pytest.mark.parametrize("lost", ["silent", "bad", "alternating"])
def test_lost_measurements_lead_to_hold_then_trim_then_stop(mode: Mode, lost: str) -> None:
    bench = in_mode(mode)
    bench.good(8.0)
    start_s, sent = bench.now_s, []
    while bench.now_s - start_s < 11.0:
        command = bench.watch()
        sent.append((bench.now_s - start_s, command))
        if lost == "bad":
            bench.bad(0.0)
        elif lost == "alternating":
            bench.good(8.0, after_s=0.0)
            bench.bad(0.0)
    assert {c for at, c in sent if at < 1.3} <= {8.0, None}, "None: no new command"
    assert {c for at, c in sent if 1.31 < at < 1.5} <= {8.0}
    ramp = [c for at, c in sent if 1.5 <= at <= 1.7 and c is not None]
    assert ramp == sorted(ramp, reverse=True)
    assert {c for at, c in sent if 1.76 < at < 9.9} == {TRIM}
    assert {c for at, c in sent if at > 10.06} == {OFF}
    if lost != "alternating":
        assert bench.history[-3:] == [Mode.HOLD, Mode.TRIM, Mode.STOP]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0.01, 1.25), min_size=1, max_size=30))
def test_healthy_gaps_never_leave_auto(gaps: list[float]) -> None:
    bench = in_auto()
    for gap_s in gaps:
        steps = int(gap_s / WATCH_S)
        for _ in range(steps):
            assert bench.watch() is None
        assert bench.good(after_s=gap_s - steps * WATCH_S) is Mode.AUTO
    assert bench.history == [Mode.DISARMED, Mode.HOLD, Mode.AUTO]


def test_a_gap_has_the_same_effect_with_and_without_watch() -> None:
    watched, blind = in_auto(), in_auto()
    watched.silence(1.35)
    watched.good(after_s=0.0)
    blind.good(after_s=1.35)
    assert watched.modes.mode is blind.modes.mode is Mode.HOLD


@pytest.mark.parametrize("mode", [Mode.AUTO, Mode.FALLBACK, Mode.HOLD])
def test_a_contradiction_moves_the_command_to_trim_at_once(mode: Mode) -> None:
    bench = in_auto()
    bench.good(8.0)
    if mode is Mode.FALLBACK:
        bench.modes.fail("it raised")
    elif mode is Mode.HOLD:
        bench.bad()
    start_s = bench.now_s
    bench.modes.implausible(bench.now_s, "stuck at 1.4 m")
    assert (bench.record(), bench.modes.reason) == (Mode.TRIM, "stuck at 1.4 m")
    ramp = [command for at_s, command in bench.silence(0.2) if command is not None]
    assert ramp == pytest.approx([8.0 + (TRIM - 8.0) * k / 4 for k in range(1, 5)])
    while bench.modes.mode is Mode.TRIM:
        bench.watch()
    assert bench.now_s - start_s == pytest.approx(10.0 - 1.5, abs=2 * WATCH_S)
    assert bench.modes.mode is Mode.STOP


def test_a_contradiction_before_the_motors_turn_keeps_them_off() -> None:
    bench = ModeBench()
    bench.arm()
    bench.modes.implausible(bench.now_s, "stuck")
    assert bench.modes.mode is Mode.HOLD
    assert {command for _, command in bench.silence(20.0)} == {OFF}


# Recovery.


def test_usable_measurements_must_be_consecutive() -> None:
    bench = in_mode(Mode.HOLD)
    for _ in range(2):
        bench.good()
        bench.good()
        bench.bad()
    assert bench.modes.mode is Mode.HOLD
    three_usable(bench)
    assert bench.modes.mode is Mode.AUTO


def test_a_gap_interrupts_a_row_of_measurements() -> None:
    bench = in_mode(Mode.TRIM)
    bench.good()
    bench.good()
    bench.good(after_s=2.0)
    assert bench.modes.mode is Mode.TRIM
    bench.good()
    assert bench.good() is Mode.AUTO


def test_trim_does_not_interrupt_a_row_of_measurements() -> None:
    bench = in_auto()
    bench.bad()
    bench.good(after_s=0.45)
    assert bench.good() is Mode.HOLD
    assert bench.good() is Mode.AUTO


def test_a_failed_controller_does_not_return_after_hold() -> None:
    bench = in_mode(Mode.HOLD)
    bench.modes.fail("it raised")
    assert bench.modes.mode is Mode.HOLD
    three_usable(bench)
    assert bench.modes.mode is Mode.FALLBACK
    bench.override(True)
    bench.override(False)
    three_usable(bench)
    assert bench.modes.mode is Mode.FALLBACK
    bench.modes.clear_failure()
    assert bench.modes.mode is Mode.AUTO


def test_a_reset_in_manual_clears_the_failure_and_stays_in_manual() -> None:
    bench = in_mode(Mode.FALLBACK)
    bench.override(True)
    bench.modes.clear_failure()
    assert bench.modes.mode is Mode.MANUAL
    bench.override(False)
    three_usable(bench)
    assert bench.modes.mode is Mode.AUTO


# Arming.


@pytest.mark.parametrize("first", ["nothing", "bad", "manual without commands"])
def test_motors_stay_off_before_the_first_measurement(first: str) -> None:
    bench = ModeBench()
    bench.arm()
    for _ in range(3):
        if first == "bad":
            bench.bad()
        elif first == "manual without commands":
            bench.override(True)
            bench.override(False)
        assert {command for _, command in bench.silence(20.0)} == {OFF}
        assert bench.modes.mode is Mode.HOLD
    assert "waiting" in bench.modes.reason
    assert ("NaN" in bench.modes.reason) == (first == "bad")
    assert bench.good() is Mode.AUTO


def test_after_a_manual_command_trim_needs_no_measurement() -> None:
    bench = ModeBench()
    bench.arm()
    bench.override(True)
    bench.modes.steered()
    bench.override(False)
    bench.held = 6.0
    sent = bench.silence(1.8)
    assert sent[0][1] == 6.0
    assert sent[-1][1] == TRIM


@pytest.mark.parametrize("mode", [m for m in Mode if m is not Mode.DISARMED])
def test_arming_an_armed_vehicle_changes_nothing(mode: Mode) -> None:
    bench = in_mode(mode)
    reason = bench.modes.reason
    assert bench.arm() is mode
    assert bench.modes.reason == reason
    assert bench.modes.manual == (mode is Mode.MANUAL)


def test_disarming_ends_manual() -> None:
    bench = in_mode(Mode.MANUAL)
    bench.modes.disarm()
    bench.arm()
    assert bench.good() is Mode.AUTO


def test_a_backward_jump_of_the_clock_does_not_undo_a_stop() -> None:
    bench = in_mode(Mode.STOP)
    bench.now_s -= 5.0
    assert bench.watch() == OFF
    assert bench.modes.mode is Mode.STOP
    bench = in_mode(Mode.TRIM)
    bench.now_s -= 50.0
    assert bench.watch() == bench.held, "the ramp does not pass the held command"


def test_reasons_contain_the_fault_and_its_duration() -> None:
    bench = in_mode(Mode.HOLD)
    assert bench.modes.reason == "range is NaN"
    bench.silence(1.8)
    assert bench.modes.reason.startswith("range is NaN for 1.5")
    assert in_mode(Mode.TRIM).modes.reason.startswith("no usable measurement for 1.5")


@pytest.mark.parametrize(
    "wrong",
    [
        {"hold_s": 0.0}, {"hold_s": 1.6}, {"trim_s": 9.9}, {"stop_s": 0.5}, {"ramp_s": -0.1},
        {"recover_ticks": 0}, {"hold_s": math.nan}, {"ramp_s": math.nan},
    ],
)  # fmt: skip
def test_unordered_times_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match="expected"):
        ModeConfig(**wrong)  # type: ignore[arg-type]


# Arbitrary events.

EVENTS: dict[str, Callable[[ModeBench, float, float], object]] = {
    "good": lambda c, value, dt: c.good(value, dt),
    "bad": lambda c, value, dt: c.bad(dt),
    "contradiction": lambda c, value, dt: c.modes.implausible(c.now_s, "stuck"),
    "watch": lambda c, value, dt: c.watch(dt),
    "arm": lambda c, value, dt: c.arm(),
    "disarm": lambda c, value, dt: c.modes.disarm(),
    "override": lambda c, value, dt: c.override(value > 0),
    "steered": lambda c, value, dt: c.steer(),
    "fail": lambda c, value, dt: c.modes.fail("it raised"),
    "clear": lambda c, value, dt: c.modes.clear_failure(),
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
def test_commands_stay_within_limits_for_any_events(
    events: list[tuple[str, float, float]],
) -> None:
    bench = ModeBench()
    measured = False
    for name, value, dt_s in events:
        EVENTS[name](bench, value, dt_s)
        mode = bench.modes.mode
        if name == "disarm":
            measured, bench.held = False, OFF
        measured |= bench.modes.armed and (name in ("good", "steered"))
        command = bench.watch(0.0)
        assert (command is None) == (bench.modes.mode in (*CONTROLLER_MODES, Mode.MANUAL))
        if command is not None:
            assert math.isfinite(command)
            assert -10 <= command <= 10
        assert bench.modes.armed == (mode is not Mode.DISARMED)
        if not measured:
            assert command in (OFF, None)
        if bench.modes.failure:
            assert mode is not Mode.AUTO
