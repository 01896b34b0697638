"""The mode machine against its own diagram and table, and the command that comes of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

import pytest

from snn_control.supervision import modes as modes_module
from snn_control.supervision.modes import Mode, ModeConfig, ModeMachine
from tests.supervision.mode_craft import Craft, put, three_good


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
