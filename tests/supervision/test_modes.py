"""The mode machine against its own diagram and table, and the command that comes of it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snn_control.errors import ParameterError
from snn_control.supervision import modes as modes_module
from snn_control.supervision.command_gate import OFF, CommandGate
from snn_control.supervision.modes import FLYING, Mode, ModeConfig, ModeMachine

TRIM = 3.1
WATCH_S = 0.05
PERIOD_S = 0.1


class Craft:
    """A machine with its gate and a controller, driven event by event on a clock of its own."""

    def __init__(self, config: ModeConfig | None = None) -> None:
        self.modes = ModeMachine(config or ModeConfig())
        self.gate = CommandGate(-10, 10)
        self.now_s = 100.0
        self.held = OFF
        self.seen = [self.modes.mode]

    def did(self) -> Mode:
        if self.modes.mode is not self.seen[-1]:
            self.seen.append(self.modes.mode)
        return self.modes.mode

    def arm(self) -> Mode:
        self.modes.arm(self.now_s)
        return self.did()

    def good(self, output: float = 5.0, after_s: float = PERIOD_S) -> Mode:
        self.now_s += after_s
        self.modes.good(self.now_s)
        if self.modes.mode in FLYING:
            self.held = self.gate.pass_on(output, self.now_s)[0]
        return self.did()

    def bad(self, after_s: float = PERIOD_S) -> Mode:
        self.now_s += after_s
        self.modes.bad(self.now_s, "range is NaN")
        return self.did()

    def watch(self, after_s: float = WATCH_S) -> float | None:
        """Let time pass; return what is sent."""
        self.now_s += after_s
        self.modes.watch(self.now_s)
        self.did()
        command = self.modes.command(self.held, TRIM, self.now_s)
        return None if command is None else self.gate.pass_on(command, self.now_s)[0]

    def silence(self, seconds: float) -> list[tuple[float, float | None]]:
        """Return age and command at each watch."""
        began_s = self.now_s
        return [
            (self.now_s - began_s, command)
            for command in (self.watch() for _ in range(round(seconds / WATCH_S)))
        ]

    def steer(self) -> None:
        if self.modes.manual:
            self.modes.steered()

    def override(self, on: bool) -> Mode:
        self.modes.override(on, self.now_s, "manual")
        return self.did()


def flying(config: ModeConfig | None = None) -> Craft:
    craft = Craft(config)
    craft.arm()
    assert craft.good() is Mode.AUTO
    return craft


def put(mode: Mode) -> Craft:
    """Return a craft in a mode that it came to by events."""
    craft = Craft()
    if mode is Mode.DISARMED:
        return craft
    craft = flying()
    match mode:
        case Mode.FALLBACK:
            craft.modes.fail("controller gave nan")
        case Mode.MANUAL:
            craft.override(True)
        case Mode.HOLD:
            craft.bad()
        case Mode.TRIM:
            craft.silence(1.0)
        case Mode.STOP:
            craft.silence(11.0)
    assert craft.modes.mode is mode
    return craft


def three_good(craft: Craft) -> None:
    for _ in range(3):
        craft.good()


def age(seconds: float) -> Callable[[Craft], object]:
    return lambda craft: craft.silence(seconds)


DIAGRAM: dict[str, tuple[Callable[[Craft], object], dict[Mode, Mode]]] = {
    "arm": (Craft.arm, {Mode.DISARMED: Mode.HOLD}),
    "disarm": (lambda c: c.modes.disarm(), dict.fromkeys(Mode, Mode.DISARMED)),
    "bad": (Craft.bad, {Mode.AUTO: Mode.HOLD, Mode.FALLBACK: Mode.HOLD}),
    "one good": (Craft.good, {}),
    "three good": (three_good, dict.fromkeys((Mode.HOLD, Mode.TRIM, Mode.STOP), Mode.AUTO)),
    "silence of 0.53 s": (age(0.53), {}),
    "silence of 0.65 s": (
        age(0.65), {Mode.AUTO: Mode.HOLD, Mode.FALLBACK: Mode.HOLD, Mode.HOLD: Mode.TRIM},
    ),
    "silence of 0.8 s": (
        age(0.8), dict.fromkeys((Mode.AUTO, Mode.FALLBACK, Mode.HOLD), Mode.TRIM)
    ),
    "silence of 10.1 s": (
        age(10.1), dict.fromkeys((Mode.AUTO, Mode.FALLBACK, Mode.HOLD, Mode.TRIM), Mode.STOP)
    ),
    "override": (
        lambda c: c.override(True),
        dict.fromkeys(set(Mode) - {Mode.DISARMED}, Mode.MANUAL),
    ),
    "override ends": (lambda c: c.override(False), {Mode.MANUAL: Mode.HOLD}),
    "controller fails": (lambda c: c.modes.fail("it raised"), {Mode.AUTO: Mode.FALLBACK}),
    "controller reset": (lambda c: c.modes.mend(), {Mode.FALLBACK: Mode.AUTO}),
}  # fmt: skip


@pytest.mark.parametrize("event", DIAGRAM)
@pytest.mark.parametrize("mode", Mode)
def test_every_event_in_every_mode(event: str, mode: Mode) -> None:
    craft = put(mode)
    do, leads = DIAGRAM[event]
    do(craft)
    assert craft.modes.mode is leads.get(mode, mode)
    assert craft.modes.reason


def drawn() -> set[tuple[Mode, Mode]]:
    """Read the arrows of the docstring's diagram; FALLBACK also stands for AUTO, as it says."""
    arrows = set()
    for line in (modes_module.__doc__ or "").splitlines():
        ends = re.split(r" --[^>]+--> ", line.replace(" (waits)", ""))
        for tails, head in pairwise(ends):
            named = {Mode[name] for name in re.findall("[A-Z]+", tails)}
            if tails.startswith("any"):
                named = set(Mode) - named
            heads = {Mode[head], Mode.FALLBACK} if head == "AUTO" else {Mode[head]}
            arrows |= {(tail, to) for tail in named for to in heads if tail is not to}
    return arrows


