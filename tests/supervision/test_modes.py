"""Mode machine compared with the diagram and table of its docstring."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

import pytest

from snn_control.supervision import modes as modes_module
from snn_control.supervision.modes import (
    CONTROLLER_MODES,
    MEASURED_MODES,
    Mode,
    ModeConfig,
    ModeMachine,
)
from tests.supervision.mode_bench import ModeBench, in_mode, three_usable


def silence(seconds: float) -> Callable[[ModeBench], object]:
    return lambda bench: bench.silence(seconds)


DIAGRAM: dict[str, tuple[Callable[[ModeBench], object], dict[Mode, Mode]]] = {
    "arm": (ModeBench.arm, {Mode.DISARMED: Mode.HOLD}),
    "disarm": (lambda c: c.modes.disarm(), dict.fromkeys(Mode, Mode.DISARMED)),
    "bad": (ModeBench.bad, dict.fromkeys(CONTROLLER_MODES, Mode.HOLD)),
    "step on the estimate": (
        ModeBench.coast,
        dict.fromkeys((*MEASURED_MODES, Mode.HOLD, Mode.TRIM, Mode.LAND), Mode.COAST),
    ),
    "step on an uncertain estimate": (
        lambda c: c.coast(land=True),
        dict.fromkeys((*MEASURED_MODES, Mode.HOLD, Mode.TRIM, Mode.COAST), Mode.LAND),
    ),
    "landed": (lambda c: c.modes.landed("on the floor"), {Mode.LAND: Mode.STOP}),
    "emergency stop": (lambda c: c.modes.emergency_stop(True), dict.fromkeys(Mode, Mode.DISARMED)),
    "retreat": (lambda c: c.modes.retreat_for("pole"), {Mode.AUTO: Mode.FALLBACK}),
    "one good": (ModeBench.good, {}),
    "three good": (
        three_usable,
        dict.fromkeys((Mode.HOLD, Mode.TRIM, Mode.STOP, Mode.COAST, Mode.LAND), Mode.AUTO),
    ),
    "silence of 1.1 s": (silence(1.1), {}),
    "contradiction": (
        lambda c: c.modes.implausible(c.now_s, "stuck"),
        dict.fromkeys((*CONTROLLER_MODES, Mode.HOLD), Mode.TRIM),
    ),
    "silence of 1.45 s": (
        silence(1.45), dict.fromkeys(CONTROLLER_MODES, Mode.HOLD) | {Mode.HOLD: Mode.TRIM},
    ),
    "silence of 1.7 s": (silence(1.7), dict.fromkeys((*CONTROLLER_MODES, Mode.HOLD), Mode.TRIM)),
    "silence of 10.1 s": (
        silence(10.1), dict.fromkeys((*CONTROLLER_MODES, Mode.HOLD, Mode.TRIM), Mode.STOP)
    ),
    "override": (
        lambda c: c.override(True),
        dict.fromkeys(set(Mode) - {Mode.DISARMED}, Mode.MANUAL),
    ),
    "override ends": (lambda c: c.override(False), {Mode.MANUAL: Mode.HOLD}),
    "controller fails": (lambda c: c.modes.fail("it raised"), {Mode.AUTO: Mode.FALLBACK}),
    "controller reset": (lambda c: c.modes.clear_failure(), {Mode.FALLBACK: Mode.AUTO}),
}  # fmt: skip


@pytest.mark.parametrize("event", DIAGRAM)
@pytest.mark.parametrize("mode", Mode)
def test_every_event_in_every_mode(event: str, mode: Mode) -> None:
    bench = in_mode(mode)
    do, leads = DIAGRAM[event]
    do(bench)
    assert bench.modes.mode is leads.get(mode, mode)
    assert bench.modes.reason


def documented_transitions() -> set[tuple[Mode, Mode]]:
    """Return the arrows of the diagram in the docstring; FALLBACK also replaces AUTO."""
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


def test_the_diagram_contains_exactly_the_transitions() -> None:
    done = set()
    for mode in Mode:
        for do, _ in DIAGRAM.values():
            for failed in (False, True):
                bench = in_mode(mode)
                if failed and mode is not Mode.AUTO:
                    bench.modes.fail("it raised")
                bench.history = [mode]
                do(bench)
                bench.record()
                done |= set(pairwise(bench.history))
    assert done == documented_transitions()


def test_the_docstring_lists_every_mode_and_the_default_times() -> None:
    text, config = modes_module.__doc__ or "", ModeConfig()
    for mode in Mode:
        assert f"| {mode.name} |" in text
    at_trim_s = config.trim_s + config.ramp_s
    for seconds in (config.hold_s, config.trim_s, at_trim_s, config.stop_s):
        assert f"{seconds:g} s" in text


# Estimate, retreat and emergency stop.


def test_a_slow_stream_stays_in_coast() -> None:
    """Usable measurements more than coast_s apart do not return to auto."""
    bench = in_mode(Mode.COAST)
    for _ in range(10):
        bench.good(after_s=0.4)
        bench.coast()
    assert bench.modes.mode is Mode.COAST
    for _ in range(3):
        bench.good(after_s=0.3)
    assert bench.modes.mode is Mode.AUTO


def test_a_stopped_or_waiting_vehicle_does_not_coast() -> None:
    bench = ModeBench()
    bench.arm()
    assert not bench.modes.may_coast()
    for mode in (Mode.DISARMED, Mode.MANUAL, Mode.STOP):
        assert not in_mode(mode).modes.may_coast()


@pytest.mark.parametrize("mode", Mode)
def test_an_emergency_stop_is_latched(mode: Mode) -> None:
    bench = in_mode(mode)
    bench.modes.emergency_stop(True)
    for event in (bench.arm, lambda: bench.override(True), bench.good, bench.coast):
        event()
        assert bench.modes.mode is Mode.DISARMED
        assert "emergency stop" in bench.modes.reason
    bench.modes.emergency_stop(False)
    assert bench.modes.mode is Mode.DISARMED
    assert bench.arm() is Mode.HOLD


def test_a_retreat_ends_in_auto_unless_the_controller_has_failed() -> None:
    bench = in_mode(Mode.AUTO)
    bench.modes.retreat_for("pole")
    bench.modes.fail("it raised")
    bench.modes.retreat_for("")
    assert bench.modes.mode is Mode.FALLBACK
    bench.modes.retreat_for("pole")
    bench.modes.clear_failure()
    assert bench.modes.mode is Mode.FALLBACK
    bench.modes.retreat_for("")
    assert bench.modes.mode is Mode.AUTO


# Without fallback and trim.


def test_without_a_fallback_a_failure_stops_until_it_is_cleared() -> None:
    modes = ModeMachine(ModeConfig(0.06, 0.1, 0.0, 0.1, recover_ticks=2), fallback=False)
    modes.fail("it raised")
    assert modes.mode is Mode.DISARMED
    modes.clear_failure()
    modes.arm(0.0)
    modes.good(1.0)
    assert modes.mode is Mode.AUTO
    modes.fail("it raised")
    assert (modes.mode, modes.reason) == (Mode.STOP, "it raised")
    for k in range(5):
        modes.good(1.03 + 0.03 * k)
        assert modes.mode is Mode.STOP
    modes.clear_failure()
    modes.good(1.18)
    assert modes.mode is Mode.AUTO
    modes.bad(1.21, "bad")
    modes.fail("it raised again")
    assert modes.mode is Mode.STOP, "also from hold"


def test_a_failure_in_manual_stops_after_manual_ends() -> None:
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


def test_without_trim_hold_is_followed_by_stop() -> None:
    modes = ModeMachine(ModeConfig(0.06, 0.1, 0.0, 0.1, recover_ticks=2), fallback=False)
    modes.arm(0.0)
    modes.good(0.0)
    history = []
    for k in range(1, 21):
        modes.watch(0.01 * k)
        history.append(modes.mode)
    assert history[:5] == [Mode.AUTO] * 5
    assert set(history[6:9]) == {Mode.HOLD}
    assert set(history[10:]) == {Mode.STOP}
    modes.good(0.3)
    modes.good(0.33)
    assert modes.mode is Mode.AUTO


def test_old_names_are_deprecated() -> None:
    with pytest.warns(DeprecationWarning, match="clear_failure"):
        in_mode(Mode.FALLBACK).modes.mend()
    with pytest.warns(DeprecationWarning, match="CONTROLLER_MODES"):
        assert modes_module.FLYING == CONTROLLER_MODES
