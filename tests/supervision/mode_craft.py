"""A mode machine with its gate and a controller, for the tests of modes."""

from __future__ import annotations

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