def test_the_diagram_has_every_arrow_and_no_other() -> None:
    done = set()
    for mode in Mode:
        for do, _ in DIAGRAM.values():
            for failed in (False, True):
                craft = put(mode)
                if failed and mode is not Mode.AUTO:
                    craft.modes.fail("it raised")
                craft.seen = [mode]
                do(craft)
                craft.did()
                done |= set(pairwise(craft.seen))
    assert done == drawn()


def test_the_docstring_tells_of_every_mode_and_of_the_default_times() -> None:
    text, config = modes_module.__doc__ or "", ModeConfig()
    for mode in Mode:
        assert f"| {mode.name} |" in text
    there_s = config.trim_s + config.ramp_s
    for seconds in (config.hold_s, config.trim_s, there_s, config.stop_s):
        assert f"{seconds:g} s" in text


# Without a fallback and a trim.


def test_without_a_fallback_a_failure_stops_at_once_until_it_is_mended() -> None:
    modes = ModeMachine(ModeConfig(0.06, 0.1, 0.0, 0.1, recover_ticks=2), fallback=False)
    modes.fail("it raised")
    assert modes.mode is Mode.DISARMED
    modes.mend()
    modes.arm(0.0)
    modes.good(1.0)
    assert modes.mode is Mode.AUTO
    modes.fail("it raised")
    assert (modes.mode, modes.reason) == (Mode.STOP, "it raised")
    for k in range(5):
        modes.good(1.03 + 0.03 * k)
        assert modes.mode is Mode.STOP
    modes.mend()
    modes.good(1.18)
    assert modes.mode is Mode.AUTO
    modes.bad(1.21, "bad")
    modes.fail("it raised again")
    assert modes.mode is Mode.STOP, "out of hold too"


def test_a_failure_in_manual_stops_once_the_person_lets_go() -> None:
    modes = ModeMachine(ModeConfig(0.06, 0.1, 0.0, 0.1, recover_ticks=2), fallback=False)
    modes.arm(0.0)
    modes.good(0.0)
    modes.override(True, 0.01, "manual")
    modes.fail("it raised")
    assert (modes.mode, modes.manual) == (Mode.MANUAL, True)
    modes.override(False, 0.02, "manual ended")
    for k in range(3):
        modes.good(0.03 + 0.03 * k)
    assert (modes.mode, modes.reason) == (Mode.STOP, "it raised")


def test_without_a_trim_it_is_held_then_stopped() -> None:
    modes = ModeMachine(ModeConfig(0.06, 0.1, 0.0, 0.1, recover_ticks=2), fallback=False)
    modes.arm(0.0)
    modes.good(0.0)
    seen = []
    for k in range(1, 21):
        modes.watch(0.01 * k)
        seen.append(modes.mode)
    assert seen[:5] == [Mode.AUTO] * 5
    assert set(seen[6:9]) == {Mode.HOLD}
    assert set(seen[10:]) == {Mode.STOP}
    modes.good(0.3)
    modes.good(0.33)
    assert modes.mode is Mode.AUTO


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
